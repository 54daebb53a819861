"""Parsing envelopes: from verified bytes to messages."""

from typing import Any

from marshmallow import ValidationError

from domain.limits import LARGEST_ID
from domain.messages import InvalidEnvelope, Message
from receiver import strict_json
from receiver.event_types import ENVELOPE, event_types
from receiver.schemas import flatten

LONGEST_ARRAY = 1000


def read(body: bytes) -> tuple[list[Message | InvalidEnvelope], bool]:
    """Parse a delivery's body; return a message for each envelope, and whether it was an array.

    Raises nothing: a body that is not JSON, or an invalid envelope, becomes an InvalidEnvelope.
    """
    try:
        text = strict_json.decode(body)
        value = strict_json.parse(text)
    except ValueError as error:
        errors = {"body": [f"Not JSON: {str(error)[:200]}."]}
        return [InvalidEnvelope(body, "not-json", errors)], False
    if not isinstance(value, list):
        return [_message(value, body)], False
    if len(value) > LONGEST_ARRAY:
        errors = {"body": [f"More than {LONGEST_ARRAY} events."]}
        return [InvalidEnvelope(body, "invalid", errors)], False
    bodies = strict_json.elements(text) if value else ()
    return [_message(*pair) for pair in zip(value, bodies, strict=True)], True


def _message(value: Any, body: bytes) -> Message | InvalidEnvelope:
    return _read_fast(value, body) or _read_by_schema(value, body)


def _read_fast(value: Any, body: bytes) -> Message | None:
    """Return the message in an envelope that passes the fast check, else None."""
    try:
        payload_type = event_types()[value["type"]]
    except (KeyError, TypeError):
        return None
    found = payload_type.load_fast(value)
    if found is None:
        return None
    envelope, payload = found
    return Message(body, envelope["id"], envelope["type"], envelope["created_at"], payload)


def _read_by_schema(value: Any, body: bytes) -> Message | InvalidEnvelope:
    try:
        envelope: Any = ENVELOPE.load(value)
    except ValidationError as error:
        return InvalidEnvelope(body, "invalid", flatten(error.messages), _id_of(value))
    payload = None
    payload_type = event_types().get(envelope["type"])
    if payload_type is not None:
        try:
            payload = payload_type.load(envelope["data"])
        except ValidationError as error:
            errors = flatten({"data": error.messages})
            return InvalidEnvelope(body, "invalid", errors, envelope["id"])
    return Message(body, envelope["id"], envelope["type"], envelope.get("created_at"), payload)


def _id_of(value: Any) -> int | None:
    """Return the id of an invalid envelope, if the id is valid."""
    found = value.get("id") if isinstance(value, dict) else None
    return found if type(found) is int and 0 <= found <= LARGEST_ID else None

"""Parsing envelopes: from verified bytes to messages."""

from dataclasses import replace
from typing import Any

from marshmallow import ValidationError

from domain.limits import LARGEST_ID
from domain.messages import InvalidEnvelope, Message
from domain.receipt import VerifiedDelivery
from receiver import arrays, cloud_events, mapped_envelopes, strict_json
from receiver.event_types import ENVELOPE, event_types
from receiver.schemas import flatten
from receiver.signatures import Headers
from registry.presets import CLOUDEVENTS
from registry.source import Source


def read(body: bytes) -> tuple[list[Message | InvalidEnvelope], bool]:
    """Parse a body of default envelopes; return a message for each, and whether it was an array.

    Raises nothing: a body that is not JSON, or an invalid envelope, becomes an InvalidEnvelope.
    """
    return arrays.read(body, _message)


def read_delivery(
    source: Source | None, delivery: VerifiedDelivery
) -> tuple[list[Message | InvalidEnvelope], bool]:
    """Read a delivery as its source has its envelopes; see `read`, which reads the default ones."""
    if source is not None and source.preset == CLOUDEVENTS:
        return cloud_events.read(delivery)
    if source is not None and source.mapping is not None:
        return mapped_envelopes.read(source.mapping, delivery)
    return read(delivery.body)


def unread_type(source: Source, mimetype: str) -> str | None:
    """Return why webhooks of a Content-Type are not read; None if they are."""
    if source.preset == CLOUDEVENTS:
        return cloud_events.unread_type(mimetype)
    if strict_json.is_json_type(mimetype):
        return None
    return "webhooks are JSON: send Content-Type: application/json"


def with_headers(source: Source, delivery: VerifiedDelivery, headers: Headers) -> VerifiedDelivery:
    """Return a delivery with the headers that say something of its events, if any do."""
    if source.preset == CLOUDEVENTS:
        return replace(delivery, headers=cloud_events.sent_headers(headers))
    if source.mapping is None or not source.mapping.headers:
        return delivery
    # Svix has another name for the same header.
    known = {source.form.names[0].get("id"): delivery.webhook_id}
    found = {name: known.get(name) or headers.get(name) for name in source.mapping.headers}
    sent = {name: value for name, value in found.items() if value is not None}
    return replace(delivery, headers=sent)


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

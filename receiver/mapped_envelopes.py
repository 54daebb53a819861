"""Reading envelopes whose parts are where a source's mapping says."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError

from domain.event_ids import LONGEST_TEXT, EventId, is_event_id
from domain.locations import Location
from domain.messages import InvalidEnvelope, Message, Payload
from domain.receipt import VerifiedDelivery
from receiver import arrays, dates
from receiver.event_types import event_types
from receiver.schemas import flatten
from registry.envelope_mappings import EnvelopeMapping

LONGEST_TYPE = 128
MISSING = "Missing data for required field."
BAD_ID = (
    f"Must be an integer from 0 to 2^53 - 1, or text of 1 to {LONGEST_TEXT} printable characters."
)
BAD_TYPE = f"Must be text of 1 to {LONGEST_TYPE} printable characters."
BAD_TIME = "Must be an ISO 8601 date-time, or seconds since 1970."
_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_LATEST = datetime.max.replace(tzinfo=UTC).timestamp()

Errors = dict[str, list[str]]


def read(
    mapping: EnvelopeMapping, delivery: VerifiedDelivery
) -> tuple[list[Message | InvalidEnvelope], bool]:
    """Return a message for each envelope of a delivery, and whether it was an array.

    An array is one of envelopes if the mapping has the id in the body. Raises nothing: see envelopes.read.
    """
    headers = delivery.headers or {}
    in_body = mapping.id.pointer is not None
    return arrays.read(
        delivery.body, lambda value, body: _message(mapping, headers, value, body), array=in_body
    )


def _message(
    mapping: EnvelopeMapping, headers: Mapping[str, str], value: Any, body: bytes
) -> Message | InvalidEnvelope:
    errors: Errors = {}

    def found(location: Location) -> Any:
        try:
            return location.find(headers, value)
        except LookupError:
            return None

    event_id = checked_id(found(mapping.id), str(mapping.id), errors)
    event_type = checked_type(found(mapping.type), str(mapping.type), errors)
    created_at = None
    if mapping.time is not None:
        created_at = checked_time(found(mapping.time), str(mapping.time), errors)
    payload = None
    if event_type is not None:
        payload = checked_payload(event_type, found(mapping.data), str(mapping.data), errors)
    if errors or event_id is None or event_type is None:
        return InvalidEnvelope(body, "invalid", errors, event_id)
    data_from = str(mapping.data)
    return Message(body, event_id, event_type, created_at, payload, data_from=data_from)


def checked_id(value: Any, place: str, errors: Errors) -> EventId | None:
    """Return an event's id, or None and an error for the place where it was looked for."""
    if is_event_id(value):
        found: EventId = value
        return found
    errors[place] = [MISSING if value is None else BAD_ID]
    return None


def checked_type(value: Any, place: str, errors: Errors) -> str | None:
    """Return an event's type, or None and an error."""
    if isinstance(value, str) and 0 < len(value) <= LONGEST_TYPE and value.isprintable():
        return value
    errors[place] = [MISSING if value is None else BAD_TYPE]
    return None


def checked_time(value: Any, place: str, errors: Errors) -> datetime | None:
    """Return an event's time, aware UTC: from ISO 8601, or from seconds since 1970 as number or digits.

    None when there is none; also, with an error, when it can't be read.
    """
    try:
        if value is None:
            return None
        if isinstance(value, str) and not _SECONDS.fullmatch(value):
            return dates.parse(value)
        seconds = float(value) if type(value) in {int, float, str} else -1
        if 0 <= seconds < _LATEST:
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError):
        pass
    errors[place] = [BAD_TIME]
    return None


def checked_payload(event_type: str, data: Any, place: str, errors: Errors) -> Payload | None:
    """Return the payload of a type that concerns an aggregate, or None; also, with errors, for bad data."""
    payload_type = event_types().get(event_type)
    if payload_type is None:
        return None
    try:
        return payload_type.load(data)
    except ValidationError as error:
        errors.update(flatten(error.messages, place, "/"))
        return None

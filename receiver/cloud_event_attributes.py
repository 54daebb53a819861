"""The attributes of CloudEvents 1.0, checked alike wherever they stand: in headers, or in the body.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes
"""

from collections.abc import Callable, Mapping
from typing import Any

from domain.aggregates.delivery import BASE64, DECODED, TEXT
from domain.event_ids import LONGEST_TEXT, EventId, is_event_id
from domain.messages import InvalidEnvelope, Message
from receiver.mapped_envelopes import (
    MISSING,
    Errors,
    checked_id,
    checked_payload,
    checked_time,
    checked_type,
)

ENCODED = "body:/data_base64"
OF_DATA = {TEXT: "body:", BASE64: "body:", DECODED: ENCODED}
"""What errors call the places of data that are no locations."""
Places = Callable[[str], str]
"""A function that returns the place of an attribute."""


def message(
    attributes: Mapping[str, Any],
    place: Places,
    errors: Errors,
    data: Any,
    *,
    body: bytes,
    data_from: str,
) -> Message | InvalidEnvelope:
    """Return the message that attributes and data give; `errors` has those that were found before."""
    event_id = _text_id(attributes.get("id"), place("id"), errors)
    event_type = checked_type(attributes.get("type"), place("type"), errors)
    if attributes.get("specversion") != "1.0":
        errors[place("specversion")] = ["Must be 1.0."]
    source = attributes.get("source")
    if not (isinstance(source, str) and source):
        errors[place("source")] = [MISSING if source is None else "Must be text."]
    created_at = checked_time(attributes.get("time"), place("time"), errors)
    sequence = _sequence(attributes, place, errors)
    payload = None
    if event_type is not None:
        of_data = data_from if data_from.startswith("body:") else OF_DATA[data_from]
        payload = checked_payload(event_type, data, of_data, errors)
    if errors or event_id is None or event_type is None:
        return InvalidEnvelope(body, "invalid", errors, event_id)
    return Message(body, event_id, event_type, created_at, payload, sequence, data_from)


def _text_id(value: Any, place: str, errors: Errors) -> EventId | None:
    """Return an event's id, which is text: digits too."""
    event_id = checked_id(value if isinstance(value, str) else None, place, errors)
    if event_id is None and value is not None:
        errors[place] = [f"Must be text of 1 to {LONGEST_TEXT} printable characters."]
    return event_id


def _sequence(attributes: Mapping[str, Any], place: Places, errors: Errors) -> str | None:
    """Return the value of the extension `sequence`; a number is taken for its digits.

    Source: https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/sequence.md
    """
    value = attributes.get("sequence")
    if type(value) is int:
        value = str(value)
    if value is None or (isinstance(value, str) and is_event_id(value)):
        return value
    errors[place("sequence")] = [f"Must be text of 1 to {LONGEST_TEXT} printable characters."]
    return None

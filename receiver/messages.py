"""From verified bytes to messages: JSON, the envelope, and the table of the types we know."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import msgspec
from marshmallow import EXCLUDE, Schema, ValidationError, fields

from domain.kit import Kit
from domain.message import About, Message, Unfit
from domain.report import Report
from receiver import dates, sound
from receiver.fields import LARGEST_ID, LONGEST_BARCODE, Id, Moment, Prose, Status, Text

LONGEST_ARRAY = 1000
DEEPEST = 100
TOO_DEEP = f"nested deeper than {DEEPEST} levels"
_BLANKS = re.compile(r"[ \t\n\r]*")


class Lenient(Schema):
    """A schema that ignores the fields it does not know: they are kept in the bytes."""

    class Meta:
        unknown = EXCLUDE


class EnvelopeSchema(Lenient):
    """What every event is wrapped in. Source: seeds, events."""

    id = Id(required=True, metadata={"description": "The event's id, given by its source."})
    type = Text(128, required=True, metadata={"example": "kit.updated"})
    data = fields.Dict(keys=fields.String(), required=True)
    created_at = Moment(
        allow_none=True,
        metadata={"description": "ISO 8601 or YYYY-MM-DD HH:MM:SS; naive means UTC."},
    )


class KitSchema(Lenient):
    """What an event says of a kit."""

    barcode = Text(LONGEST_BARCODE, required=True)
    status = Status(required=True)
    shipment_id = Id(allow_none=True, load_default=None)
    reason = Prose(allow_none=True, load_default=None)


class ReportSchema(Lenient):
    """What an event says of a report."""

    id = Id(required=True, data_key="id", attribute="report_id")
    status = Status(required=True)
    reason = Prose(allow_none=True, load_default=None)


class KitDataSchema(Lenient):
    """The data of a kit's event."""

    kit = fields.Nested(KitSchema, required=True)


class ReportDataSchema(Lenient):
    """The data of a report's event."""

    report = fields.Nested(ReportSchema, required=True)


def _about_kit(data: dict[str, Any]) -> About:
    values = data["kit"]
    return About(Kit, Kit.create_id(values["barcode"]), values)


def _about_report(data: dict[str, Any]) -> About:
    values = data["report"]
    return About(Report, Report.create_id(values["report_id"]), values)


TYPES: dict[str, tuple[Schema, Callable[[dict[str, Any]], About]]] = {
    "kit.created": (KitDataSchema(), _about_kit),
    "kit.updated": (KitDataSchema(), _about_kit),
    "report.updated": (ReportDataSchema(), _about_report),
}
"""The types that touch an aggregate; any other is recorded and touches none."""
_envelope = EnvelopeSchema()


def read(body: bytes) -> tuple[list[Message | Unfit], bool]:
    """Read a delivery's body; return a message for each envelope, and whether it was an array.

    What is no JSON, or no sound envelope, is returned as Unfit: nothing is raised.
    """
    try:
        text = body.decode()
        value = strict_json(text)
    except ValueError as error:
        return [Unfit(body, "not-json", {"body": [f"Not JSON: {str(error)[:200]}."]})], False
    if not isinstance(value, list):
        return [_message(value, body)], False
    if len(value) > LONGEST_ARRAY:
        return [Unfit(body, "invalid", {"body": [f"More than {LONGEST_ARRAY} events."]})], False
    slices = _slices(text) if value else ()
    return [_message(*pair) for pair in zip(value, slices, strict=True)], True


def strict_json(text: str) -> Any:
    """Parse JSON as RFC 8259 has it: no NaN, no number beyond a double; raises ValueError.

    So it does for what is nested deeper than DEEPEST: a limit of its own, since that of the
    interpreter depends on who asks, and what was taken once must be readable by all.
    """
    try:
        value = _decoder.decode(text)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    if text.count("{") + text.count("[") > DEEPEST:
        _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise ValueError(TOO_DEEP)
        nested = [each for each in level if isinstance(each, dict | list)]
        level = [
            inner
            for each in nested
            for inner in (each.values() if isinstance(each, dict) else each)
        ]


def _message(value: Any, body: bytes) -> Message | Unfit:
    return _quickly(value, body) or _carefully(value, body)


def _quickly(value: Any, body: bytes) -> Message | None:
    event = sound.look(value)
    if event is None:
        return None
    try:
        created_at = None if event.created_at is None else dates.parse(event.created_at)
    except ValueError:
        return None
    if isinstance(event, sound.KitEvent):
        kit = event.data.kit
        about = About(Kit, Kit.create_id(kit.barcode), msgspec.structs.asdict(kit))
    else:
        said = msgspec.structs.asdict(event.data.report)
        report_id = said.pop("id")
        about = About(Report, Report.create_id(report_id), {"report_id": report_id, **said})
    return Message(body, event.id, value["type"], created_at, about)


def _carefully(value: Any, body: bytes) -> Message | Unfit:
    try:
        envelope = _envelope.load(value)
    except ValidationError as error:
        return Unfit(body, "invalid", flatten(error.messages), _id_of(value))
    about = None
    if envelope["type"] in TYPES:
        schema, make = TYPES[envelope["type"]]
        try:
            about = make(schema.load(envelope["data"]))
        except ValidationError as error:
            return Unfit(body, "invalid", flatten({"data": error.messages}), envelope["id"])
    return Message(body, envelope["id"], envelope["type"], envelope.get("created_at"), about)


def flatten(messages: Any, path: str = "") -> dict[str, list[str]]:
    """Turn marshmallow's nested messages into one list for each dotted field."""
    if not isinstance(messages, dict):
        return {path or "body": [str(message) for message in messages]}
    flat: dict[str, list[str]] = {}
    for key, inner in messages.items():
        name = "" if key == "_schema" else str(key)
        flat.update(flatten(inner, ".".join(part for part in (path, name) if part)))
    return flat


def _id_of(value: Any) -> int | None:
    """Return the id of an envelope that is unfit for another reason."""
    found = value.get("id") if isinstance(value, dict) else None
    return found if type(found) is int and 0 <= found <= LARGEST_ID else None


def _slices(text: str) -> Iterator[bytes]:
    """Yield the exact bytes of each element of a JSON array, which was parsed before."""
    end = text.index("[")
    while text[end] != "]":
        start = _blanks(text, end + 1)
        _, stop = _decoder.raw_decode(text, start)
        yield text[start:stop].encode()
        end = _blanks(text, stop)


def _blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


_decoder = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)

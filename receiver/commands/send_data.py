"""The events that `kitledger send` makes: from options, or a story of several."""

import json
import re
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from domain.event_ids import EventId

SAID = [
    ("kit.created", {"status": "KIT_SHIPPED"}),
    ("kit.updated", {"status": "KIT_RECEIVED"}),
    ("kit.updated", {"status": "KIT_PROCESSING"}),
]


def as_data(_: click.Context, __: click.Parameter, given: Sequence[str]) -> dict[str, Any]:
    """Return an object from `a.b=text` and `a.b:=JSON`; a callback of click."""
    data: dict[str, Any] = {}
    for each in given:
        path, equals, text = each.partition("=")
        is_json = path.endswith(":")
        steps = path.removesuffix(":").split(".")
        if not equals or not all(steps):
            raise click.BadParameter(f"{each!r} is not a.b=text, or a.b:=JSON")
        try:
            value = json.loads(text) if is_json else text
        except ValueError as error:
            raise click.BadParameter(f"{each!r}: {error}") from error
        inner = data
        for step in steps[:-1]:
            inner = inner.setdefault(step, {})
            if not isinstance(inner, dict):
                raise click.BadParameter(f"{each!r} is inside of a value")
        if steps[-1] in inner:
            raise click.BadParameter(f"{'.'.join(steps)} is given twice")
        inner[steps[-1]] = value
    return data


def as_event_id(_: click.Context, __: click.Parameter, text: str | None) -> "EventId | None":
    """Return an integer if its digits are those of one, else the text; a callback of click."""
    if text is None or not re.fullmatch(r"0|[1-9][0-9]{0,15}", text):
        return text
    return int(text)


def new_id() -> int:
    """Return an id that rises with the time: microseconds since 1970."""
    return time.time_ns() // 1000


def kit_life(first_id: int, data: dict[str, Any]) -> Iterator[tuple[int, str, datetime, Any]]:
    """Yield the events of a kit's life: their ids, types, times and data; `data` may name the kit."""
    kit = {"barcode": f"UL{first_id}", **data.get("kit", {})}
    begun = datetime.now(UTC).replace(microsecond=0) - timedelta(days=len(SAID))
    for number, (event_type, status) in enumerate(SAID):
        at = begun + timedelta(days=number)
        yield first_id + number, event_type, at, {"kit": {**kit, **status}}
    report = {"id": first_id, **data.get("report", {}), "status": "AVAILABLE"}
    last = len(SAID)
    yield first_id + last, "report.updated", begun + timedelta(days=last), {"report": report}

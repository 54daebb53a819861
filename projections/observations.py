"""The observations of a thing as its read model keeps them, with the positions at which they counted."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from domain.event_ids import EventId
from domain.observed import Observed, Retracted

Changed = Iterable[tuple[int, Observed | Retracted]]
"""Events of one thing, with their positions."""


class Kept(msgspec.Struct, array_like=True, gc=False):
    """An observation that counts from the position `since`, and no longer at `until`.

    Its fields have no names where it is stored, and those of a domain's Observation would.
    """

    event_id: EventId
    source: str
    status: str
    created_at: datetime
    reason: str | None
    fields: dict[str, Any]
    since: int
    until: int | None = None
    sequence: str | None = None


decode = msgspec.msgpack.Decoder(list[Kept]).decode
encode = msgspec.msgpack.Encoder().encode


def counting(kept: Iterable[Kept], as_of: int | None = None) -> list[Kept]:
    """Return the observations that count now, or that counted at a position."""
    if as_of is None:
        return [each for each in kept if each.until is None]
    return [
        each for each in kept if each.since <= as_of and (each.until is None or as_of < each.until)
    ]


def updated(kept: Iterable[Kept], changed: Changed) -> list[Kept]:
    """Return the observations after some events, in the order of their positions."""
    all_kept = list(kept)
    current = {(each.event_id, each.source): each for each in all_kept if each.until is None}
    for position, event in changed:
        key = event.event_id, event.source
        superseded = current.pop(key, None)
        if superseded is not None:
            superseded.until = position
        if isinstance(event, Observed):
            current[key] = _kept(event, position)
            all_kept.append(current[key])
        elif superseded is None:
            raise LookupError(f"no observation to retract: {key}")
    return all_kept


def _kept(event: Observed, position: int) -> Kept:
    return Kept(
        event.event_id,
        event.source,
        event.status,
        event.created_at,
        event.reason,
        event.own_values,
        position,
        sequence=event.sequence,
    )

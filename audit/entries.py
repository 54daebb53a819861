"""The entries of a history: an event, its cause, its delivery, and the values that it changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from domain.aggregate import Aggregate, Event
from domain.event_ids import EventId
from projections.times import from_microseconds


class Actor(Struct, frozen=True):
    """The source, client or operator that caused an event; the id of a client is an integer."""

    kind: str
    id: str | int
    name: str | None


class Subject(Struct, frozen=True):
    """The thing that an event belongs to; `id` is what follows its kind in the name of its stream."""

    kind: str
    id: str | int


class Change(Struct, frozen=True):
    """A value before and after an event, as JSON shows it."""

    field: str
    before: Any
    after: Any


class DeliveryReference(Struct, frozen=True):
    """The delivery that an event came from, and the position at which it is recorded."""

    position: int
    source: str
    event_id: EventId | None
    webhook_id: str | None


class Entry(Struct, frozen=True):
    """One event as auditors see it; `recorded_at` is aware, UTC."""

    position: int
    recorded_at: datetime
    event: str
    subject: Subject
    by: Actor | None
    why: str | None
    request_id: str | None
    changes: list[Change]
    delivery: DeliveryReference | None


def actor(event: Event) -> Actor | None:
    """Return who caused an event; None for events of versions that did not keep it."""
    if event.by is None:
        return None
    kind, _, name = event.by.partition("/")
    return Actor(kind, int(name) if kind == "client" else name, event.by_name)


def subject(stream: str) -> Subject:
    """Return the thing that a stream is about."""
    kind, _, key = stream.partition("/")
    of_kind = Aggregate.by_category.get(kind, Aggregate)
    try:
        return Subject(kind, of_kind.key_type(key))
    except ValueError:
        # Another version may name its streams otherwise.
        return Subject(kind, key)


def recorded_time(microseconds: int, event: Event | None) -> datetime:
    """Return the time of recording; that of the command for events that were recorded without one."""
    if microseconds == 0 and event is not None:
        return event.timestamp
    return from_microseconds(microseconds)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return the values that differ, by the names of both; a missing value is None."""
    names = dict.fromkeys([*before, *after])
    return [
        Change(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    ]

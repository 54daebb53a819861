"""Histories: stored events with what they changed, found by folding their streams event by event."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

from eventsourcing.persistence import MapperDeserialisationError, StoredEvent
from eventsourcing.utils import TopicError

from audit.deliveries import Deliveries
from audit.entries import Change, Entry, actor, changes, recorded_time, subject
from domain.aggregate import Aggregate, Event
from domain.stream_repository import EventStore, StreamRepository

Folded = tuple[Event | None, list[Change]]
"""An event, None if it can't be decoded, and what it changed."""


class Stored(Protocol):
    """A stored event with its position `id`, and its time of recording in microseconds since 1970."""

    id: int
    originator_id: Any
    originator_version: int
    topic: str
    state: bytes
    recorded_at: int


def stream_page(
    store: EventStore, streams: StreamRepository, stream: str, *, after: int, until: int, limit: int
) -> list[Entry]:
    """Return the entries of one stream after a position, and up to another."""
    history = store.select_streams([stream], until)
    stored = [each for each in history if each.id > after][:limit]
    return _entries(store, streams, stored, {stream: history} if stored else {})


def entries(store: EventStore, streams: StreamRepository, stored: Sequence[Stored]) -> list[Entry]:
    """Return the entries of stored events, given by rising position."""
    if not stored:
        return []
    found: dict[str, list[Stored]] = defaultdict(list)
    names = list(dict.fromkeys(str(each.originator_id) for each in stored))
    for each in store.select_streams(names, stored[-1].id):
        found[each.originator_id].append(each)
    return _entries(store, streams, stored, found)


def _entries(
    store: EventStore,
    streams: StreamRepository,
    stored: Sequence[Stored],
    histories: Mapping[str, Sequence[Stored]],
) -> list[Entry]:
    """Fold the histories of the streams of stored events, and return the entries of these.

    An event that can't be decoded has an entry without a cause and without changes, and so have no changes
    those that follow it in its stream.
    """
    wanted = {each.id for each in stored}
    folded: dict[int, Folded] = {}
    for stream, history in histories.items():
        decoded = [(each.id, _decoded(streams, each)) for each in history]
        folded |= _fold(stream, decoded, wanted)
    known = [event for event, _ in folded.values() if event is not None]
    deliveries = Deliveries(store, streams, known)
    return [_entry(each, *folded[each.id], deliveries) for each in stored]


def _decoded(streams: StreamRepository, stored: Stored) -> Event | None:
    try:
        return streams.decode(cast(StoredEvent, stored))
    except (MapperDeserialisationError, TopicError):
        return None


def _fold(
    stream: str, history: Iterable[tuple[int, Event | None]], wanted: set[int]
) -> dict[int, Folded]:
    """Fold one stream, and return each wanted event with what it changed."""
    kind = Aggregate.by_category.get(stream.partition("/")[0])
    aggregate = None if kind is None else kind(stream)
    found: dict[int, Folded] = {}
    for position, event in history:
        changed: list[Change] = []
        if event is None:
            aggregate = None
        elif aggregate is not None:
            before = aggregate.values() if position in wanted and aggregate.version else {}
            aggregate.replay([event])
            changed = changes(before, aggregate.values()) if position in wanted else []
        if position in wanted:
            found[position] = event, changed
    return found


def _entry(
    stored: Stored, event: Event | None, changed: list[Change], deliveries: Deliveries
) -> Entry:
    return Entry(
        position=stored.id,
        recorded_at=recorded_time(stored.recorded_at, event),
        event=stored.topic,
        subject=subject(str(stored.originator_id)),
        by=None if event is None else actor(event),
        why=None if event is None else event.why,
        request_id=None if event is None else event.request_id,
        changes=changed,
        delivery=None if event is None else deliveries.of(stored.id, event),
    )

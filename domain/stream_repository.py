"""Loading aggregates from their streams, and saving their events."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

from eventsourcing.persistence import Mapper, Notification, StoredEvent

from domain.aggregate import Aggregate, Event
from domain.cause import Cause

A = TypeVar("A", bound=Aggregate)


class EventStore(Protocol):
    """Read and append events: a recorder offers it, and so does each of its units of work."""

    def stream_versions(self, stream_ids: Sequence[str]) -> dict[str, int]: ...
    def select_stream(self, stream_id: str) -> Sequence[Notification]: ...
    def select_streams(self, stream_ids: Sequence[str], until: int) -> list[Any]: ...
    def select_notifications(
        self, start: int | None, limit: int, stop: int | None = None
    ) -> Sequence[Notification]: ...
    def max_notification_id(self) -> int: ...
    def insert_events(self, stored_events: Sequence[StoredEvent]) -> Sequence[int]: ...
    def next_id(self, kind: str) -> int: ...


@dataclass(frozen=True)
class Recorded:
    """An event, and the position at which it is recorded."""

    position: int
    event: Event


class StreamRepository:
    """Load and save aggregates on an event store: a recorder, or the unit of work of a transaction.

    Without a cause it saves nothing.
    """

    def __init__(self, store: EventStore, mapper: Mapper[Any], cause: Cause | None = None) -> None:
        self.store = store
        self._mapper = mapper
        self._cause = cause

    def load(self, kind: type[A], stream: str) -> A:
        """Rebuild an aggregate from its events; at version 0 when there are none."""
        return kind(stream).replay(self.history(stream))

    def history(self, stream: str) -> list[Event]:
        """Return the events of a stream, oldest first."""
        return [self.decode(stored) for stored in self.store.select_stream(stream)]

    def decode(self, stored: StoredEvent) -> Event:
        """Turn a stored event into the event that was saved."""
        return cast(Event, self._mapper.to_domain_event(stored))

    def stream_versions(self, streams: Sequence[str]) -> dict[str, int]:
        """Return the last version of each of these streams, 0 for new ones."""
        return dict.fromkeys(streams, 0) | self.store.stream_versions(streams)

    def position_of(self, stream: str, version: int) -> int:
        """Return the position at which a version of a stream is recorded."""
        return self.store.select_stream(stream)[version - 1].id

    def save_aggregates(self, *aggregates: Aggregate) -> list[Recorded]:
        """Save the pending events of aggregates, all or none."""
        return self.save_events([event for each in aggregates for event in each.collect_events()])

    def save_events(self, events: Sequence[Event]) -> list[Recorded]:
        """Append events with their cause, all or none, and return them with their positions.

        On a recorder they are on disk then, in a unit of work when its transaction has ended.
        Raises eventsourcing's IntegrityError when another writer was first in one of the streams.
        """
        if not events:
            return []
        if self._cause is None:
            raise TypeError("events are saved by a ledger that knows their cause: Ledger.caused_by")
        for event in events:
            # Past the dataclass, which is frozen for everybody else.
            vars(event).update(self._cause.fields)
        stored = [self._mapper.to_stored_event(event) for event in events]
        positions = self.store.insert_events(stored)
        return [Recorded(*pair) for pair in zip(positions, events, strict=True)]

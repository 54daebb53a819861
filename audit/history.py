"""Histories: stored events with what they changed, found by folding their streams event by event."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from audit.decoding import decoded
from audit.deliveries import Deliveries
from audit.entries import Change, Entry, actor, changes, recorded_time, subject
from domain.aggregate import Aggregate, Event
from domain.ledger import Ledger

Shown = dict[str, Any]
Show = Callable[[str, Shown], Shown]
"""Turns the values of an aggregate of a kind into names and JSON values, as its resource shows them."""
Folded = tuple[Event | None, list[Change]]
"""An event, None if it can't be decoded, and what it changed."""


class Stored(Protocol):
    """A stored event with its position `id`, and its time of recording in microseconds since 1970."""

    id: int
    originator_id: Any
    topic: str
    recorded_at: int


@dataclass(frozen=True)
class Histories:
    """Read histories from a ledger.

    An event that can't be decoded has an entry without a cause and without changes, and so have no changes
    those that follow it in its stream.
    """

    ledger: Ledger
    show: Show

    def of_stream(self, stream: str, *, after: int, until: int, limit: int) -> list[Entry]:
        """Return the entries of one stream after a position, and up to another."""
        history: Sequence[Stored] = self.ledger.store.select_streams([stream], until)
        stored = [each for each in history if each.id > after][:limit]
        needed = [each for each in history if stored and each.id <= stored[-1].id]
        return self._entries(stored, {stream: needed})

    def of_events(self, stored: Sequence[Stored]) -> list[Entry]:
        """Return the entries of stored events, given by rising position."""
        if not stored:
            return []
        found: dict[str, list[Stored]] = defaultdict(list)
        names = list(dict.fromkeys(str(each.originator_id) for each in stored))
        for each in self.ledger.store.select_streams(names, stored[-1].id):
            found[each.originator_id].append(each)
        return self._entries(stored, found)

    def _entries(
        self, stored: Sequence[Stored], histories: Mapping[str, Iterable[Stored]]
    ) -> list[Entry]:
        wanted = {each.id for each in stored}
        folded: dict[int, Folded] = {}
        for stream, history in histories.items():
            events = [(each.id, decoded(self.ledger.streams, each)) for each in history]
            folded |= self._fold(stream, events, wanted)
        known = [event for event, _ in folded.values() if event is not None]
        deliveries = Deliveries(self.ledger, known)
        return [_entry(each, *folded[each.id], deliveries) for each in stored]

    def _fold(
        self, stream: str, history: Iterable[tuple[int, Event | None]], wanted: set[int]
    ) -> dict[int, Folded]:
        """Fold one stream, and return each wanted event with what it changed."""
        kind = Aggregate.by_category.get(stream.partition("/")[0])
        aggregate = None if kind is None else kind(stream)
        found: dict[int, Folded] = {}
        shown: Shown | None = {}
        for position, event in history:
            aggregate = None if event is None else aggregate
            before = self._shown(aggregate) if shown is None and position in wanted else shown
            if aggregate is not None and event is not None:
                aggregate.replay([event])
            # Kept for the next event: to show values takes longer than to replay.
            shown = self._shown(aggregate) if position in wanted else None
            if shown is not None:
                known = aggregate is not None
                found[position] = event, changes(before or {}, shown) if known else []
        return found

    def _shown(self, aggregate: Aggregate | None) -> Shown:
        """Return the values of an aggregate as JSON shows them; none before its first event."""
        if aggregate is None or not aggregate.version:
            return {}
        return self.show(aggregate.category, aggregate.values())


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

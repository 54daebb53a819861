"""Replaying: entries in the order of their positions, of everything or of some things, page by page."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from audit.entries import Entry
from audit.history import Histories, Shown
from domain.aggregate import Aggregate

EVENTS_AT_ONCE = 200
BYTES_AT_ONCE = 4 * 1024 * 1024


@dataclass(frozen=True)
class Replay:
    """Read the entries from the position `first` to `last`; a few of them are in memory at a time."""

    histories: Histories
    first: int
    last: int

    def of_everything(self) -> Iterator[Entry]:
        """Yield the entries of all events."""
        store, reached = self.histories.ledger.store, self.first - 1
        while reached < self.last:
            page, reached = store.select_batch(
                reached, topics=(), limit=EVENTS_AT_ONCE, max_bytes=BYTES_AT_ONCE
            )
            wanted: list[Any] = [each for each in page if each.id <= self.last]
            yield from self.histories.of_events(wanted)
            if not page:
                return

    def of_streams(self, streams: Sequence[str]) -> Iterator[Entry]:
        """Yield the entries of some streams."""
        return heapq.merge(*map(self._of_stream, streams), key=attrgetter("position"))

    def state(self, stream: str) -> Shown | None:
        """Return a thing as it was at the last position, as its resource shows it; None if it did not exist."""
        ledger = self.histories.ledger
        stored = ledger.store.select_streams([stream], self.last)
        aggregate = Aggregate.of_stream(stream)(stream)
        values = aggregate.replay(map(ledger.streams.decode, stored)).values() if stored else {}
        return self.histories.show(aggregate.category, values) if values else None

    def _of_stream(self, stream: str) -> Iterator[Entry]:
        after = self.first - 1
        while True:
            page = self.histories.of_stream(
                stream, after=after, until=self.last, limit=EVENTS_AT_ONCE
            )
            yield from page
            if len(page) < EVENTS_AT_ONCE:
                return
            after = page[-1].position

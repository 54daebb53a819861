"""The ledger's streams up to a position, read in the order of their names: a few in memory at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

from eventsourcing.persistence import Notification

from audit.decoding import decoded
from domain.aggregate import Aggregate, Event
from domain.ledger import Ledger

STREAMS_AT_ONCE = 500
EVENTS_AT_ONCE = 2000
BYTES_AT_ONCE = 4 * 1024 * 1024
A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class Stream:
    """The events of one stream, with their positions; None are those that were skipped or can't be decoded."""

    name: str
    events: list[tuple[int, Event | None]]
    bytes: int

    def states(self, kind: type[A]) -> Iterator[tuple[int, Event, A]]:
        """Yield the aggregate after each event, with its position; it is the same object each time."""
        aggregate = kind(self.name)
        for position, event in self.events:
            if event is None:
                aggregate.version += 1
            else:
                aggregate.replay((event,))
                yield position, event, aggregate


class Log:
    """The log up to the position `reached`, without the positions in `skipped`.

    `read` is called with the number of events of each page that was read.
    """

    def __init__(
        self, ledger: Ledger, reached: int, skipped: frozenset[int], read: Callable[[int], None]
    ) -> None:
        self.reached = reached
        self._ledger = ledger
        self._skipped = skipped
        self._read = read

    def chunks(self, category: str) -> Iterator[list[Stream]]:
        """Yield the streams of a category, some at a time."""
        return in_chunks(self.streams(f"{category}/", after_all(category)))

    def streams(
        self, first: str, below: str, at_once: int = EVENTS_AT_ONCE, *, count: bool = True
    ) -> Iterator[Stream]:
        """Yield the streams from `first` to `below`; with `count`, `read` is told of their events."""
        stored = self._stored(first, below, at_once, count)
        for name, events in groupby(stored, key=attrgetter("originator_id")):
            yield self._stream(name, list(events))

    def stream(self, name: str) -> Stream:
        """Return one stream, which may have no events; its events were counted before."""
        return self._stream(name, self._ledger.store.select_streams([name], self.reached))

    def first_name(self, after: str, below: str) -> str | None:
        """Return the first name of a stream that sorts after one and before another."""
        found = self._ledger.store.select_by_stream(
            (after, 0), below, reached=self.reached, limit=1, max_bytes=1
        )
        return str(found[0].originator_id) if found else None

    def _stored(self, first: str, below: str, at_once: int, count: bool) -> Iterator[Notification]:
        after = (first, 0)
        while True:
            page = self._ledger.store.select_by_stream(
                after, below, reached=self.reached, limit=at_once, max_bytes=BYTES_AT_ONCE
            )
            if not page:
                return
            if count:
                self._read(len(page))
            yield from page
            after = (str(page[-1].originator_id), page[-1].originator_version)

    def _stream(self, name: str, stored: list[Notification]) -> Stream:
        streams, skipped = self._ledger.streams, self._skipped
        # A projection stops before an event that can't be decoded, or it doesn't know the topic.
        events = [
            (each.id, None if each.id in skipped else decoded(streams, each)) for each in stored
        ]
        return Stream(name, events, sum(len(each.state) for each in stored))


def in_chunks(streams: Iterator[Stream]) -> Iterator[list[Stream]]:
    """Yield streams in lists: bounded by their number, and by the bytes of their events."""
    chunk: list[Stream] = []
    size = 0
    for stream in streams:
        chunk.append(stream)
        size += stream.bytes
        if len(chunk) == STREAMS_AT_ONCE or size >= BYTES_AT_ONCE:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def after_all(prefix: str) -> str:
    """Return the first text that sorts after all streams whose names begin with a prefix and a slash."""
    return f"{prefix}{chr(ord('/') + 1)}"

"""The expected rows of events, and of the blocks that find them by time."""

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from audit.reconcile.expectation import Expectation, Wanted
from audit.reconcile.log import EVENTS_AT_ONCE, Log, Stream, after_all, in_chunks
from audit.reconcile.versions import Values, Version, timeline
from domain.aggregates.delivery import Delivery
from domain.event_ids import EventId
from projections.models.events import PROJECTION
from projections.models.events.blocks import BLOCK_IDS, BLOCKS
from projections.models.events.numbers import event_id_of, number_of
from projections.slot_tables import SlotTables
from projections.times import to_microseconds

DIGITS = len(Delivery.create_id("", 0)) - len("delivery//")


class Envelope(msgspec.Struct):
    """The part of an envelope that a row shows."""

    data: msgspec.Raw


decode = msgspec.json.Decoder(Envelope).decode


class Deliveries(Expectation):
    """One row for each envelope, by event id and source; and one for each block of ids.

    The sources' streams are merged by event id, so that one block after another is complete. Text ids,
    which come last, are in none.
    """

    category = Delivery.category
    parts = ((PROJECTION.events, ("id", "source")), (BLOCKS, ("block",)))
    bounds = PROJECTION.events.bounds

    def __init__(self) -> None:
        self._blocks: dict[int, tuple[int, int, int]] = {}

    def chunks(self, log: Log) -> Iterator[list[Stream]]:
        """Yield the streams of all sources by rising event id."""
        sources = list(_sources(log))
        at_once = max(1, EVENTS_AT_ONCE // max(1, len(sources)))
        each = [log.streams(f"{name}/", after_all(name), at_once) for name in sources]
        return in_chunks(heapq.merge(*each, key=lambda stream: _key(stream.name)))

    def wanted(self, log: Log, streams: Sequence[Stream], *, last: bool = False) -> list[Wanted]:
        """Return the rows of some envelopes, and of the blocks that no later ones are in."""
        events, blocks, *bounds = super().wanted(log, streams, last=last)
        for block in sorted(self._blocks)[: None if last else -1]:
            earliest, latest, position = self._blocks.pop(block)
            blocks.keys.add((block,))
            blocks.add([Version(position, None, (block, earliest, latest))])
        return [events, blocks, *bounds]

    def expect(self, log: Log, stream: Stream, *wanted: Wanted) -> None:
        """Add the row of an envelope, and widen its block."""
        events, _ = wanted
        source, event_id = Delivery.parse_id(stream.name)
        number: int | None = None
        states: list[tuple[int, Values]] = []
        for position, _, delivery in stream.states(Delivery):
            current = delivery.current
            assert current is not None, "a delivery begins with its record"
            created_at = to_microseconds(current.created_at)
            if number is None:
                number = number_of(event_id, position)
                events.keys.add((number, source))
            if isinstance(event_id, int):
                self._widen(event_id // BLOCK_IDS, created_at, position)
            self.new_key(number, position)
            row = {
                "id": number,
                "text_id": event_id if isinstance(event_id, str) else None,
                "source": source,
                "type": current.type,
                "created_at": created_at,
                "data": _data(current),
            }
            states.append((position, events.columns.values(row)))
        events.add(timeline(states))

    def origins(self, log: Log, tables: SlotTables, row: Mapping[str, Any]) -> list[str]:
        """Return the stream of an envelope, or those of a block, if there are any."""
        if tables is PROJECTION.events:
            return [Delivery.create_id(row["source"], event_id_of(row))]
        if tables is self.bounds:
            return []
        first, below = (row["block"] + more for more in (0, 1))
        found = []
        for source in _sources(log):
            names = [f"{source}/{block * BLOCK_IDS:0{DIGITS}d}" for block in (first, below)]
            found.append(log.first_name(names[0], names[1]))
        return [name for name in found if name is not None]

    def _widen(self, block: int, created_at: int, position: int) -> None:
        earliest, latest, last = self._blocks.get(block, (created_at, created_at, position))
        self._blocks[block] = (
            min(earliest, created_at),
            max(latest, created_at),
            max(last, position),
        )


def _sources(log: Log) -> Iterator[str]:
    """Yield the name of each source's streams, up to the event id."""
    after, below = f"{Delivery.category}/", after_all(Delivery.category)
    while found := log.first_name(after, below):
        name = "/".join(found.split("/", 2)[:2])
        yield name
        after = after_all(name)


def _key(stream: str) -> tuple[bool, EventId, str]:
    source, event_id = Delivery.parse_id(stream)
    return isinstance(event_id, str), event_id, source


def _data(recorded: Delivery.Recorded) -> str:
    """Return the data of an envelope as it was sent, or as Python's parser reads it if msgspec can't."""
    if recorded.data_from is not None:
        return json.dumps(recorded.data())
    try:
        return bytes(decode(recorded.body).data).decode()
    except msgspec.DecodeError:
        return json.dumps(json.loads(recorded.body)["data"])

"""The expected rows of observed things, such as kits and reports."""

from collections.abc import Mapping
from typing import Any

import msgspec

from audit.reconcile.expectation import Expectation, Wanted
from audit.reconcile.log import Log, Stream
from audit.reconcile.versions import Version
from domain.event_ids import EventId
from domain.observation import Observation, current_status
from domain.observed import ObservedAggregate
from projections.observed import ObservedProjection
from projections.slot_tables import SlotTables
from projections.times import to_microseconds

encode = msgspec.msgpack.Encoder().encode
UNTIL = 7
"""The index of the position at which an observation counted no longer."""


class ObservedThings(Expectation):
    """One row for each thing, with all its observations; and one for each other status that it had."""

    def __init__(self, model: ObservedProjection) -> None:
        self._aggregate, self._key = model.aggregate, model.key
        self.category = model.aggregate.category
        tables = model.tables
        self.parts = ((tables.things, (model.key,)), (tables.statuses, ("status", model.key)))
        self.bounds = tables.bounds

    def expect(self, log: Log, stream: Stream, *wanted: Wanted) -> None:
        """Add the row of one thing; nothing when all its events were skipped."""
        things, statuses = wanted
        things.keys.add((self._id(stream.name),))
        kept: dict[int, list[Any]] = {}
        seen: list[Observation] = []
        counting: dict[tuple[EventId, str], int] = {}
        aggregate: ObservedAggregate | None = None
        last = 0
        for last, event, aggregate in stream.states(self._aggregate):
            key = event.event_id, event.source  # type: ignore[attr-defined]
            if key in counting:
                kept[counting.pop(key)][UNTIL] = last
            if key in aggregate.observations:
                observation = aggregate.observations[key]
                counting[key] = last
                seen.append(observation)
                kept[last] = [*_fields(observation), last, None, observation.sequence]
        if aggregate is None or not seen:
            return
        status = aggregate.current_status()
        shown = status or current_status(seen)
        assert shown is not None, "something was seen"
        row = {
            self._key: self._id(stream.name),
            "status": shown.status,
            "reason": shown.reason,
            "created_at": to_microseconds(shown.created_at),
            "modified_at": to_microseconds(shown.modified_at),
            **dict.fromkeys(self._aggregate.Observed.own_fields),
            **shown.fields,
            "observations": encode(list(kept.values())),
            "born": next(iter(kept)),
            "counts": int(status is not None),
        }
        things.add([Version(last, None, things.columns.values(row))])
        self.new_key(row[self._key], row["born"])
        _add_statuses(statuses, row[self._key], kept, shown.status)

    def origins(self, log: Log, tables: SlotTables, row: Mapping[str, Any]) -> list[str]:
        """Return the stream of a thing."""
        return [] if tables is self.bounds else [self._aggregate.create_id(row[self._key])]

    def _id(self, stream: str) -> str | int:
        return self._aggregate.key_type(stream.partition("/")[2])


def _add_statuses(
    wanted: Wanted, key: str | int, kept: Mapping[int, list[Any]], present: str
) -> None:
    """Add each status that a thing has had, with its first position; the present one's row is optional."""
    for since, (_, _, status, *_) in kept.items():
        row = wanted.columns.values({"status": status, wanted.by[1]: key, "since": since})
        if (status, key) not in wanted.keys:
            wanted.keys.add((status, key))
            wanted.add([Version(since, None, row)])
    wanted.optional.add((present, key))


def _fields(observation: Observation) -> list[Any]:
    """Return an observation's fields in the order in which they are stored."""
    return [
        observation.event_id,
        observation.source,
        observation.status,
        observation.created_at,
        observation.reason,
        observation.fields,
    ]

"""The base of the read models of observed aggregates: the current status of each thing."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from sqlalchemy import select

from domain.observation import CurrentStatus, current_status
from domain.observed import Observed, ObservedAggregate, Retracted
from projections import lists, observations, observed_as_of
from projections.batch_writer import KEYS_IN_A_LIST, BatchWriter
from projections.observations import Kept
from projections.observed_tables import ObservedTables
from projections.projection import Projection
from projections.snapshots import Snapshot
from projections.times import from_microseconds, to_microseconds

Known = tuple[str | None, Sequence[Kept]]
"""The status and the observations of a thing before a batch."""
NEW: Known = (None, ())


class ObservedProjection(Projection):
    """Keep the current status of each thing of one kind, with all observations of it.

    Subclasses define `aggregate`, and the column `key` that identifies a thing.
    """

    aggregate: ClassVar[type[ObservedAggregate]]
    key: ClassVar[str]
    tables: ClassVar[ObservedTables]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for event_class in (cls.aggregate.Observed, cls.aggregate.Retracted):
            cls.handlers[event_class] = ObservedProjection.collect

    @property
    def columns(self) -> frozenset[str]:
        """Return the names of the table's columns."""
        return frozenset(self.tables.things[0].columns.keys())

    def collect(self, writer: BatchWriter, event: Observed | Retracted, position: int) -> None:
        """Collect an event for `finish_batch`."""
        key = getattr(event, self.aggregate.key)
        writer.changed.setdefault(key, []).append((position, event))

    def finish_batch(self, writer: BatchWriter) -> None:
        """Write the current status of each thing that this batch changed."""
        keys = list(writer.changed)
        for start in range(0, len(keys), KEYS_IN_A_LIST):
            some = keys[start : start + KEYS_IN_A_LIST]
            known = self._known(writer, some)
            for key in some:
                if key not in known:
                    writer.add_key(self.tables.bounds, writer.changed[key][0][0], key)
                self._write(writer, key, known.get(key, NEW))
        writer.flush()

    def _known(self, writer: BatchWriter, keys: Sequence[Any]) -> Mapping[Any, Known]:
        columns = self.tables.things[writer.slot].c
        wanted = select(columns[self.key], columns.status, columns.observations)
        found = writer.connection.execute(wanted.where(columns[self.key].in_(keys)))
        return {key: (status, observations.decode(encoded)) for key, status, encoded in found}

    def _write(self, writer: BatchWriter, key: Any, known: Known) -> None:
        before, old = known
        kept = observations.updated(old, writer.changed[key])
        status = current_status(observations.counting(kept))
        shown = status or current_status(kept)
        assert shown is not None, "a thing that changed was observed"
        writer.upsert(
            self.tables.things,
            **{self.key: key},
            **self._row(shown),
            observations=observations.encode(kept),
            born=kept[0].since,
            counts=int(status is not None),
        )
        others = {before, *[each.status for each in kept[len(old) :]]} - {shown.status, None}
        for other in others:
            since = next(each.since for each in kept if each.status == other)
            writer.upsert(self.tables.statuses, status=other, **{self.key: key}, since=since)

    def _row(self, status: CurrentStatus) -> dict[str, Any]:
        created_at = to_microseconds(status.created_at)
        once = status.modified_at is status.created_at
        return {
            "status": status.status,
            "reason": status.reason,
            "created_at": created_at,
            "modified_at": created_at if once else to_microseconds(status.modified_at),
            **dict.fromkeys(self.aggregate.Observed.own_fields),
            **status.fields,
        }

    def one(self, snapshot: Snapshot, key: Any) -> dict[str, Any] | None:
        """Return the row of one thing."""
        return next(iter(self.page(snapshot, limit=1, **{self.key: key})), None)

    def page(self, snapshot: Snapshot, **wanted: Any) -> list[dict[str, Any]]:
        """Return rows by rising key; see lists.page for the arguments."""
        if snapshot.as_of is None:
            rows = lists.page(snapshot, self.tables.things, (self.key,), counts=1, **wanted)
        else:
            fold = partial(self._as_of, snapshot.as_of)
            rows = observed_as_of.page(snapshot, self.tables, self.key, fold, **wanted)
        return [_with_times(row) for row in rows]

    def _as_of(self, position: int, thing: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the row of a thing as it was at a position; None when nothing counted."""
        kept = observations.decode(thing["observations"])
        status = current_status(observations.counting(kept, position))
        return None if status is None else {self.key: thing[self.key], **self._row(status)}


def _with_times(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: from_microseconds(row[name]) for name in ("created_at", "modified_at")}
    return {**row, **times}

"""The base of the read models of observed aggregates: the current status of each thing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec
from sqlalchemy import BigInteger, Column, LargeBinary, delete, select

from domain.observation import CurrentStatus, Observation, current_status
from domain.observed import Observed, ObservedAggregate, Retracted
from projections import lists
from projections.batch_writer import KEYS_IN_A_LIST, BatchWriter
from projections.projection import Projection
from projections.slot_tables import INNER, SlotTables, Word, slot_tables
from projections.snapshots import Snapshot
from projections.times import from_microseconds, to_microseconds

Observations = dict[tuple[int, str], Observation]
"""All observations of one thing, by their keys."""


def observed_tables(
    name: str,
    key: Callable[[], Column[Any]],
    own: Callable[[], Sequence[Column[Any]]] = tuple,
) -> tuple[SlotTables]:
    """Define the table of an observed read model; `own` makes the columns of its own fields.

    The observations are in the row of their thing: with millions of things, a row in another table
    would be another page that is not in memory.
    """
    tables = slot_tables(
        name,
        lambda: [
            key(),
            Column("status", Word, nullable=False),
            *own(),
            Column("reason", Word),
            Column("created_at", BigInteger, nullable=False),
            Column("modified_at", BigInteger, nullable=False),
            Column("observations", LargeBinary, nullable=False, info=INNER),
        ],
        indexes=[("status", key().name)],
    )
    return (tables,)


class ObservedProjection(Projection):
    """Keep the current status of each thing of one kind, with all observations of it.

    Subclasses define `aggregate`, and the column `key` that identifies a thing.
    """

    aggregate: ClassVar[type[ObservedAggregate]]
    key: ClassVar[str]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for event_class in (cls.aggregate.Observed, cls.aggregate.Retracted):
            cls.handlers[event_class] = ObservedProjection.collect

    @property
    def columns(self) -> frozenset[str]:
        """Return the names of the table's columns."""
        return frozenset(self.tables[0][0].columns.keys())

    def collect(self, writer: BatchWriter, event: Observed | Retracted, position: int) -> None:
        """Collect an event for `finish_batch`."""
        key = getattr(event, self.aggregate.key)
        writer.changed.setdefault(key, []).append(event)

    def finish_batch(self, writer: BatchWriter) -> None:
        """Write the current status of each thing that this batch changed."""
        keys = list(writer.changed)
        for start in range(0, len(keys), KEYS_IN_A_LIST):
            some = keys[start : start + KEYS_IN_A_LIST]
            known = self._known(writer, some)
            for key in some:
                self._write(writer, key, _updated(known.get(key, {}), writer.changed[key]))
        writer.flush()

    def _known(self, writer: BatchWriter, keys: Sequence[Any]) -> Mapping[Any, Observations]:
        columns = self.tables[0][writer.slot].c
        wanted = select(columns[self.key], columns.observations).where(columns[self.key].in_(keys))
        return {
            key: {each.key: each for each in _observations.decode(encoded)}
            for key, encoded in writer.connection.execute(wanted)
        }

    def _write(self, writer: BatchWriter, key: Any, observations: Observations) -> None:
        status = current_status(observations.values())
        if status is None:
            table = self.tables[0][writer.slot]
            writer.run(delete(table).where(table.c[self.key] == key))
            return
        ordered = [observations[each] for each in sorted(observations)]
        writer.upsert(
            self.tables[0],
            **{self.key: key},
            **self._row(status),
            observations=msgspec.msgpack.encode(ordered),
        )

    def _row(self, status: CurrentStatus) -> dict[str, Any]:
        own = dict.fromkeys(self.aggregate.Observed.own_fields) | status.fields
        return {
            "status": status.status,
            "reason": status.reason,
            "created_at": to_microseconds(status.created_at),
            "modified_at": to_microseconds(status.modified_at),
            **own,
        }

    def one(self, snapshot: Snapshot, key: Any) -> dict[str, Any] | None:
        """Return the row of one thing."""
        return next(iter(self.page(snapshot, limit=1, **{self.key: key})), None)

    def page(self, snapshot: Snapshot, **wanted: Any) -> list[dict[str, Any]]:
        """Return rows by rising key; see lists.page for the arguments."""
        rows = lists.page(snapshot, self.tables[0], (self.key,), **wanted)
        return [_with_times(row) for row in rows]


def _updated(known: Observations, events: Sequence[Observed | Retracted]) -> Observations:
    for event in events:
        key = event.event_id, event.source
        if isinstance(event, Observed):
            known[key] = event.observation()
        elif known.pop(key, None) is None:
            raise LookupError(f"no observation to retract: {key}")
    return known


_observations = msgspec.msgpack.Decoder(list[Observation])


def _with_times(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: from_microseconds(row[name]) for name in ("created_at", "modified_at")}
    return {**row, **times}

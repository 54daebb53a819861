"""The base of the read models of observed aggregates: the current status of each thing."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from sqlalchemy import BigInteger, Column, LargeBinary, SmallInteger, select

from domain.observation import CurrentStatus, current_status
from domain.observed import Observed, ObservedAggregate, Retracted
from projections import early_rows, lists
from projections.batch_writer import KEYS_IN_A_LIST, BatchWriter
from projections.projection import Projection
from projections.rows import Wanted
from projections.slot_tables import INNER, SlotTables, Word, bounds_tables, slot_tables
from projections.snapshots import Snapshot
from projections.times import from_microseconds, to_microseconds

LARGEST_CHUNK = 4096
"""The largest number of things that a page as of a position reads at a time."""
Changed = list[tuple[int, Observed | Retracted]]
"""Events of one thing, with their positions."""


class Kept(msgspec.Struct, array_like=True):
    """An observation that counts from the position `since`, and no longer at `until`.

    Its fields have no names where it is stored, and those of a domain's Observation would.
    """

    event_id: int
    source: str
    status: str
    created_at: datetime
    reason: str | None
    fields: dict[str, Any]
    since: int
    until: int | None = None

    @property
    def key(self) -> tuple[int, str]:
        """Return the key that identifies and sorts the observations of one thing."""
        return self.event_id, self.source


def observed_tables(
    name: str,
    key: Callable[[], Column[Any]],
    own: Callable[[], Sequence[Column[Any]]] = tuple,
) -> tuple[SlotTables, SlotTables]:
    """Define the tables of an observed read model; `own` makes the columns of its own fields.

    All observations, also those that count no longer, are in the row of their thing, in the order of
    their positions: with millions of things, a row in another table would be another page that is not
    in memory. `born` is the position of the first one. `counts` is 0 when none counts any more.
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
            Column("born", BigInteger, nullable=False, info=INNER),
            Column("counts", SmallInteger, nullable=False, info=INNER),
        ],
        indexes=[("status", key().name), ("born",)],
    )
    return tables, bounds_tables(name, key().type)


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
        writer.changed.setdefault(key, []).append((position, event))

    def finish_batch(self, writer: BatchWriter) -> None:
        """Write the current status of each thing that this batch changed."""
        keys = list(writer.changed)
        for start in range(0, len(keys), KEYS_IN_A_LIST):
            some = keys[start : start + KEYS_IN_A_LIST]
            known = self._known(writer, some)
            for key in some:
                if key not in known:
                    writer.add_key(self.tables[1], writer.changed[key][0][0], key)
                self._write(writer, key, _updated(known.get(key, []), writer.changed[key]))
        writer.flush()

    def _known(self, writer: BatchWriter, keys: Sequence[Any]) -> Mapping[Any, list[Kept]]:
        columns = self.tables[0][writer.slot].c
        wanted = select(columns[self.key], columns.observations).where(columns[self.key].in_(keys))
        found = writer.connection.execute(wanted)
        return {key: _observations.decode(encoded) for key, encoded in found}

    def _write(self, writer: BatchWriter, key: Any, kept: list[Kept]) -> None:
        status = current_status([each for each in kept if each.until is None])
        shown = status or current_status(kept)
        assert shown is not None, "a thing that changed was observed"
        writer.upsert(
            self.tables[0],
            **{self.key: key},
            **self._row(shown),
            observations=msgspec.msgpack.encode(kept),
            born=kept[0].since,
            counts=int(status is not None),
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
        if snapshot.as_of is None:
            rows = lists.page(snapshot, self.tables[0], (self.key,), counts=1, **wanted)
        else:
            rows = self._page_as_of(snapshot, snapshot.as_of, **wanted)
        return [_with_times(row) for row in rows]

    def _page_as_of(
        self,
        snapshot: Snapshot,
        as_of: int,
        *,
        limit: int,
        after: Sequence[Any] | None = None,
        **filters: Any,
    ) -> list[dict[str, Any]]:
        """Fold the things that existed at a position, by rising key, until enough match the filters."""
        wanted = {name: value for name, value in filters.items() if value is not None}
        born = {"born<=": as_of}
        which = {name: wanted[name] for name in wanted if name == self.key}
        table, columns, chunk = self.tables[0][snapshot.slot], (self.key, "observations"), limit
        found: list[dict[str, Any]] = []
        while len(found) < limit:
            chosen = Wanted((self.key,), chunk, after, which, columns)
            things = early_rows.select(snapshot, table, chosen, born, self.tables[1])
            folded = (self._as_of(thing, as_of) for thing in things)
            found += [row for row in folded if row is not None and wanted.items() <= row.items()]
            if len(things) < chunk:
                break
            after, chunk = (things[-1][self.key],), min(4 * chunk, LARGEST_CHUNK)
        return found[:limit]

    def _as_of(self, thing: Mapping[str, Any], as_of: int) -> dict[str, Any] | None:
        """Return the row of a thing as it was at a position; None when nothing counted."""
        kept = _observations.decode(thing["observations"])
        status = current_status(
            each
            for each in kept
            if each.since <= as_of and (each.until is None or as_of < each.until)
        )
        return None if status is None else {self.key: thing[self.key], **self._row(status)}


def _updated(kept: list[Kept], changed: Changed) -> list[Kept]:
    counting = {each.key: each for each in kept if each.until is None}
    for position, event in changed:
        key = event.event_id, event.source
        superseded = counting.pop(key, None)
        if superseded is not None:
            superseded.until = position
        if isinstance(event, Observed):
            counting[key] = _kept(event, position)
            kept.append(counting[key])
        elif superseded is None:
            raise LookupError(f"no observation to retract: {key}")
    return kept


def _kept(event: Observed, position: int) -> Kept:
    return Kept(
        event.event_id,
        event.source,
        event.status,
        event.created_at,
        event.reason,
        event.own_values,
        position,
    )


_observations = msgspec.msgpack.Decoder(list[Kept])


def _with_times(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: from_microseconds(row[name]) for name in ("created_at", "modified_at")}
    return {**row, **times}

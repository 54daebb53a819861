"""Pages of lists, now or as of a position."""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, literal

from projections import early_rows, rows
from projections.rows import Wanted
from projections.slot_tables import SlotTables, VersionedTables
from projections.snapshots import Snapshot

ALL = 2**62
"""A limit that no list reaches."""
Filters = rows.Filters


def page(
    snapshot: Snapshot,
    tables: SlotTables,
    order: tuple[str, ...],
    limit: int,
    *,
    after: Sequence[Any] | None = None,
    **filters: Any,
) -> list[dict[str, Any]]:
    """Return up to `limit` rows, sorted by the columns in `order`, from the first after `after`.

    `after` has the values of those columns in the last row of the previous page. See rows.Filters; None
    filters nothing. Of a snapshot as of a position these are the rows that held there.
    """
    values = {name: value for name, value in filters.items() if value is not None}
    wanted = Wanted(order, limit, after, values)
    if snapshot.as_of is None:
        return rows.select(snapshot.connection, tables[snapshot.slot], wanted)
    bounds = None
    if isinstance(tables, VersionedTables) and tables.rising in {None, order[0]}:
        bounds = tables.bounds
    found = [
        row
        for table, held in holding(snapshot, tables)
        for row in early_rows.select(snapshot, table, wanted, held, bounds)
    ]
    return sorted(found, key=itemgetter(*order))[:limit]


def holding(snapshot: Snapshot, tables: SlotTables) -> Iterator[tuple[Table, Filters]]:
    """Yield each table that has rows of a snapshot, with the filters that find them."""
    live, as_of = tables[snapshot.slot], snapshot.as_of
    if as_of is None:
        yield live, {}
        return
    if not isinstance(tables, VersionedTables):
        raise TypeError(f"{live.name} keeps no past: define it with versioned_tables")
    yield live, {"since<=": as_of}
    yield tables.past[snapshot.slot], {"since<=": as_of, "until>": as_of}


def shown(table: Table) -> list[Column[Any]]:
    """Return the columns that are not for the projection alone."""
    return rows.shown(table)


def conditions(
    table: Table, filters: Filters, *, indexed: bool = True
) -> list[ColumnElement[bool]]:
    """Return the conditions of filters, with their values, for a statement of the caller's own.

    Unless `indexed`, no index is used for them.
    """
    return [
        rows.condition(table, name, literal(value), indexed=indexed)
        for name, value in filters.items()
    ]

"""Pages of rows, now or as of a position; the statement of each list and set of filters is compiled once."""

import operator
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    literal,
    select,
    tuple_,
)

from projections.slot_tables import SlotTables, VersionedTables
from projections.snapshots import Snapshot
from projections.statement import Statement, compiled
from store.engines import driver_of

ALL = 2**62
"""A limit that no list reaches."""

COMPARISONS = {">=": operator.ge, "<": operator.lt, "<=": operator.le, ">": operator.gt}
Filters = Mapping[str, Any]
"""By the name of a column, followed by `>=`, `<`, `<=` or `>` unless it is for equality."""


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

    `after` has the values of those columns in the last row of the previous page. See Filters; None
    filters nothing. Of a snapshot as of a position these are the rows that held there.
    """
    values = {name: value for name, value in filters.items() if value is not None}
    found = [
        row
        for table, held in holding(snapshot, tables)
        for row in rows(snapshot.connection, table, order, limit, after, {**values, **held})
    ]
    if snapshot.as_of is None:
        return found
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
    return [column for column in table.c if "inner" not in column.info]


def conditions(table: Table, filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions of filters, with their values, for a statement of the caller's own."""
    return [_condition(table, name, literal(value)) for name, value in filters.items()]


def rows(
    connection: Connection,
    table: Table,
    order: tuple[str, ...],
    limit: int,
    after: Sequence[Any] | None,
    filters: Filters,
    columns: tuple[str, ...] = (),
) -> list[dict[str, Any]]:
    """Return rows of one table, with `columns`, or with those that are shown; see page."""
    values, names = dict(filters), tuple(filters)
    if after is not None:
        values.update(zip(map("after_{}".format, order), after, strict=True))
    key = (table.name, order, names, after is not None, columns, connection.dialect.name)
    if key not in _compiled:
        selected = [table.c[name] for name in columns] or shown(table)
        wanted = _page(table, selected, order, names, after is not None)
        _compiled[key] = compiled(wanted, connection)
    statement = _compiled[key]
    found = driver_of(connection).execute(statement.sql, statement.bind({**values, "limit": limit}))
    found_columns = [each[0] for each in found.description]
    return [dict(zip(found_columns, row, strict=True)) for row in found]


_compiled: dict[tuple[Any, ...], Statement] = {}
"""By table, order, filters, columns, and database."""


def _page(
    table: Table,
    selected: Sequence[Column[Any]],
    order: tuple[str, ...],
    filters: tuple[str, ...],
    after: bool,
) -> Select[Any]:
    columns = [table.c[name] for name in order]
    statement = select(*selected).order_by(*columns).limit(bindparam("limit", type_=BigInteger))
    for name in filters:
        statement = statement.where(_condition(table, name, bindparam(name)))
    if after:
        last = tuple_(*(bindparam(f"after_{column.name}") for column in columns))
        statement = statement.where(
            tuple_(*columns) > last
            if len(columns) > 1
            else columns[0] > bindparam(f"after_{order[0]}")
        )
    return statement


def _condition(table: Table, name: str, value: Any) -> ColumnElement[bool]:
    column = table.c[name.rstrip("<>=")]
    compare = COMPARISONS.get(name.removeprefix(column.name), operator.eq)
    condition: ColumnElement[bool] = compare(column, value)
    return condition

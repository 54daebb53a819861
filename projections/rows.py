"""Rows of one table; the statement of each order and set of filters is compiled once."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    func,
    tuple_,
)
from sqlalchemy import select as select_columns

from projections.statement import Statement, compiled
from store.engines import driver_of

COMPARISONS = {">=": operator.ge, "<": operator.lt, "<=": operator.le, ">": operator.gt}
Filters = Mapping[str, Any]
"""By the name of a column, followed by `>=`, `<`, `<=` or `>` unless it is for equality."""


@dataclass(frozen=True)
class Wanted:
    """The first `limit` rows by the columns in `order`, from the first after `after`.

    Without `columns` they have those that are shown. With `found_by` the index on the columns of these
    filters finds them, to be sorted; otherwise the database chooses an index.
    """

    order: tuple[str, ...]
    limit: int
    after: Sequence[Any] | None
    filters: Filters
    columns: tuple[str, ...] = ()
    found_by: tuple[str, ...] = ()

    def where(self, *more: Filters) -> "Wanted":
        """Return the same with more filters."""
        filters = dict(self.filters)
        for each in more:
            filters.update(each)
        return replace(self, filters=filters)


def select(connection: Connection, table: Table, wanted: Wanted) -> list[dict[str, Any]]:
    """Return rows of a table."""
    values, names = dict(wanted.filters), tuple(wanted.filters)
    if wanted.after is not None:
        values.update(zip(map("after_{}".format, wanted.order), wanted.after, strict=True))
    after = wanted.after is not None
    key = (table.name, wanted.order, names, after, wanted.columns, wanted.found_by)
    statement = once(connection, key, lambda: _statement(table, wanted))
    bound = statement.bind({**values, "limit": wanted.limit})
    found = driver_of(connection).execute(statement.sql, bound)
    columns = [each[0] for each in found.description]
    return [dict(zip(columns, row, strict=True)) for row in found]


def once(connection: Connection, key: tuple[Any, ...], make: Callable[[], Any]) -> Statement:
    """Return a compiled statement, which is made when it is first asked for by this key."""
    key = (*key, connection.dialect.name)
    if key not in _compiled:
        _compiled[key] = compiled(make(), connection)
    return _compiled[key]


_compiled: dict[tuple[Any, ...], Statement] = {}
"""By table, order, filters, columns, and database."""


def shown(table: Table) -> list[Column[Any]]:
    """Return the columns that are not for the projection alone."""
    return [column for column in table.c if "inner" not in column.info]


def condition(table: Table, name: str, value: Any, *, indexed: bool = True) -> ColumnElement[bool]:
    """Return the condition of a filter; unless `indexed`, no index is used for it."""
    column = table.c[name.rstrip("<>=")]
    compare = COMPARISONS.get(name.removeprefix(column.name), operator.eq)
    made: ColumnElement[bool] = compare(column if indexed else _unindexed(column), value)
    return made


def _unindexed(column: Column[Any]) -> ColumnElement[Any]:
    """Return a column as an expression, for which no database uses the column's index."""
    return func.coalesce(column, column)


def _statement(table: Table, wanted: Wanted) -> Select[Any]:
    columns: list[ColumnElement[Any]] = [table.c[name] for name in wanted.order]
    if wanted.found_by:
        columns = [_unindexed(table.c[name]) for name in wanted.order]
    selected = [table.c[name] for name in wanted.columns] or shown(table)
    statement = select_columns(*selected).order_by(*columns)
    statement = statement.limit(bindparam("limit", type_=BigInteger))
    for name in wanted.filters:
        indexed = not wanted.found_by or name in wanted.found_by
        statement = statement.where(condition(table, name, bindparam(name), indexed=indexed))
    if wanted.after is not None:
        last: list[Any] = [bindparam(f"after_{name}") for name in wanted.order]
        statement = statement.where(
            tuple_(*columns) > tuple_(*last) if len(columns) > 1 else columns[0] > last[0]
        )
    return statement

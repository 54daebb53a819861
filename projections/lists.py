"""Pages of rows; the statement of each list and set of filters is compiled once."""

import operator
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    select,
    tuple_,
)

from projections.statement import Statement, compiled
from store.engines import driver_of

ALL = 2**62
"""A limit that no list reaches."""

COMPARISONS = {">=": operator.ge, "<": operator.lt}


def page(
    connection: Connection,
    table: Table,
    order: tuple[str, ...],
    limit: int,
    *,
    after: Sequence[Any] | None = None,
    **filters: Any,
) -> list[dict[str, Any]]:
    """Return up to `limit` rows, sorted by the columns in `order`, from the first after `after`.

    `after` has the values of those columns in the last row of the previous page. A filter has the
    name of its column, followed by `>=` or `<` unless it is for equality; None filters nothing.
    """
    values = {name: value for name, value in filters.items() if value is not None}
    names = tuple(values)
    if after is not None:
        values.update(zip(map("after_{}".format, order), after, strict=True))
    dialect = connection.dialect.name
    key = (table.name, order, names, after is not None, dialect)
    if key not in _compiled:
        _compiled[key] = compiled(_page(table, order, names, after is not None), connection)
    statement = _compiled[key]
    found = driver_of(connection).execute(statement.sql, statement.bind({**values, "limit": limit}))
    columns = [each[0] for each in found.description]
    return [dict(zip(columns, row, strict=True)) for row in found]


_compiled: dict[tuple[Any, ...], Statement] = {}
"""By table, order, filters, and database."""


def _page(
    table: Table, order: tuple[str, ...], filters: tuple[str, ...], after: bool
) -> Select[Any]:
    columns = [table.c[name] for name in order]
    shown = [column for column in table.c if "inner" not in column.info]
    statement = select(*shown).order_by(*columns).limit(bindparam("limit", type_=BigInteger))
    for name in filters:
        statement = statement.where(_condition(table, name))
    if after:
        last = tuple_(*(bindparam(f"after_{column.name}") for column in columns))
        statement = statement.where(
            tuple_(*columns) > last
            if len(columns) > 1
            else columns[0] > bindparam(f"after_{order[0]}")
        )
    return statement


def _condition(table: Table, name: str) -> ColumnElement[bool]:
    column = table.c[name.rstrip("<>=")]
    compare = COMPARISONS.get(name.removeprefix(column.name), operator.eq)
    condition: ColumnElement[bool] = compare(column, bindparam(name))
    return condition

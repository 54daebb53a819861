"""Pages of rows: one statement for each list and set of filters, built once and then only run."""

import operator
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    Table,
    bindparam,
    select,
    tuple_,
)

from projections.views import driver_of

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

    `after` holds the values of those columns in the last row of the page before. A filter is named
    by its column, with `>=` or `<` behind the name if it is not for equality; None filters nothing.
    """
    values = {name: value for name, value in filters.items() if value is not None}
    names = tuple(values)
    if after is not None:
        values.update(zip(map("after_{}".format, order), after, strict=True))
    sql, places, defaults = _compiled(table, order, names, after is not None, connection.dialect)
    values = {**defaults, **values, "limit": limit}
    found = driver_of(connection).execute(sql, tuple(values[name] for name in places))
    columns = [each[0] for each in found.description]
    return [dict(zip(columns, row, strict=True)) for row in found]


@lru_cache(maxsize=512)
def _compiled(
    table: Table, order: tuple[str, ...], filters: tuple[str, ...], after: bool, dialect: Dialect
) -> tuple[str, list[str], dict[str, Any]]:
    """Compile a statement, once: that takes longer than to run it."""
    columns = [table.c[name] for name in order]
    statement = select(table).order_by(*columns).limit(bindparam("limit", type_=Integer))
    for name in filters:
        statement = statement.where(_condition(table, name))
    if after:
        place = tuple_(*(bindparam(f"after_{column.name}") for column in columns))
        statement = statement.where(
            tuple_(*columns) > place
            if len(columns) > 1
            else columns[0] > bindparam(f"after_{order[0]}")
        )
    compiled = statement.compile(dialect=dialect)
    return str(compiled), list(compiled.positiontup or ()), compiled.params


def _condition(table: Table, name: str) -> ColumnElement[bool]:
    column = table.c[name.rstrip("<>=")]
    compare = COMPARISONS.get(name.removeprefix(column.name), operator.eq)
    condition: ColumnElement[bool] = compare(column, bindparam(name))
    return condition

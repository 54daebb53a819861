"""Reading the rows of one slot of a read model's tables."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, func, literal, select, tuple_

from audit.reconcile.expectation import Wanted
from audit.reconcile.versions import Values, Version
from projections.batch_writer import KEYS_IN_A_LIST
from projections.slot_tables import SlotTables, VersionedTables

NAMING = {"stream", "since", "text_id"}
"""Columns that say where a row comes from, beside its key."""


def tables_of(tables: SlotTables, slot: int) -> list[Table]:
    """Return the table of the rows that hold now, and of versioned ones that of those that held."""
    past = [tables.past[slot]] if isinstance(tables, VersionedTables) else []
    return [tables[slot], *past]


def versions_in(connection: Connection, table: Table, wanted: Wanted) -> Iterator[Version]:
    """Yield the versions of rows that `wanted` has the keys of; `since` is 0 where it is not kept."""
    names = set(table.c.keys()) - set(wanted.columns.names)
    columns: list[ColumnElement[Any]] = [table.c[name] for name in wanted.columns.names]
    columns.append(table.c["since"] if "since" in names else literal(0))
    columns.append(table.c["until"] if "until" in names else literal(None))
    for among in _among(table, wanted):
        for *values, since, until in connection.execute(select(*columns).where(*among)).all():
            yield Version(since, until, tuple(values))


def count(connection: Connection, table: Table) -> int:
    """Return how many rows a table has."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def pages(connection: Connection, table: Table) -> Iterator[Sequence[RowMapping]]:
    """Yield all rows of a table, some at a time: the columns that say where a row comes from."""
    key = list(table.primary_key)
    last: Values | None = None
    named = [each for each in table.c if each.primary_key or each.name in NAMING]
    while True:
        wanted = select(*named).order_by(*key).limit(KEYS_IN_A_LIST)
        if last is not None:
            wanted = wanted.where(tuple_(*key) > tuple_(*map(literal, last)))
        page = connection.execute(wanted).mappings().all()
        if not page:
            return
        yield page
        last = tuple(page[-1][column.name] for column in key)


def _among(table: Table, wanted: Wanted) -> Iterator[list[ColumnElement[bool]]]:
    """Yield conditions that find the rows by their keys, in few statements.

    SQLite scans the table for a list of tuples, so all but one of the columns have one value each time.
    """
    columns = [table.c[name] for name in wanted.by]
    values = [{key[place] for key in wanted.keys} for place in range(len(columns))]
    many = max(range(len(columns)), key=lambda place: len(values[place]))
    grouped: dict[Values, list[Any]] = {}
    for key in wanted.keys:
        grouped.setdefault(key[:many] + key[many + 1 :], []).append(key[many])
    fixed = columns[:many] + columns[many + 1 :]
    for same, each in grouped.items():
        equal = [column == value for column, value in zip(fixed, same, strict=True)]
        for start in range(0, len(each), KEYS_IN_A_LIST):
            yield [*equal, columns[many].in_(each[start : start + KEYS_IN_A_LIST])]

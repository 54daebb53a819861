"""Reading the rows of one slot of a read model's tables."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, func, literal, select, tuple_

from audit.reconcile.expectation import Wanted
from audit.reconcile.versions import Values, Version
from projections.batch_writer import KEYS_IN_A_LIST
from projections.slot_tables import SlotTables, VersionedTables


def tables_of(tables: SlotTables, slot: int) -> list[Table]:
    """Return the table of the rows that hold now, and of versioned ones that of those that held."""
    past = [tables.past[slot]] if isinstance(tables, VersionedTables) else []
    return [tables[slot], *past]


def versions_in(connection: Connection, table: Table, wanted: Wanted) -> Iterator[Version]:
    """Yield the versions of rows that `wanted` has the keys of; `since` is 0 where it is not kept."""
    names = table.c.keys()
    columns: list[ColumnElement[Any]] = [table.c[name] for name in wanted.columns.names]
    columns.append(table.c["since"] if "since" in names else literal(0))
    columns.append(table.c["until"] if "until" in names else literal(None))
    keys = list(wanted.keys)
    for start in range(0, len(keys), KEYS_IN_A_LIST):
        some = _among(table, wanted.by, keys[start : start + KEYS_IN_A_LIST])
        for *values, since, until in connection.execute(select(*columns).where(some)):
            yield Version(since, until, tuple(values))


def count(connection: Connection, table: Table) -> int:
    """Return how many rows a table has."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def pages(connection: Connection, table: Table) -> Iterator[Sequence[RowMapping]]:
    """Yield all rows of a table, some at a time: the columns that say where a row comes from."""
    key = list(table.primary_key)
    last: Values | None = None
    named = [each for each in table.c if each.primary_key or each.name in {"stream", "since"}]
    while True:
        wanted = select(*named).order_by(*key).limit(KEYS_IN_A_LIST)
        if last is not None:
            wanted = wanted.where(tuple_(*key) > tuple_(*map(literal, last)))
        page = connection.execute(wanted).mappings().all()
        if not page:
            return
        yield page
        last = tuple(page[-1][column.name] for column in key)


def _among(table: Table, by: Sequence[str], keys: Sequence[Values]) -> ColumnElement[bool]:
    columns = [table.c[name] for name in by]
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return tuple_(*columns).in_(keys)

"""Finding the rows that an early position had, among many that came later.

In the order of keys they may lie far apart: between them, or after the last of them. So a few are found by
their positions, and sorted; and keys are looked for only up to the greatest that there was.
"""

from operator import itemgetter
from typing import Any

from sqlalchemy import Table, bindparam, func
from sqlalchemy import select as select_columns

from projections import rows
from projections.rows import Filters, Wanted
from projections.slot_tables import SlotTables, block_of
from projections.snapshots import Snapshot
from store.engines import driver_of

FEW = 10_000
"""The number of rows that are sorted as quickly as a page is found among a million others."""


def select(
    snapshot: Snapshot, table: Table, wanted: Wanted, early: Filters, bounds: SlotTables | None
) -> list[dict[str, Any]]:
    """Return rows that match `early` too, whose first filter is by an indexed position.

    The filters of `wanted` are for equality. `bounds` are those of the first column of its order.
    """
    connection, first = snapshot.connection, next(iter(early))
    if wanted.filters.keys() >= set(wanted.order):
        return rows.select(connection, table, wanted.where(early))
    if _are_few(snapshot, table, first, early[first]):
        column = first.rstrip("<=")
        few = Wanted((column,), FEW, None, early, wanted.columns)
        return _page(rows.select(connection, table, few), wanted)
    bound = _bound(snapshot, bounds, wanted.order[0]) if bounds else {}
    return rows.select(connection, table, wanted.where(early, bound))


def _page(found: list[dict[str, Any]], wanted: Wanted) -> list[dict[str, Any]]:
    key, filters = itemgetter(*wanted.order), wanted.filters.items()
    ordered = sorted((row for row in found if filters <= row.items()), key=key)
    if wanted.after is not None:
        last = tuple(wanted.after) if len(wanted.order) > 1 else wanted.after[0]
        ordered = [row for row in ordered if key(row) > last]
    return ordered[: wanted.limit]


def _are_few(snapshot: Snapshot, table: Table, name: str, value: Any) -> bool:
    def make() -> Any:
        column = table.c[name.rstrip("<=")]
        matching = select_columns(column).where(rows.condition(table, name, bindparam(name)))
        return matching.order_by(column).offset(bindparam("few")).limit(1)

    statement = rows.once(snapshot.connection, (table.name, "few", name), make)
    driver = driver_of(snapshot.connection)
    return (
        driver.execute(statement.sql, statement.bind({name: value, "few": FEW})).fetchone() is None
    )


def _bound(snapshot: Snapshot, bounds: SlotTables, column: str) -> Filters:
    """Return the filter by the greatest key of the position's block and of those before."""
    table = bounds[snapshot.slot]
    statement = rows.once(
        snapshot.connection,
        (table.name,),
        lambda: select_columns(func.max(table.c.greatest)).where(table.c.block <= bindparam("to")),
    )
    driver = driver_of(snapshot.connection)
    to = block_of(snapshot.as_of or 0)
    found = driver.execute(statement.sql, statement.bind({"to": to})).fetchone()
    return {f"{column}<=": found[0]}

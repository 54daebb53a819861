"""Finding the rows that an early position had, among many that came later.

In the order of keys they may lie far apart: between them, or after the last of them. So a few are found by
their positions, and sorted; and keys are looked for only up to the greatest that there was.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, Table, bindparam, func, literal
from sqlalchemy import select as select_columns

from projections import rows
from projections.rows import Filters, Wanted
from projections.slot_tables import WITHIN, SlotTables, block_of
from projections.snapshots import Snapshot
from store.engines import driver_of

FEW = 10_000
"""The number of rows that are sorted as quickly as a page is found among a million others."""


def select(
    snapshot: Snapshot, table: Table, wanted: Wanted, early: Filters, bounds: SlotTables | None
) -> list[dict[str, Any]]:
    """Return rows that match `early` too, whose filters are by indexed positions.

    The filters of `wanted` are for equality. `bounds` are those of the first column of its order.
    """
    connection, within = snapshot.connection, table.info.get(WITHIN, ())
    chosen = wanted.where(early)
    if within is None or wanted.filters.keys() >= set(wanted.order):
        return rows.select(connection, table, chosen)
    for name in early:
        if _are_few(snapshot, table, {each: chosen.filters[each] for each in (*within, name)}):
            return rows.select(connection, table, replace(chosen, found_by=(*within, name)))
    bound = _bound(snapshot, bounds, wanted.order[0]) if bounds else {}
    return rows.select(connection, table, chosen.where(bound))


def _are_few(snapshot: Snapshot, table: Table, filters: Filters) -> bool:
    def make() -> Any:
        matching = [rows.condition(table, name, bindparam(name)) for name in filters]
        found = select_columns(literal(1)).where(*matching)
        return found.offset(bindparam("few", type_=BigInteger)).limit(1)

    statement = rows.once(snapshot.connection, (table.name, "few", *filters), make)
    driver = driver_of(snapshot.connection)
    return driver.execute(statement.sql, statement.bind({**filters, "few": FEW})).fetchone() is None


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

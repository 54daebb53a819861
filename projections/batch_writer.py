"""Writing the rows of a batch of events, many rows with one statement."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Insert,
    Table,
    Update,
    bindparam,
    delete,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from projections.slot_tables import SlotTables, VersionedTables, block_of
from projections.statement import Statement, compiled

KEYS_IN_A_LIST = 500
"""The number of keys in one IN list."""


class BatchWriter:
    """Write to one slot's tables; upserts are buffered until `flush`.

    `changed` belongs to the projection, which keeps there what `finish_batch` must write. `position` is
    that of the event being handled: rows of versioned tables hold from it.
    """

    def __init__(self, connection: Connection, slot: int) -> None:
        self.connection = connection
        self.slot = slot
        self.position = 0
        self.changed: dict[Any, Any] = {}
        self._gathered: dict[str, tuple[Table, list[dict[str, Any]]]] = {}
        self._greatest: dict[tuple[Table, int], Any] = {}

    def upsert(self, tables: SlotTables, **row: Any) -> None:
        """Buffer a row; `flush` inserts it, or replaces the row with its key.

        In versioned tables the row must be new: `retire` the one with its key before.
        """
        table = tables[self.slot]
        if isinstance(tables, VersionedTables):
            row["since"] = self.position
            if tables.rising and tables.bounds:
                self.add_key(tables.bounds, self.position, row[tables.rising])
        self._gathered.setdefault(table.name, (table, []))[1].append(row)

    def flush(self) -> None:
        """Write the buffered rows."""
        gathered, self._gathered = self._gathered, {}
        for table, rows in gathered.values():
            statement = _upsert(table, tuple(rows[0]), self.connection)
            self.connection.exec_driver_sql(statement.sql, statement.bind_all(rows))

    def add_key(self, bounds: SlotTables, position: int, key: Any) -> None:
        """Note a key that is new at a position; `finish` writes the greatest of each block."""
        block = bounds[self.slot], block_of(position)
        known = self._greatest.get(block)
        if known is None or key > known:
            self._greatest[block] = key

    def finish(self) -> None:
        """Flush, and raise the bounds of the blocks that have greater keys now."""
        self.flush()
        greatest, self._greatest = self._greatest, {}
        for (table, block), key in greatest.items():
            insert_or_update = INSERTS[self.connection.dialect.name]
            row = insert_or_update(table).values(block=block, greatest=key)
            excluded = row.excluded.greatest
            raised = row.on_conflict_do_update(
                index_elements=["block"],
                set_={"greatest": excluded},
                where=excluded > table.c.greatest,
            )
            self.connection.execute(raised)

    def run(self, statement: Any) -> None:
        """Flush, then run a statement."""
        self.flush()
        self.connection.execute(statement)

    def change(self, tables: SlotTables, which: Mapping[str, Any], **values: Any) -> None:
        """Flush, then change the live row with these values; raises LookupError when there is none."""
        self.flush()
        bound = {f"its_{name}": value for name, value in which.items()}
        bound.update(values, position=self.position)
        for statement in _change(tables, self.slot, tuple(which), tuple(values), self.connection):
            done = self.connection.exec_driver_sql(statement.sql, statement.bind(bound))
        if not done.rowcount:
            raise LookupError(f"no row to change: {statement.sql}")

    def remove(self, tables: SlotTables, *which: ColumnElement[bool]) -> None:
        """Flush, then delete the live rows that match, if there are any."""
        self.retire(tables, *which)
        self.connection.execute(delete(tables[self.slot]).where(*which))

    def retire(self, tables: SlotTables, *which: ColumnElement[bool]) -> None:
        """Flush, then copy the live rows that match into the past of versioned tables.

        Rows of the present position are not: of several changes at one position the last holds.
        """
        self.flush()
        if isinstance(tables, VersionedTables):
            position = literal(self.position, BigInteger)
            self.connection.execute(_retirement(tables, self.slot, which, position))


def _retirement(
    tables: VersionedTables,
    slot: int,
    which: Iterable[ColumnElement[bool]],
    position: ColumnElement[int],
) -> Insert:
    live, past = tables[slot], tables.past[slot]
    superseded = select(*live.c, position).where(*which, live.c.since < position)
    return insert(past).from_select([*live.columns.keys(), "until"], superseded)


def _change(
    tables: SlotTables,
    slot: int,
    keys: tuple[str, ...],
    columns: tuple[str, ...],
    connection: Connection,
) -> list[Statement]:
    """Return the statements that change a row, compiled once."""
    live = tables[slot]
    key = (live.name, keys, columns, connection.dialect.name)
    if key not in _changes:
        which = [live.c[name] == bindparam(f"its_{name}") for name in keys]
        values: dict[str, Any] = {name: bindparam(name) for name in columns}
        statements: list[Insert | Update] = []
        if isinstance(tables, VersionedTables):
            position = bindparam("position", type_=BigInteger)
            statements.append(_retirement(tables, slot, which, position))
            values["since"] = position
        statements.append(update(live).where(*which).values(values))
        _changes[key] = [compiled(each, connection) for each in statements]
    return _changes[key]


def _upsert(table: Table, columns: tuple[str, ...], connection: Connection) -> Statement:
    """Return an upsert, compiled once: compiling costs more than writing a row."""
    key = (table.name, columns, connection.dialect.name)
    if key not in _upserts:
        insert_or_update = INSERTS[connection.dialect.name]
        statement = insert_or_update(table).values({name: bindparam(name) for name in columns})
        keys = [column.name for column in table.primary_key]
        others = {name: statement.excluded[name] for name in columns if name not in keys}
        upsert = statement.on_conflict_do_update(index_elements=keys, set_=others)
        _upserts[key] = compiled(upsert, connection)
    return _upserts[key]


_upserts: dict[tuple[Any, ...], Statement] = {}
_changes: dict[tuple[Any, ...], list[Statement]] = {}
"""By table, columns and database."""
INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

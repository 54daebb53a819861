"""Writing the rows of a batch of events, many rows with one statement."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Table,
    bindparam,
    delete,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from projections.slot_tables import SlotTables, VersionedTables
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

    def upsert(self, tables: SlotTables, **row: Any) -> None:
        """Buffer a row; `flush` inserts it, or replaces the row with its key.

        In versioned tables the row must be new: `retire` the one with its key before.
        """
        table = tables[self.slot]
        if isinstance(tables, VersionedTables):
            row["since"] = self.position
        self._gathered.setdefault(table.name, (table, []))[1].append(row)

    def flush(self) -> None:
        """Write the buffered rows."""
        gathered, self._gathered = self._gathered, {}
        for table, rows in gathered.values():
            statement = _upsert(table, tuple(rows[0]), self.connection)
            self.connection.exec_driver_sql(statement.sql, statement.bind_all(rows))

    def run(self, statement: Any) -> None:
        """Flush, then run a statement."""
        self.flush()
        self.connection.execute(statement)

    def change(self, tables: SlotTables, *which: ColumnElement[bool], **values: Any) -> None:
        """Flush, then change the live rows that match; raises LookupError when there are none."""
        self.retire(tables, *which)
        if isinstance(tables, VersionedTables):
            values["since"] = self.position
        changed = update(tables[self.slot]).where(*which).values(**values)
        if not self.connection.execute(changed).rowcount:
            raise LookupError(f"no row to change: {changed}")

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
            live, past = tables[self.slot], tables.past[self.slot]
            superseded = select(*live.c, literal(self.position, BigInteger))
            superseded = superseded.where(*which, live.c.since < self.position)
            names = [*live.columns.keys(), "until"]
            self.connection.execute(insert(past).from_select(names, superseded))


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
"""By table, columns and database."""
INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

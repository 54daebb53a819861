"""Writing the rows of a batch of events, many rows with one statement."""

from typing import Any

from sqlalchemy import Connection, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from projections.slot_tables import SlotTables
from projections.statement import Statement, compiled

KEYS_IN_A_LIST = 500
"""The number of keys in one IN list."""


class BatchWriter:
    """Write to one slot's tables; upserts are buffered until `flush`.

    `changed` belongs to the projection, which keeps there what `finish_batch` must write.
    """

    def __init__(self, connection: Connection, slot: int) -> None:
        self.connection = connection
        self.slot = slot
        self.changed: dict[Any, Any] = {}
        self._gathered: dict[str, tuple[Table, list[dict[str, Any]]]] = {}

    def upsert(self, tables: SlotTables, **row: Any) -> None:
        """Buffer a row; `flush` inserts it, or replaces the row with its key."""
        table = tables[self.slot]
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

    def change(self, statement: Any) -> None:
        """Flush, then run an update or delete; raises LookupError when it finds no row."""
        self.flush()
        if not self.connection.execute(statement).rowcount:
            raise LookupError(f"no row to change: {statement}")


def _upsert(table: Table, columns: tuple[str, ...], connection: Connection) -> Statement:
    """Return an upsert, compiled once: compiling costs more than writing a row."""
    key = (table.name, columns, connection.dialect.name)
    if key not in _upserts:
        insert = INSERTS[connection.dialect.name]
        statement = insert(table).values({name: bindparam(name) for name in columns})
        keys = [column.name for column in table.primary_key]
        others = {name: statement.excluded[name] for name in columns if name not in keys}
        upsert = statement.on_conflict_do_update(index_elements=keys, set_=others)
        _upserts[key] = compiled(upsert, connection)
    return _upserts[key]


_upserts: dict[tuple[Any, ...], Statement] = {}
"""By table, columns and database."""
INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

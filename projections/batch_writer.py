"""Writing the rows that follow from a batch of events, many rows with one statement."""

from typing import Any

from sqlalchemy import Connection, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from projections.slot_tables import SlotTables
from projections.statement import Statement, compiled


class BatchWriter:
    """Write to one slot's tables; upserts are gathered until `flush`.

    `changed` is for the projection: what it has to do when the batch is complete.
    """

    def __init__(self, connection: Connection, slot: int) -> None:
        self.connection = connection
        self.slot = slot
        self.changed: dict[Any, Any] = {}
        self._gathered: dict[str, tuple[Table, list[dict[str, Any]]]] = {}

    def upsert(self, tables: SlotTables, **row: Any) -> None:
        """Insert a row, or replace the one with its key, at the latest by `flush`."""
        table = tables[self.slot]
        self._gathered.setdefault(table.name, (table, []))[1].append(row)

    def flush(self) -> None:
        """Write the gathered rows."""
        gathered, self._gathered = self._gathered, {}
        for table, rows in gathered.values():
            statement = _upsert(table, tuple(rows[0]), self.connection)
            self.connection.exec_driver_sql(statement.sql, statement.bind_all(rows))

    def run(self, statement: Any) -> None:
        """Run a statement, after the rows that were gathered before it."""
        self.flush()
        self.connection.execute(statement)

    def change(self, statement: Any) -> None:
        """Run an update or delete that must find its row; LookupError when it does not."""
        self.flush()
        if not self.connection.execute(statement).rowcount:
            raise LookupError(f"no row to change: {statement}")


def _upsert(table: Table, columns: tuple[str, ...], connection: Connection) -> Statement:
    """Compile an upsert once: done for each row anew, it would cost more than the row."""
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

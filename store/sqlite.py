"""The embedded store: one SQLite file in WAL mode, written by one group commit per process."""

import sqlite3
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, cast

from eventsourcing import persistence
from eventsourcing import sqlite as library

from store import factory
from store.errors import translated_errors
from store.event_queries import (
    SELECT,
    SELECT_STREAMS,
    SELECT_WHOLE,
    RecordedEvent,
    notifications,
)
from store.recorder import EventProcessRecorder, EventRecorder
from store.sqlite_connection import SqliteQueries, connect
from store.sqlite_file import SqliteFile
from store.sqlite_session import SqliteSession, SqliteUnitOfWork
from store.sqlite_tables import ADDED, COLUMNS, INDEXES, TABLES
from store.stored_rows import HashedRow, StoredRow
from store.unit_of_work import UnitOfWork


class Recorder(SqliteQueries, EventRecorder, library.SQLiteApplicationRecorder):
    """Record events at positions that survive a VACUUM, and read them on a connection of its own."""

    def __init__(self, datastore: library.SQLiteDatastore, **_: Any) -> None:
        super().__init__(datastore)
        self.file = SqliteFile(datastore.pool.db_name)
        self._open(SqliteSession(self.file))
        self._reader: sqlite3.Connection | None = None

    def construct_create_table_statements(self) -> list[str]:
        """Return the statements that make the table with its position as the key, and its triggers."""
        return list(TABLES)

    def _create_table(self, c: library.SQLiteCursor) -> None:
        """Create what is missing, the columns that the first versions did not have included."""
        super()._create_table(c)
        c.execute(COLUMNS)
        present = {row[0] for row in c.fetchall()}
        for name, kind in ADDED.items():
            if name.strip('"') not in present:
                c.execute(f"ALTER TABLE stored_events ADD COLUMN {name} {kind}")
        for index in INDEXES:
            c.execute(index)

    def select_batch(
        self, after: int, *, topics: Sequence[str], limit: int, max_bytes: int
    ) -> tuple[list[RecordedEvent], int]:
        """Return the events after a position, and the position that they reach; see EventRecorder."""
        self.check()
        reached = self.max_notification_id()
        # The `+` keeps SQLite from the indexes on topics, by which it would sort the whole log.
        among = f"AND +topic IN ({','.join('?' * len(topics))})" if topics else ""
        statement = f"{SELECT}WHERE position > ? {among} ORDER BY position LIMIT ?"
        rows, cut = self._first(statement, [after, *topics, limit], max_bytes)
        if cut or len(rows) == limit:
            return notifications(rows), rows[-1][0]
        # The second statement may have seen more than the first.
        return notifications(rows), max(reached, rows[-1][0] if rows else 0)

    def select_rows(self, after: int, *, limit: int, max_bytes: int) -> list[StoredRow]:
        """Return all columns of the events after a position; see EventRecorder."""
        self.check()
        statement = f"{SELECT_WHOLE}WHERE position > ? ORDER BY position LIMIT ?"
        return self._first(statement, [after, limit], max_bytes)[0]

    def select_hashed(
        self, after: int, *, limit: int, max_bytes: int
    ) -> tuple[list[HashedRow], bool]:
        """Return the events after a position with the hashes of their states; see EventRecorder."""
        self.check()
        statement = f"{SELECT}WHERE position > ? ORDER BY position LIMIT ?"
        rows, cut = self._first(statement, [after, limit], max_bytes)
        return [
            (position, time, stream, version, topic, sha256(state).hexdigest())
            for position, stream, version, topic, state, time in rows
        ], cut

    def select_by_stream(
        self, after: tuple[str, int], below: str, *, reached: int, limit: int, max_bytes: int
    ) -> list[RecordedEvent]:
        """Return the events after a stream and version, in this order; see EventRecorder."""
        values = [*after, below, reached, limit]
        return notifications(self._first(SELECT_STREAMS, values, max_bytes)[0])

    def _first(
        self, statement: str, values: Sequence[Any], max_bytes: int
    ) -> tuple[list[Any], bool]:
        """Return the first rows, up to so many bytes of state, and whether others may follow."""
        rows: list[Any] = []
        size = 0
        with translated_errors:
            for row in self._connected().execute(statement, values):
                rows.append(row)
                if not isinstance(row[4], bytes):
                    raise persistence.DataError(f"position {row[0]}: its state is not bytes")
                size += len(row[4])
                if size >= max_bytes:
                    return rows, True
        return rows, False

    def _connected(self) -> sqlite3.Connection:
        """Return this process's one reading connection, which waits for no writer."""
        if self._reader is None:
            self._reader = connect(self.file)
        return self._reader

    def check(self) -> None:
        """Raise OperationalError when the file was removed or replaced since it was opened."""
        self.file.check()

    def close(self) -> None:
        """Close both connections; the library's pool closes its own."""
        super().close()
        if self._reader is not None:
            self._reader.close()
            self._reader = None


class ProcessRecorder(EventProcessRecorder, library.SQLiteProcessRecorder, Recorder):
    """Record events together with tracking records, in the library's own table for those."""

    def _track(self, transaction: UnitOfWork, tracking: persistence.Tracking) -> None:
        connection = cast(SqliteUnitOfWork, transaction).connection
        with translated_errors:
            self._insert_tracking(library.SQLiteCursor(connection.cursor()), tracking)


class Factory(factory.StoreFactory, library.SQLiteFactory):
    """Build the embedded store's parts for eventsourcing's Application, from SQLITE_DBNAME."""

    application_recorder_class: type[library.SQLiteApplicationRecorder] = Recorder
    process_recorder_class: type[library.SQLiteProcessRecorder] = ProcessRecorder

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        if self.datastore.pool.is_sqlite_memory_mode:
            raise OSError(
                "the embedded store is a file: it reads and writes on several connections"
            )
        self.datastore.originator_id_type = "text"

    def application_recorder(self) -> persistence.ApplicationRecorder:
        """Return a recorder of the file that SQLITE_IDENTITY names, if it does; see SqliteFile."""
        made = super().application_recorder()
        if isinstance(made, Recorder):
            made.file.expect(self.env.get("SQLITE_IDENTITY") or "")
        return made

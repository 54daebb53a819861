"""The writing connection of a process to an SQLite file, and its transactions."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from store.errors import translated_errors
from store.sqlite_connection import SqliteQueries, connect
from store.sqlite_file import SqliteFile
from store.stored_rows import COLUMNS, Row, WholeRow, check_successive, recording_time
from store.unit_of_work import UnitOfWork

T = TypeVar("T")
FILE_LOCK_SECONDS = 5.0
"""How long a group waits for another process's transaction before its jobs fail."""
LOCK_POLL_SECONDS = 0.0005
INSERT = f"INSERT INTO stored_events ({', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
COPY = f"""INSERT INTO stored_events (position, {", ".join(COLUMNS)})
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""  # noqa: S608
LAST_TIME = "SELECT recorded_at FROM stored_events ORDER BY position DESC LIMIT 1"


class SqliteUnitOfWork(SqliteQueries, UnitOfWork):
    """Read and write in an open transaction that has the lock of the file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._recorded_at: int | None = None

    def _connected(self) -> sqlite3.Connection:
        return self.connection

    def append(self, rows: Sequence[Row]) -> list[int]:
        """Insert rows and return their positions; raises IntegrityError when a version is taken."""
        with translated_errors:
            if self._recorded_at is None:
                self._recorded_at = recording_time(self._last_time())
            time = self._recorded_at
            return [self.connection.execute(INSERT, (*row, time)).lastrowid or 0 for row in rows]

    def copy_rows(self, rows: Sequence[WholeRow]) -> None:
        """Insert rows as they are elsewhere; raises IntegrityError unless they follow the last position."""
        check_successive(rows, self.max_notification_id())
        with translated_errors:
            self.connection.executemany(COPY, rows)

    def _last_time(self) -> int:
        found = self.connection.execute(LAST_TIME).fetchone()
        return found[0] if found else 0


class SqliteSession:
    """Begin, commit and roll back transactions on one connection, reopened after a failure."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None
        self._transaction: SqliteUnitOfWork | None = None

    def begin(self) -> None:
        """Take the write lock, polling with sleeps, so that other greenlets run meanwhile."""
        deadline = time.monotonic() + FILE_LOCK_SECONDS
        with translated_errors:
            self._file.check()
            connection = self._connection = self._connection or connect(self._file)
            while True:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    connection.execute("SAVEPOINT work")
                    self._file.remember_log()
                except sqlite3.OperationalError as error:
                    busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                    if not busy or time.monotonic() > deadline:
                        raise
                    time.sleep(LOCK_POLL_SECONDS)
                else:
                    self._transaction = SqliteUnitOfWork(connection)
                    return

    def prefetch_versions(self, streams: Sequence[str]) -> None:
        """Do nothing: a query costs no round trip here."""

    def flush(self) -> None:
        """Do nothing: every row is inserted at once."""

    def run(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run one job; its error spoils the transaction for all."""
        assert self._transaction is not None, "begin() comes first"
        return work(self._transaction)

    def restart(self) -> None:
        """Roll back to the transaction's begin, and keep its lock."""
        self._execute("ROLLBACK TO work")

    def run_in_savepoint(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run one job; an error rolls back its part and no other's."""
        self._execute("SAVEPOINT job")
        kept = False
        try:
            result = self.run(work)
            kept = True
        finally:
            if not kept:
                self._execute("ROLLBACK TO job")
            self._execute("RELEASE job")
        return result

    def commit(self) -> None:
        """Return when the transaction is on disk: with synchronous=FULL, SQLite syncs the WAL first.

        Raises OperationalError when the file or its log were removed or replaced meanwhile: nobody will
        find there what was written.
        """
        self._execute("COMMIT")
        self._file.check()

    def abandon(self) -> None:
        """Roll back by closing: after a full disk or a failed sync the connection can't be trusted."""
        if self._connection is not None:
            self._file.forget_log()
            self._connection.close()
            self._connection = None

    def _execute(self, statement: str) -> None:
        with translated_errors:
            self._opened().execute(statement)

    def _opened(self) -> sqlite3.Connection:
        assert self._connection is not None, "begin() comes first"
        return self._connection

"""The writing connection of a process to an SQLite file: its transactions, and whose turn it is."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from eventsourcing import persistence

T = TypeVar("T")
PATIENCE_SECONDS = 5.0
"""How long a group waits for another process's transaction before its members are told to come back."""
CHECKPOINT_PAGES = 32_000
"""How long the write-ahead log may grow, about 128 MiB, before a commit pays for copying it back."""
CACHE_KIB = 16 * 1024


@contextmanager
def translated() -> Iterator[None]:
    """Raise eventsourcing's errors for SQLite's: a refused row, or a database that can't serve now."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise persistence.IntegrityError(str(error)) from error
    except sqlite3.Error as error:
        raise persistence.OperationalError(str(error)) from error


def connect(path: str) -> sqlite3.Connection:
    """Open a connection that waits for nobody and whose commits wait for the disk."""
    connection = sqlite3.connect(
        path, timeout=0, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return connection


class Session:
    """One process's writing connection: synchronous, impatient with nobody, reopened after a failure."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def begin(self) -> None:
        """Take the write lock; others' turns are waited for in naps, so that greenlets go on."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with translated():
            connection = self._connection = self._connection or connect(self._path)
            while True:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    connection.execute("SAVEPOINT work")
                except sqlite3.OperationalError as error:
                    busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                    if not busy or time.monotonic() > deadline:
                        raise
                    time.sleep(0.0005)
                else:
                    return

    def look_ahead(self, streams: Sequence[str]) -> None:
        """Do nothing: to look when asked costs no round trip here."""

    def flush(self) -> None:
        """Do nothing: every row is written at once."""

    def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do one member's work; a refusal spoils the transaction for all."""
        assert self._connection is not None, "begin() comes first"
        with translated():
            return work(self._connection)

    def restart(self) -> None:
        """Take back what was done since the transaction began, and keep its lock."""
        assert self._connection is not None, "begin() comes first"
        with translated():
            self._connection.execute("ROLLBACK TO work")

    def shield(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do one member's work; a refusal takes back its part and no other's."""
        assert self._connection is not None, "begin() comes first"
        with translated():
            self._connection.execute("SAVEPOINT member")
            kept = False
            try:
                result = work(self._connection)
                kept = True
            finally:
                if not kept:
                    self._connection.execute("ROLLBACK TO member")
                self._connection.execute("RELEASE member")
        return result

    def commit(self) -> None:
        """Return when the transaction is on disk: with synchronous=FULL, SQLite syncs the WAL first."""
        assert self._connection is not None, "begin() comes first"
        with translated():
            self._connection.execute("COMMIT")

    def abandon(self) -> None:
        """Roll back by closing: after a full disk or a failed sync the connection can't be trusted."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

"""The store of one experiment, an SQLite file or a PostgreSQL database, inspected past the service."""

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from typing import Protocol

import psycopg

from store.advisory_locks import LOCK_NAMESPACE
from tests.harness.postgres import Server

StoredEvent = tuple[int, str, str, bytes]
"""Position, stream, topic and state of a stored event."""
SELECT_ALL = "SELECT position, originator_id, topic, state FROM stored_events ORDER BY position"
SELECT_PROJECTOR_LOCK = f"""SELECT 1 FROM pg_locks WHERE granted AND locktype = 'advisory'
AND classid = {LOCK_NAMESPACE} AND objid = {zlib.crc32(b"writing") >> 1}"""


class StoreUnderTest(Protocol):
    """The interface that experiments need of a store."""

    @property
    def folder(self) -> Path: ...
    @property
    def settings(self) -> dict[str, str]: ...
    def stored_events(self) -> list[StoredEvent]: ...
    def integrity_errors(self) -> list[str]: ...
    def is_projecting(self) -> bool: ...


class SqliteStore:
    """The ledger and the read models as two files in the service's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger, self.views = folder / "ledger.db", folder / "views.db"

    @property
    def settings(self) -> dict[str, str]:
        """Return the environment variables that select this store."""
        return {
            "DATABASE_URL": f"sqlite:///{self.ledger}",
            "VIEWS_DATABASE_URL": f"sqlite:///{self.views}",
        }

    def stored_events(self) -> list[StoredEvent]:
        """Read all events in the order of their positions."""
        with closing(sqlite3.connect(self.ledger)) as connection:
            return connection.execute(SELECT_ALL).fetchall()

    def integrity_errors(self) -> list[str]:
        """Return the errors that SQLite's integrity check finds."""
        errors = []
        for file in (self.ledger, self.views):
            with closing(sqlite3.connect(file)) as connection:
                ((result,),) = connection.execute("PRAGMA integrity_check(1)").fetchall()
            if result != "ok":
                errors.append(f"{file.name}: {result}")
        return errors

    def is_projecting(self) -> bool:
        """Return whether the projector holds the write lock, so is in the middle of a batch."""
        with closing(sqlite3.connect(self.views, timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            connection.execute("ROLLBACK")
            return False


class PostgresStore:
    """A database of a PostgreSQL server; the service may reach it by another URL than the checks."""

    def __init__(self, folder: Path, server: Server, database: str, url: str | None = None) -> None:
        self.folder = folder
        self.server, self.database = server, database
        self.direct_url = server.url(database)
        self.url = url or self.direct_url

    @property
    def settings(self) -> dict[str, str]:
        """Return the environment variables that select this store."""
        return {"DATABASE_URL": self.url, "VIEWS_DATABASE_URL": ""}

    def stored_events(self) -> list[StoredEvent]:
        """Read all events in the order of their positions."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(SELECT_ALL).fetchall()

    def integrity_errors(self) -> list[str]:
        """Return nothing: the server reports corrupt pages when the events are read."""
        return []

    def is_projecting(self) -> bool:
        """Return whether the projector holds the write lock, so is in the middle of a batch."""
        with psycopg.connect(self.direct_url) as connection:
            return connection.execute(SELECT_PROJECTOR_LOCK).fetchone() is not None

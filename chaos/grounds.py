"""What the service stands on: an SQLite file, or a PostgreSQL database; and what is seen from beside it."""

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from typing import Protocol

import psycopg

from store.advisory_locks import LOCK_NAMESPACE
from tests.postgres import Server

Stored = tuple[int, str, str, bytes]
"""A stored event: its position, stream, topic and state."""
ALL = "SELECT position, originator_id, topic, state FROM stored_events ORDER BY position"
PROJECTING = f"""SELECT 1 FROM pg_locks WHERE granted AND locktype = 'advisory'
AND classid = {LOCK_NAMESPACE} AND objid = {zlib.crc32(b"writing") >> 1}"""


class Ground(Protocol):
    """What a row needs to know of its store."""

    @property
    def folder(self) -> Path: ...
    @property
    def settings(self) -> dict[str, str]: ...
    def stored(self) -> list[Stored]: ...
    def flaws(self) -> list[str]: ...
    def projecting(self) -> bool: ...


class Sqlite:
    """Two files in the service's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger, self.views = folder / "ledger.db", folder / "views.db"

    @property
    def settings(self) -> dict[str, str]:
        """Return the variables that lead there."""
        return {
            "DATABASE_URL": f"sqlite:///{self.ledger}",
            "VIEWS_DATABASE_URL": f"sqlite:///{self.views}",
        }

    def stored(self) -> list[Stored]:
        """Read the whole ledger past the service."""
        with closing(sqlite3.connect(self.ledger)) as connection:
            return connection.execute(ALL).fetchall()

    def flaws(self) -> list[str]:
        """Say what SQLite finds wrong with its files."""
        found = []
        for file in (self.ledger, self.views):
            with closing(sqlite3.connect(file)) as connection:
                ((said,),) = connection.execute("PRAGMA integrity_check(1)").fetchall()
            if said != "ok":
                found.append(f"{file.name}: {said}")
        return found

    def projecting(self) -> bool:
        """Say whether the projector is in the middle of a batch: it holds the lock of who writes."""
        with closing(sqlite3.connect(self.views, timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            connection.execute("ROLLBACK")
            return False


class Postgres:
    """A database of a server; `url` is how the service gets there, if not directly."""

    def __init__(self, folder: Path, server: Server, database: str, url: str | None = None) -> None:
        self.folder = folder
        self.server, self.database = server, database
        self.direct = server.url(database)
        self.url = url or self.direct

    @property
    def settings(self) -> dict[str, str]:
        """Return the variables that lead there."""
        return {"DATABASE_URL": self.url, "VIEWS_DATABASE_URL": ""}

    def stored(self) -> list[Stored]:
        """Read the whole ledger past the service."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(ALL).fetchall()

    def flaws(self) -> list[str]:
        """Say nothing: the server finds out by itself what it can't read."""
        return []

    def projecting(self) -> bool:
        """Say whether the projector is in the middle of a batch: it holds the lock of who writes."""
        with psycopg.connect(self.direct) as connection:
            return connection.execute(PROJECTING).fetchone() is not None

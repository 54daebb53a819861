"""A connection without anything of ours: what a backup, a script or a person has."""

import sqlite3
from typing import Any

import psycopg
from sqlalchemy import make_url

from store.advisory_locks import APPEND_LOCK
from store.urls import is_postgres

REFUSALS = (sqlite3.Error, psycopg.Error)
STORED = "SELECT position, originator_id, originator_version FROM stored_events ORDER BY position"


class Plain:
    """Ask a database of either kind; `%s` stands for a value in each statement."""

    def __init__(self, url: str) -> None:
        self.on_postgres = is_postgres(url)
        self.connection: Any = self._connect(url)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        marked = statement if self.on_postgres else statement.replace("%s", "?")
        cursor = self.connection.execute(marked, values)
        return cursor.fetchall() if cursor.description else []

    def stored(self) -> list[tuple[int, str, int]]:
        """Return position, stream and version of everything that is stored."""
        return [(position, stream, version) for position, stream, version in self.query(STORED)]

    def is_sound(self) -> bool:
        """Say whether the database finds no fault with itself."""
        return self.on_postgres or self.query("PRAGMA integrity_check") == [("ok",)]

    def hold_up(self) -> None:
        """Let nobody else append from now on."""
        self.query("BEGIN" if self.on_postgres else "BEGIN IMMEDIATE")
        if self.on_postgres:
            self.query(APPEND_LOCK)

    def let_go(self) -> None:
        """Let others append again; without having held them up, it does nothing."""
        if self.on_postgres or self.connection.in_transaction:
            self.connection.rollback()

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def _connect(self, url: str) -> Any:
        if self.on_postgres:
            return psycopg.connect(url, autocommit=True)
        file = make_url(url).database or ""
        return sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)

"""The databases that read models are kept in: an SQLite file, or a schema of PostgreSQL."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from eventsourcing.persistence import OperationalError
from sqlalchemy import Connection, Engine

from store.urls import is_postgres

StillHeld = Callable[[], bool]
"""A function that says whether a lock is still held."""


class Locked(Exception):
    """Another process holds the lock."""


class Damaged(OperationalError):
    """The file of the read models is damaged, and was set aside; the message names both."""


class Database(Protocol):
    """The interface of both databases: snapshots, write transactions, locks, and clocks.

    `engine` is for occasional queries, `writer` for the only transaction that may write. A transaction of
    `isolated` sees one state of all tables, however long it lasts.
    """

    schema: str | None

    @property
    def engine(self) -> Engine: ...
    @property
    def writer(self) -> Engine: ...
    @property
    def isolated(self) -> Engine: ...
    def connect(self) -> Connection: ...
    def close(self) -> None: ...
    def is_current(self) -> bool: ...
    def set_aside(self, error: Exception, opened: Mapping[str, str]) -> None: ...
    def reusable(self, driver: Any) -> bool: ...
    def begin_snapshot(self, driver: Any, state: str) -> tuple[Any, ...]: ...
    def prepare(self, connection: Connection) -> None: ...
    def lock(self, name: str) -> AbstractContextManager[StillHeld]: ...
    def now(self, connection: Connection) -> float: ...


def database(url: str) -> Database:
    """Return the database of a URL; it connects on first use."""
    if is_postgres(url):
        from projections.databases.postgres import PostgresDatabase

        return PostgresDatabase(url)
    from projections.databases.sqlite import SqliteDatabase

    return SqliteDatabase(url)

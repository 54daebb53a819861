"""Reading and changing the registry, with a cache that every change invalidates."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Generic, TypeVar

import psycopg
from sqlalchemy import Connection, insert, select, update

from registry.tables import changes, metadata
from store.engines import driver_of, engine
from store.postgres_session import MIGRATING
from store.together import Together
from store.trouble import UNAVAILABLE
from store.urls import is_postgres

T = TypeVar("T")
VERSION = "SELECT count FROM registry_changes"


def timestamp(timespec: str = "seconds") -> str:
    """Return the time in the form that the registry's rows use: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec=timespec)


class Registry:
    """Read and change the tables; changes are counted, so that readers can cache rows."""

    def __init__(self, url: str) -> None:
        # Readers never wait; a second writer waits for the first.
        shared = is_postgres(url)
        self._engine = engine(url, begin="BEGIN" if shared else "BEGIN IMMEDIATE", pool_size=2)
        self._reader = self._engine.execution_options(begin="BEGIN")
        self._version = Together(self._probe) if shared else None
        self._kept: Connection | None = None

    def migrate(self) -> None:
        """Create missing tables; concurrent migrations wait for one another."""
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(MIGRATING)
            metadata.create_all(connection)
            if connection.scalar(select(changes.c.count)) is None:
                connection.execute(insert(changes).values(only=1, count=0))

    def version(self) -> int:
        """Return the number of changes so far.

        Every request calls it: so without SQLAlchemy's overhead, on a kept connection, and on
        PostgreSQL with one query for all concurrent calls.
        """
        return self._probe() if self._version is None else self._version.get()

    def _probe(self) -> int:
        kept = self._kept
        self._kept = kept or self._reader.connect()
        try:
            (count,) = driver_of(self._kept).execute(VERSION).fetchone()
        except psycopg.OperationalError:
            self._forget()
            if kept is None:
                raise
            return self._probe()
        return int(count)

    def _forget(self) -> None:
        if self._kept is not None:
            self._kept.invalidate()
            self._kept.close()
            self._kept = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection for reading."""
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """Open a write transaction, and count the change."""
        with self._engine.begin() as connection:
            connection.execute(update(changes).values(count=changes.c.count + 1))
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._forget()
        self._engine.dispose()


class Cached(Generic[T]):
    """Cache rows of the registry until its number of changes rises, so that no ended key verifies.

    While the registry can't be reached, the cached rows are used: it can't be changed either.
    """

    def __init__(self, registry: Registry, load: Callable[[Connection], T]) -> None:
        self._registry = registry
        self._load = load
        self._lock = threading.Lock()
        self._kept: tuple[int, T] | None = None

    def get(self) -> T:
        """Return the current rows."""
        try:
            return self._now()
        except UNAVAILABLE:
            if self._kept is None:
                raise
            return self._kept[1]

    def _now(self) -> T:
        version = self._registry.version()
        kept = self._kept
        if kept is None or kept[0] != version:
            with self._lock, self._registry.reading() as connection:
                kept = self._kept = (version, self._load(connection))
        return kept[1]

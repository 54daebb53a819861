"""Who may send and who may read: kept in the ledger's database, beside the events."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import psycopg
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    select,
    update,
)

from store.engines import driver_of, engine
from store.postgres_session import MIGRATING
from store.together import Together
from store.trouble import UNAVAILABLE
from store.urls import is_postgres

T = TypeVar("T")
VERSION = "SELECT count FROM registry_changes"
metadata = MetaData()
sources = Table(
    "sources",
    metadata,
    Column("name", String, primary_key=True),
    Column("scheme", String, nullable=False),
    Column("tolerance", Integer, nullable=False),
    Column("header", String, nullable=False),
    Column("prefix", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("retired_at", String),
)
source_keys = Table(
    "source_keys",
    metadata,
    Column("source", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("secret", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("expired_at", String),
)
clients = Table(
    "clients",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("key_hash", String, nullable=False, unique=True),
    Column("roles", String, nullable=False),
    Column("organization", BigInteger),
    Column("created_at", String, nullable=False),
    Column("revoked_at", String),
)
changes = Table(
    "registry_changes",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("count", BigInteger, nullable=False),
)


class Registry:
    """Read and change the tables; every change is counted, so that readers can keep what they read."""

    def __init__(self, url: str) -> None:
        # Readers wait for nobody; of writers, a second one waits for its turn.
        shared = is_postgres(url)
        self._engine = engine(url, begin="BEGIN" if shared else "BEGIN IMMEDIATE", pool_size=2)
        self._reader = self._engine.execution_options(begin="BEGIN")
        self._version = Together(self._probe) if shared else None
        self._kept: Connection | None = None

    def migrate(self) -> None:
        """Make the tables that are missing; of any that try at once, one does and the others wait."""
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(MIGRATING)
            metadata.create_all(connection)
            if connection.scalar(select(changes.c.count)) is None:
                connection.execute(insert(changes).values(only=1, count=0))

    def version(self) -> int:
        """Count the changes made so far.

        Asked for by every request, so past SQLAlchemy, on a connection that is kept for it; and where
        that takes a round trip, once for all who ask at the same time.
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
        """Open the transaction of a change, and count it."""
        with self._engine.begin() as connection:
            connection.execute(update(changes).values(count=changes.c.count + 1))
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._forget()
        self._engine.dispose()


class Cached(Generic[T]):
    """Keep what was read from the registry until its count of changes moves: no stale key verifies.

    While the registry can't be reached, and so can't be changed either, what was last read counts.
    """

    def __init__(self, registry: Registry, load: Callable[[Connection], T]) -> None:
        self._registry = registry
        self._load = load
        self._lock = threading.Lock()
        self._kept: tuple[int, T] | None = None

    def get(self) -> T:
        """Return what the tables say now."""
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

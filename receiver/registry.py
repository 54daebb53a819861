"""Who may send and who may read: kept in the ledger's database, beside the events."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    select,
    update,
)

T = TypeVar("T")
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
        self._engine = create_engine(url, connect_args={"timeout": 10})

        @event.listens_for(self._engine, "connect")
        def prepare(connection: Any, _: Any) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA synchronous = FULL")

        @event.listens_for(self._engine, "begin")
        def begin(connection: Connection) -> None:
            # Readers wait for nobody; of writers, a second one waits for its turn.
            reads = connection.get_execution_options().get("reads", False)
            connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

        self._reader = self._engine.execution_options(reads=True)
        self._probe: Any = None

    def migrate(self) -> None:
        """Make the tables that are missing."""
        with self._engine.begin() as connection:
            metadata.create_all(connection)
            if connection.scalar(select(changes.c.count)) is None:
                connection.execute(insert(changes).values(only=1, count=0))

    def version(self) -> int:
        """Count the changes made so far.

        Asked for by every request, so past SQLAlchemy, on a connection that is kept for it.
        """
        if self._probe is None:
            self._probe = self._engine.raw_connection()
        return int(
            self._probe.driver_connection.execute("SELECT count FROM registry_changes").fetchone()[
                0
            ]
        )

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
        """Close every pooled connection."""
        self._engine.dispose()


class Cached(Generic[T]):
    """Keep what was read from the registry until its count of changes moves: no stale key verifies."""

    def __init__(self, registry: Registry, load: Callable[[Connection], T]) -> None:
        self._registry = registry
        self._load = load
        self._lock = threading.Lock()
        self._kept: tuple[int, T] | None = None

    def get(self) -> T:
        """Return what the tables say now."""
        version = self._registry.version()
        kept = self._kept
        if kept is None or kept[0] != version:
            with self._lock, self._registry.reading() as connection:
                kept = self._kept = (version, self._load(connection))
        return kept[1]

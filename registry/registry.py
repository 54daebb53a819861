"""Reading and changing the registry, with an event for each change, and a count of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from eventsourcing.persistence import Mapper
from sqlalchemy import Connection, insert, inspect, select, update

from domain.cause import Cause
from domain.stream_repository import StreamRepository
from registry.tables import changes, metadata
from store.advisory_locks import MIGRATION_LOCK
from store.coalesced_query import CoalescedQuery
from store.engines import Pragmas, driver_of, engine
from store.errors import translated_errors
from store.postgres_begin import READ_COMMITTED
from store.postgres_pool import PostgresPool
from store.postgres_queries import run
from store.shared_transactions import unit_of_work
from store.sqlite_file import SqliteFile
from store.urls import is_postgres

VERSION = "SELECT count FROM registry_changes"
BEGIN_NOTE = "BEGIN; SET LOCAL synchronous_commit = off"
"""Begins a transaction on PostgreSQL that waits for no disk."""
BRIEFLY: Pragmas = {"synchronous": "NORMAL", "busy_timeout": 10}
"""The same on SQLite; it waits 10 ms for another writer and no longer, since it holds up a worker."""


def timestamp(timespec: str = "seconds") -> str:
    """Return the time in the form that the registry's rows use: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec=timespec)


class Registry:
    """Read and change the tables; changes are counted, so that readers can cache rows."""

    def __init__(self, url: str, mapper: Mapper[Any], file: SqliteFile | None = None) -> None:
        self._mapper = mapper
        # Readers never wait; a second writer waits for the first.
        shared = is_postgres(url)
        begin = READ_COMMITTED if shared else "BEGIN IMMEDIATE"
        self._engine = engine(url, begin=begin, pool_size=2, file=file)
        self._reader = self._engine.execution_options(begin="BEGIN")
        self._noter = (
            self._engine.execution_options(begin=BEGIN_NOTE)
            if shared
            else engine(url, begin="BEGIN IMMEDIATE", pragmas=BRIEFLY, file=file)
        )
        self._pool = PostgresPool(url, 1) if shared else None
        self._shared_version = CoalescedQuery(self._ask_version)
        self._kept: Connection | None = None

    def migrate(self) -> None:
        """Create missing tables; concurrent migrations wait for one another."""
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(MIGRATION_LOCK)
            metadata.create_all(connection)
            if connection.scalar(select(changes.c.count)) is None:
                connection.execute(insert(changes).values(only=1, count=0))

    def is_complete(self) -> bool:
        """Say whether every table exists."""
        with self.reading() as connection:
            return metadata.tables.keys() <= set(inspect(connection).get_table_names())

    def version(self) -> int:
        """Return the number of changes so far.

        Every request calls it: so without SQLAlchemy's overhead, on a kept connection, and on
        PostgreSQL with one query for all concurrent calls.
        """
        if self._pool is not None:
            return self._shared_version.get()
        self._kept = self._kept or self._reader.connect()
        (count,) = driver_of(self._kept).execute(VERSION).fetchone()
        return int(count)

    def _ask_version(self) -> int:
        assert self._pool is not None, "PostgreSQL has a pool"
        return self._pool.ask(lambda connection: int(run(connection, VERSION)[0][0]))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection for reading."""
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def changing(self, cause: Cause) -> Iterator[tuple[Connection, StreamRepository]]:
        """Open a write transaction, count the change, and give what saves its events, which have this cause.

        The rows and the events are committed together. Raises eventsourcing's PersistenceError when nothing
        can be appended.
        """
        with (
            translated_errors,
            self._engine.begin() as connection,
            unit_of_work(connection) as transaction,
        ):
            connection.execute(update(changes).values(count=changes.c.count + 1))
            yield connection, StreamRepository(transaction, self._mapper, cause)

    @contextmanager
    def noting(self) -> Iterator[Connection]:
        """Open a write transaction that is no change, and that a power cut may undo."""
        with self._noter.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            self._pool.close()
        if self._kept is not None:
            self._kept.close()
            self._kept = None
        self._noter.dispose()
        self._engine.dispose()

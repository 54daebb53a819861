"""Read models in a PostgreSQL database."""

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from math import inf
from typing import Any

import psycopg
from eventsourcing.persistence import OperationalError
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, NullPool, create_engine, inspect
from sqlalchemy.schema import CreateSchema

from projections.databases import Locked, StillHeld
from store.advisory_locks import LOCK_NAMESPACE
from store.connections import connect
from store.engines import engine

SCHEMA = "views"
SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
LOCK_SECONDS = 10
PAGE_SECONDS = 10
"""The timeout of a reader's query; batches and rebuilds have none."""


class PostgresDatabase:
    """The schema `views` of a PostgreSQL database; a lock ends with the session that holds it."""

    schema: str | None = SCHEMA

    def __init__(self, url: str) -> None:
        self._url = url
        wanted = conninfo_to_dict(url).get("target_session_attrs")
        self._wants_primary = wanted in {"read-write", "primary"}
        # One writer at a time. After a crash the projector writes the lost rows again.
        begin = f"""BEGIN; SET LOCAL lock_timeout = '{LOCK_SECONDS}s'; SET LOCAL synchronous_commit = off;
            SELECT pg_advisory_xact_lock({LOCK_NAMESPACE}, {zlib.crc32(b"writing") >> 1})"""
        schema = {"schema_translate_map": {None: SCHEMA}}
        self.engine = engine(url, begin="BEGIN", pool_size=2, seconds=inf).execution_options(
            **schema
        )
        self.writer = self.engine.execution_options(begin=begin)
        self.isolated = self.engine.execution_options(begin=SNAPSHOT)
        self._reader = create_engine(
            "postgresql+psycopg://", creator=self._any_host, poolclass=NullPool
        ).execution_options(**schema)

    def connect(self) -> Connection:
        """Open a connection for snapshots: to a standby while there is no primary."""
        return self._reader.connect()

    def _any_host(self) -> Any:
        try:
            opened = connect(self._url, seconds=PAGE_SECONDS)
        except psycopg.OperationalError:
            if not self._wants_primary:
                raise
            opened = connect(self._url, seconds=PAGE_SECONDS, target_session_attrs="any")
        # A generic plan scans the whole table for a rare value.
        opened.execute("SET plan_cache_mode = force_custom_plan")
        return opened

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()

    def is_current(self) -> bool:
        """Return True: connections to a server that was replaced are lost."""
        return True

    def set_aside(self, error: Exception, opened: Mapping[str, str]) -> None:
        """Do nothing: the server's files are its own."""

    def reusable(self, driver: Any) -> bool:
        """Say whether a connection can be used again: not in a transaction or to a standby."""
        if driver.info.transaction_status != TransactionStatus.IDLE:
            return False
        standby = driver.info.parameter_status("in_hot_standby") == "on"
        return not (standby and self._wants_primary)

    def begin_snapshot(self, driver: Any, state: str) -> tuple[Any, ...]:
        """Begin a read-only snapshot, and return the row of the query `state`."""
        cursor = driver.execute(f"{SNAPSHOT}; {state}")
        cursor.nextset()
        row: tuple[Any, ...] = cursor.fetchone()
        return row

    def prepare(self, connection: Connection) -> None:
        """Create the schema if it is missing; `IF NOT EXISTS` needs the right to create one even then."""
        if not inspect(connection).has_schema(SCHEMA):
            connection.execute(CreateSchema(SCHEMA))

    @contextmanager
    def lock(self, name: str) -> Iterator[StillHeld]:
        """Hold a lock that the server frees when its holder is gone; raises Locked.

        Keep-alives let the server detect a lost host within seconds. A holder that is done frees the
        lock itself: the server notices a closed connection only some time after it was closed.
        """
        try:
            with connect(self._url) as connection:
                for setting, value in (("idle", 1), ("interval", 1), ("count", 2)):
                    connection.execute(f"SET tcp_keepalives_{setting} = {value}")
                key = (LOCK_NAMESPACE, zlib.crc32(name.encode()) >> 1)
                taken = connection.execute("SELECT pg_try_advisory_lock(%s::int, %s::int)", key)
                if taken.fetchone() != (True,):
                    raise Locked(f"another process holds the lock {name}")
                try:
                    yield lambda: _alive(connection)
                finally:
                    _unlock(connection)
        except psycopg.OperationalError as error:
            raise OperationalError(str(error)) from error

    def now(self, connection: Connection) -> float:
        """Return the server's time in seconds since 1970, since the clocks of hosts may differ."""
        clock = "SELECT extract(epoch FROM clock_timestamp())::float8"
        return float(connection.exec_driver_sql(clock).scalar_one())


def _unlock(connection: Any) -> None:
    """Free the lock; with a lost connection, the server has freed it already."""
    with suppress(psycopg.OperationalError):
        connection.execute("SELECT pg_advisory_unlock_all()")


def _alive(connection: Any) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True

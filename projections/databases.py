"""What differs between the databases that read models are kept in: snapshots, turns, and clocks."""

import fcntl
import os
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from math import inf
from pathlib import Path
from typing import Any, Protocol

import psycopg
from eventsourcing.persistence import OperationalError
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, Engine, NullPool, create_engine, inspect, make_url
from sqlalchemy.schema import CreateSchema

from store.connections import connect
from store.engines import Pragmas, engine
from store.postgres_session import LOCKS
from store.urls import is_postgres

SCHEMA = "views"
TURN_SECONDS = 10
NORMAL: Pragmas = {"synchronous": "NORMAL"}
"""What a power cut takes from a read model, the projector makes again."""
WRITER: Pragmas = {"cache_size": -32 * 1024, "wal_autocheckpoint": 64_000}
"""In KiB, and in pages: keys lie apart in their indexes, and a page is best written when it has many."""
PAGE_SECONDS = 10
"""How long an answer to a reader may take; a batch or a rebuild may take as long as it does."""
Held = Callable[[], bool]
"""Says whether a lock is still held."""


class Locked(Exception):
    """Somebody else holds the lock."""


class Database(Protocol):
    """What read models need of a database; `engine` is for those that ask now and then."""

    schema: str | None

    @property
    def engine(self) -> Engine: ...
    @property
    def writer(self) -> Engine: ...
    def connect(self) -> Connection: ...
    def close(self) -> None: ...
    def keeps(self, driver: Any) -> bool: ...
    def snapshot(self, driver: Any, state: str) -> tuple[Any, ...]: ...
    def prepare(self, connection: Connection) -> None: ...
    def lock(self, name: str) -> AbstractContextManager[Held]: ...
    def now(self, connection: Connection) -> float: ...


def database(url: str) -> Database:
    """Return the database that a URL names; nothing is connected before it is needed."""
    return Postgres(url) if is_postgres(url) else Sqlite(url)


class Sqlite:
    """One file; its locks are files beside it."""

    schema: str | None = None

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self.engine = engine(url, begin="BEGIN", pragmas=NORMAL)
        # A writer that first reads would otherwise fail where it should wait for its turn.
        self.writer = engine(url, begin="BEGIN IMMEDIATE", pragmas={**NORMAL, **WRITER})
        self._reader = self.engine.execution_options(begin=None)

    def connect(self) -> Connection:
        """Open a connection for snapshots."""
        return self._reader.connect()

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()
        self.writer.dispose()

    def keeps(self, driver: Any) -> bool:
        """Say whether a connection is good for another snapshot."""
        return True

    def snapshot(self, driver: Any, state: str) -> tuple[Any, ...]:
        """Begin a transaction in which nothing changes, and return the row of the query `state`."""
        driver.execute("BEGIN")
        row: tuple[Any, ...] = driver.execute(state).fetchone()
        return row

    def prepare(self, connection: Connection) -> None:
        """Do nothing: there is a place for tables."""

    @contextmanager
    def lock(self, name: str) -> Iterator[Held]:
        """Hold a lock that the kernel gives back when its holder dies; raises Locked."""
        path = Path(f"{self._url.database}.{name}.lock")
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise Locked(f"another process holds {path.name}") from error
        try:
            yield lambda: True
        finally:
            os.close(handle)

    def now(self, connection: Connection) -> float:
        """Return the time in seconds since 1970."""
        return time.time()


class Postgres:
    """The schema `views` of a PostgreSQL database; locks end with the session that holds them."""

    schema: str | None = SCHEMA

    def __init__(self, url: str) -> None:
        self._url = url
        wanted = conninfo_to_dict(url).get("target_session_attrs")
        self._wants_primary = wanted in {"read-write", "primary"}
        # One writer at a time. What a crash takes from a read model, the projector makes again.
        begin = f"""BEGIN; SET LOCAL lock_timeout = '{TURN_SECONDS}s'; SET LOCAL synchronous_commit = off;
            SELECT pg_advisory_xact_lock({LOCKS}, {zlib.crc32(b"writing") >> 1})"""
        schema = {"schema_translate_map": {None: SCHEMA}}
        self.engine = engine(url, begin="BEGIN", pool_size=2, seconds=inf).execution_options(
            **schema
        )
        self.writer = self.engine.execution_options(begin=begin)
        self._reader = create_engine(
            "postgresql+psycopg://", creator=self._any_host, poolclass=NullPool
        ).execution_options(**schema)

    def connect(self) -> Connection:
        """Open a connection for snapshots: to a standby, while there is no primary."""
        return self._reader.connect()

    def _any_host(self) -> Any:
        try:
            opened = connect(self._url, seconds=PAGE_SECONDS)
        except psycopg.OperationalError:
            if not self._wants_primary:
                raise
            opened = connect(self._url, seconds=PAGE_SECONDS, target_session_attrs="any")
        # A plan that is made for any value reads the whole table for a rare one.
        opened.execute("SET plan_cache_mode = force_custom_plan")
        return opened

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()

    def keeps(self, driver: Any) -> bool:
        """Say whether a connection is good for another snapshot: not one that was second choice."""
        standby = driver.info.parameter_status("in_hot_standby") == "on"
        return not (standby and self._wants_primary)

    def snapshot(self, driver: Any, state: str) -> tuple[Any, ...]:
        """Begin a transaction in which nothing changes, and return the row of the query `state`."""
        cursor = driver.execute(f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {state}")
        cursor.nextset()
        row: tuple[Any, ...] = cursor.fetchone()
        return row

    def prepare(self, connection: Connection) -> None:
        """Make the schema if it is missing: `IF NOT EXISTS` would ask for the right to make one anyway."""
        if not inspect(connection).has_schema(SCHEMA):
            connection.execute(CreateSchema(SCHEMA))

    @contextmanager
    def lock(self, name: str) -> Iterator[Held]:
        """Hold a lock that the server gives back when its holder is gone; raises Locked.

        The server looks after its holder as the holder does after it, so that a host which vanished
        is noticed within seconds.
        """
        try:
            with connect(self._url) as connection:
                for setting, value in (("idle", 1), ("interval", 1), ("count", 2)):
                    connection.execute(f"SET tcp_keepalives_{setting} = {value}")
                key = (LOCKS, zlib.crc32(name.encode()) >> 1)
                taken = connection.execute("SELECT pg_try_advisory_lock(%s::int, %s::int)", key)
                if taken.fetchone() != (True,):
                    raise Locked(f"another process holds the lock {name}")
                yield lambda: _lives(connection)
        except psycopg.OperationalError as error:
            raise OperationalError(str(error)) from error

    def now(self, connection: Connection) -> float:
        """Return the server's time in seconds since 1970: hosts need not agree about theirs."""
        clock = "SELECT extract(epoch FROM clock_timestamp())::float8"
        return float(connection.exec_driver_sql(clock).scalar_one())


def _lives(connection: Any) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True

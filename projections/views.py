"""The database of the read models: its transactions, and which rows are the live ones."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    event,
    insert,
    make_url,
    select,
    update,
)

PATIENCE_SECONDS = 2.0
"""How long a read waits for the projector before it answers with what there is."""
NAP_SECONDS = 0.002
TURN_SECONDS = 0.2

metadata = MetaData()
projections = Table(
    "projections",
    metadata,
    Column("name", String, primary_key=True),
    Column("slot", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("stopped_at", BigInteger),
    Column("error", String),
)
skipped = Table(
    "skipped_events",
    metadata,
    Column("name", String, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("error", String),
)
projector = Table(
    "projector",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("owner", String, nullable=False),
    Column("beat", Float, nullable=False),
)
STATE = select(projections.c.slot, projections.c.position, projections.c.stopped_at).where(
    projections.c.name == bindparam("wanted")
)


@dataclass(frozen=True)
class View:
    """One snapshot of a projection: its connection, its live rows, and how far behind they are."""

    connection: Connection
    slot: int
    lag: int


class Locked(Exception):
    """Somebody else holds the lock."""


class Views:
    """Give out transactions on the read models' database, and locks between its processes.

    `url` is an SQLAlchemy URL. Nothing is connected before it is needed.
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self.engine = _engine(url)
        self._state = str(STATE.compile(dialect=self.engine.dialect))
        self._writer = self.engine.execution_options(begin="BEGIN IMMEDIATE")
        self._reader = self.engine.execution_options(begin=None)
        self._idle: list[Connection] = []

    def migrate(self, names: list[str]) -> None:
        """Make the tables that are missing, and a row for each projection."""
        with self.writing() as connection:
            metadata.create_all(connection)
            known = set(connection.scalars(select(projections.c.name)))
            for name in names:
                if name not in known:
                    connection.execute(insert(projections).values(name=name, slot=0, position=0))

    @contextmanager
    def reading(self, name: str, head: int) -> Iterator[View]:
        """Open a snapshot that shows every event up to `head`, the ledger's last position.

        When the projector can't catch up in time, or has stopped at an event, the snapshot is what
        there is, and its lag says how many positions behind.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with self._snapshot() as connection:
                found = driver_of(connection).execute(self._state, (name,)).fetchone()
                slot, position, stopped_at = found
                lag = max(0, head - position)
                if not lag or stopped_at is not None or time.monotonic() >= deadline:
                    yield View(connection, slot, lag)
                    return
            time.sleep(NAP_SECONDS)

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        """Open a reading transaction on a connection that is kept: to check one out costs as much.

        It begins and ends past SQLAlchemy, for the same reason.
        """
        connection = self._idle.pop() if self._idle else self._reader.connect()
        driver = driver_of(connection)
        driver.execute("BEGIN")
        try:
            yield connection
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        connection.rollback()
        driver.rollback()
        self._idle.append(connection)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open the one writing transaction; it commits when the block ends without an error."""
        with self._writer.begin() as connection:
            yield connection

    def alive(self, within: float) -> bool:
        """Say whether a projector gave a sign of life during the last `within` seconds."""
        with self.engine.connect() as connection:
            beat = connection.scalar(select(projector.c.beat))
        return beat is not None and time.time() - beat < within

    def beat(self, connection: Connection, owner: str) -> None:
        """Give a sign of life."""
        values = {"owner": owner, "beat": time.time()}
        if not connection.execute(update(projector).values(**values)).rowcount:
            connection.execute(insert(projector).values(only=1, **values))

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold a lock that the kernel gives back when its holder dies; raises Locked.

        Beside a SQLite file lies a lock file for each name.
        """
        path = Path(f"{self._url.database}.{name}.lock")
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise Locked(f"another process holds {path.name}") from error
        try:
            yield
        finally:
            os.close(handle)

    @contextmanager
    def turn(self, name: str, stop: threading.Event) -> Iterator[None]:
        """Wait for the lock, and hold it; or give up waiting when `stop` is set."""
        while not stop.is_set():
            with suppress(Locked), self.lock(name):
                yield
                return
            stop.wait(TURN_SECONDS)
        yield

    def close(self) -> None:
        """Close every kept and pooled connection."""
        while self._idle:
            self._idle.pop().close()
        self.engine.dispose()


def driver_of(connection: Connection) -> Any:
    """Return the database driver's own connection, for what is run too often to pay for more."""
    return connection.connection.driver_connection


def _engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 10})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        # The driver is not to begin transactions by itself; below, SQLAlchemy does.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        # What a power cut takes from a read model, the projector makes again.
        connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer that first reads would otherwise fail where it should wait for its turn.
        statement = connection.get_execution_options().get("begin", "BEGIN")
        if statement is not None:
            connection.exec_driver_sql(statement)

    return engine

"""The read models' database: its transactions, and which rows are the live ones."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import ClassVar, Protocol

from eventsourcing.persistence import OperationalError, PersistenceError
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Inspector,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    insert,
    inspect,
    select,
    update,
)

from projections.databases import Held, Locked, database
from projections.statement import compiled
from store.connections import PATIENCE_SECONDS as BUSY_SECONDS
from store.engines import driver_of

PATIENCE_SECONDS = 2.0
"""How long a read waits for the projector before it answers with what there is."""
SHORTEST_NAP, LONGEST_NAP = 0.002, 0.02
TURN_SECONDS = 0.5

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


class Model(Protocol):
    """A projection as far as its tables go, those of each kind one for each slot."""

    name: ClassVar[str]
    tables: ClassVar[tuple[tuple[Table, ...], ...]]


@dataclass(frozen=True)
class View:
    """One snapshot of a projection: its connection, its live rows, and how far behind they are.

    `lag` is None when nobody could say how far the ledger is.
    """

    connection: Connection
    slot: int
    lag: int | None


class Views:
    """Give out transactions on the read models' database, and locks between its processes.

    `url` names an SQLite file or a PostgreSQL database. Nothing is connected before it is needed, and
    never more than `pool_size` snapshots are open at a time.
    """

    def __init__(self, url: str, pool_size: int = 4) -> None:
        self._database = database(url)
        self.engine = self._database.engine
        self._room = threading.BoundedSemaphore(pool_size)
        self._idle: list[Connection] = []
        self._states: dict[str, str] = {}

    def migrate(self, models: Sequence[Model]) -> None:
        """Make the tables that are missing, and a row for each projection.

        A projection that has not the tables of this version begins anew, with new ones.
        """
        with self.writing() as connection:
            self._database.prepare(connection)
            metadata.create_all(connection, [projections, skipped, projector])
            inspector = inspect(connection)
            for model in models:
                tables = [table for slots in model.tables for table in slots]
                if not all(self._has(inspector, table) for table in tables):
                    metadata.drop_all(connection, tables)
                    metadata.create_all(connection, tables)
                    connection.execute(delete(projections).where(projections.c.name == model.name))
                    connection.execute(
                        insert(projections).values(name=model.name, slot=0, position=0)
                    )

    def _has(self, inspector: Inspector, table: Table) -> bool:
        """Say whether a table is there, with the columns that this version gives it."""
        schema = self._database.schema
        return inspector.has_table(table.name, schema) and table.columns.keys() == [
            column["name"] for column in inspector.get_columns(table.name, schema)
        ]

    @contextmanager
    def reading(self, name: str, head: int | None) -> Iterator[View]:
        """Open a snapshot that shows every event up to `head`, the ledger's last position.

        When the projector can't catch up in time, or has stopped at an event, or the head is not
        known, the snapshot is what there is; its lag says how many positions behind. Raises
        eventsourcing's OperationalError when all connections are in use for too long.
        """
        deadline, nap = time.monotonic() + PATIENCE_SECONDS, SHORTEST_NAP
        while True:
            with self._snapshot(name) as (connection, slot, position, stopped_at):
                # Beyond the head is who was quick meanwhile; or, having stopped, who is ahead for good.
                unknown = head is None or (stopped_at is not None and position > head)
                lag = None if unknown else max(0, (head or 0) - position)
                if not lag or stopped_at is not None or time.monotonic() >= deadline:
                    yield View(connection, slot, lag)
                    return
            time.sleep(nap)
            nap = min(2 * nap, LONGEST_NAP)

    @contextmanager
    def _snapshot(self, name: str) -> Iterator[tuple[Connection, int, int, int | None]]:
        """Open a reading transaction on a connection that is kept: to check one out costs as much.

        It begins and ends past SQLAlchemy, for the same reason.
        """
        if not self._room.acquire(timeout=BUSY_SECONDS):
            raise OperationalError("all connections to the read models are in use")
        try:
            connection, state = self._begun(name)
            try:
                yield connection, *state
            except BaseException:
                _drop(connection)
                raise
            self._end(connection)
        finally:
            self._room.release()

    def _begun(self, name: str) -> tuple[Connection, tuple[int, int, int | None]]:
        """Begin on a kept connection; when that was lost meanwhile, so were the others: on a new one."""
        kept = self._idle.pop() if self._idle else None
        connection = kept or self._database.connect()
        try:
            found = self._database.snapshot(driver_of(connection), self._state(name, connection))
        except BaseException as error:
            _drop(connection)
            if kept is None or not isinstance(error, Exception):
                raise
            self._let_go()
            return self._begun(name)
        return connection, found

    def _end(self, connection: Connection) -> None:
        driver = driver_of(connection)
        connection.rollback()
        driver.rollback()
        if self._database.keeps(driver):
            self._idle.append(connection)
        else:
            _drop(connection)

    def _state(self, name: str, connection: Connection) -> str:
        if name not in self._states:
            columns = projections.c
            wanted = select(columns.slot, columns.position, columns.stopped_at).where(
                columns.name == name
            )
            self._states[name] = compiled(wanted, connection, literally=True).sql
        return self._states[name]

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open the one writing transaction; it commits when the block ends without an error."""
        with self._database.writer.begin() as connection:
            yield connection

    def alive(self, within: float) -> bool:
        """Say whether a projector gave a sign of life during the last `within` seconds."""
        with self.engine.connect() as connection:
            beat = connection.scalar(select(projector.c.beat))
            return beat is not None and abs(self._database.now(connection) - beat) < within

    def beat(self, connection: Connection, owner: str) -> None:
        """Give a sign of life."""
        values = {"owner": owner, "beat": self._database.now(connection)}
        if not connection.execute(update(projector).values(**values)).rowcount:
            connection.execute(insert(projector).values(only=1, **values))

    def lock(self, name: str) -> AbstractContextManager[Held]:
        """Hold a lock that is given back when its holder dies; raises Locked."""
        return self._database.lock(name)

    @contextmanager
    def turn(self, name: str, stop: threading.Event) -> Iterator[Held]:
        """Wait for the lock, and hold it; or give up waiting when `stop` is set."""
        while not stop.is_set():
            with ExitStack() as stack:
                try:
                    held = stack.enter_context(self.lock(name))
                except (Locked, PersistenceError):
                    stop.wait(TURN_SECONDS)
                else:
                    yield held
                    return
        yield lambda: False

    def close(self) -> None:
        """Close every kept and pooled connection."""
        self._let_go()
        self._database.close()

    def _let_go(self) -> None:
        while self._idle:
            _drop(self._idle.pop())


def _drop(connection: Connection) -> None:
    connection.invalidate()
    connection.close()

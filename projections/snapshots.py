"""Snapshots of a projection that show every write acknowledged before."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from eventsourcing.persistence import OperationalError
from sqlalchemy import Connection, select

from projections.databases import Database
from projections.statement import compiled
from projections.tables import projections
from store.connections import PATIENCE_SECONDS as POOL_TIMEOUT_SECONDS
from store.engines import driver_of

CATCH_UP_SECONDS = 2.0
"""The longest wait of a read for the projector; then it answers with the present rows."""
SHORTEST_NAP, LONGEST_NAP = 0.002, 0.02


@dataclass(frozen=True)
class Snapshot:
    """A read-only transaction on a projection's live slot; `lag` is in positions.

    `lag` is None when the ledger's head is not known.
    """

    connection: Connection
    slot: int
    lag: int | None


class Snapshots:
    """Open snapshots on kept connections, at most `pool_size` at a time.

    They begin and end without SQLAlchemy, which takes as long to check out a connection as to read.
    """

    def __init__(self, database: Database, pool_size: int) -> None:
        self._database = database
        self._permits = threading.BoundedSemaphore(pool_size)
        self._idle: list[Connection] = []
        self._states: dict[str, str] = {}

    @contextmanager
    def open(self, name: str, head: int | None) -> Iterator[Snapshot]:
        """Open a snapshot of a projection that shows every event up to `head`.

        When the projector does not catch up in time, or has stopped at an event, or the head is not
        known, it shows the present rows and their lag. Raises eventsourcing's OperationalError when
        all connections are in use for too long.
        """
        deadline, nap = time.monotonic() + CATCH_UP_SECONDS, SHORTEST_NAP
        while True:
            with self._transaction(name) as (connection, slot, position, stopped_at):
                # A running projector may be ahead of an older head; a stopped one stays ahead.
                unknown = head is None or (stopped_at is not None and position > head)
                lag = None if unknown else max(0, (head or 0) - position)
                if not lag or stopped_at is not None or time.monotonic() >= deadline:
                    yield Snapshot(connection, slot, lag)
                    return
            time.sleep(nap)
            nap = min(2 * nap, LONGEST_NAP)

    def close(self) -> None:
        """Close every kept connection."""
        while self._idle:
            _drop(self._idle.pop())

    @contextmanager
    def _transaction(self, name: str) -> Iterator[tuple[Connection, int, int, int | None]]:
        """Open a read-only transaction, and read the projection's slot, position and stop in it."""
        if not self._permits.acquire(timeout=POOL_TIMEOUT_SECONDS):
            raise OperationalError("all connections to the read models are in use")
        try:
            connection, state = self._begin(name)
            try:
                yield connection, *state
            except BaseException:
                _drop(connection)
                raise
            self._end(connection)
        finally:
            self._permits.release()

    def _begin(self, name: str) -> tuple[Connection, tuple[int, int, int | None]]:
        """Begin on a kept connection; if it was lost, drop all kept ones and open a new one."""
        kept = self._idle.pop() if self._idle else None
        connection = kept or self._database.connect()
        try:
            state = self._state(name, connection)
            found = self._database.begin_snapshot(driver_of(connection), state)
        except BaseException as error:
            _drop(connection)
            if kept is None or not isinstance(error, Exception):
                raise
            self.close()
            return self._begin(name)
        return connection, found

    def _end(self, connection: Connection) -> None:
        driver = driver_of(connection)
        connection.rollback()
        driver.rollback()
        if self._database.reusable(driver):
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


def _drop(connection: Connection) -> None:
    connection.invalidate()
    connection.close()

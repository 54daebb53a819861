"""Snapshots of a projection that show every write acknowledged before."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, select

from projections.databases import Database
from projections.statement import compiled
from projections.tables import projections
from store.engines import driver_of
from store.errors import UNAVAILABLE
from store.pool import Pool

CATCH_UP_SECONDS = 2.0
"""The longest wait of a read for the projector; then it answers with the present rows."""
SHORTEST_NAP, LONGEST_NAP = 0.002, 0.02


@dataclass(frozen=True)
class Snapshot:
    """A read-only transaction on a projection's live slot; `lag` is in positions.

    `lag` is None when the ledger's head is not known. With `as_of` the projection's queries answer what
    they answered when that was the ledger's last position.
    """

    connection: Connection
    slot: int
    lag: int | None
    as_of: int | None = None


class SnapshotPool(Pool[Connection]):
    """Keep connections for snapshots: checking one out of SQLAlchemy's pool costs as much as a read."""

    def __init__(self, database: Database, size: int) -> None:
        super().__init__(size)
        self._database = database

    def connect(self) -> Connection:
        """Open a connection."""
        return self._database.connect()

    def is_lost(self, connection: Connection) -> bool:
        """Treat every error at the beginning of a snapshot as a lost connection."""
        return True

    def is_reusable(self, connection: Connection) -> bool:
        """Say whether the connection can be used for another snapshot."""
        return not connection.invalidated and self._database.reusable(driver_of(connection))

    def discard(self, connection: Connection) -> None:
        """Close a connection in any state."""
        connection.invalidate()
        connection.close()


class Snapshots:
    """Open snapshots on kept connections, at most `pool_size` at a time."""

    def __init__(self, database: Database, pool_size: int) -> None:
        self._database = database
        self._pool = SnapshotPool(database, pool_size)
        self._states: dict[str, str] = {}

    @contextmanager
    def open(self, name: str, head: int | None, as_of: int | None = None) -> Iterator[Snapshot]:
        """Open a snapshot of a projection that shows every event up to `head`.

        When the projector does not catch up in time, or has stopped at an event, or the head is not
        known, it shows the present rows and their lag. Raises eventsourcing's OperationalError when
        all connections are in use for too long. A snapshot `as_of` a position need not show later
        events, so it waits for that position alone.
        """
        wanted = head if as_of is None else as_of
        deadline, nap = time.monotonic() + CATCH_UP_SECONDS, SHORTEST_NAP
        while True:
            with self._transaction(name) as (connection, slot, position, stopped_at):
                # The projector may be ahead of an older head.
                lag = None if wanted is None else max(0, wanted - position)
                if not lag or stopped_at is not None or time.monotonic() >= deadline:
                    yield Snapshot(connection, slot, lag, as_of)
                    return
            if not self._database.is_current():
                # The file was set aside: the kept connections are to the old one.
                self._pool.close()
            time.sleep(nap)
            nap = min(2 * nap, LONGEST_NAP)

    def close(self) -> None:
        """Close every kept connection."""
        self._pool.close()

    @contextmanager
    def _transaction(self, name: str) -> Iterator[tuple[Connection, int, int, int | None]]:
        """Open a read-only transaction, and read the projection's slot, position and stop in it."""

        def begin(connection: Connection) -> tuple[int, int, int | None]:
            state = self._state(name, connection)
            slot, position, stopped_at = self._database.begin_snapshot(driver_of(connection), state)
            return slot, position, stopped_at

        try:
            connection, state = self._pool.take(begin)
        except UNAVAILABLE as error:
            self._database.set_aside(error, {})
            raise
        try:
            yield connection, *state
            connection.rollback()
            driver_of(connection).rollback()
        except UNAVAILABLE as error:
            self._database.set_aside(error, connection.info)
            raise
        finally:
            self._pool.give_back(connection)

    def _state(self, name: str, connection: Connection) -> str:
        if name not in self._states:
            columns = projections.c
            wanted = select(columns.slot, columns.position, columns.stopped_at).where(
                columns.name == name
            )
            self._states[name] = compiled(wanted, connection, literally=True).sql
        return self._states[name]

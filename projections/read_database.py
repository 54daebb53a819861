"""The read models' database: snapshots, the write transaction, locks, and the projector's heartbeat."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

from eventsourcing.persistence import PersistenceError
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import DBAPIError

from domain.ledger import Recorder
from projections.databases import Damaged, Locked, StillHeld, database
from projections.history import restart, strangers
from projections.migration import HasTables, migrate
from projections.projection import Projection
from projections.snapshots import Snapshot, Snapshots
from projections.tables import projector

RETRY_LOCK_SECONDS = 0.5


class ReadDatabase:
    """Open snapshots and transactions on the read models' database, and lock between processes.

    `url` names an SQLite file or a PostgreSQL database. It connects on first use, and opens at most
    `pool_size` snapshots at a time.
    """

    def __init__(self, url: str, pool_size: int = 4) -> None:
        self._database = database(url)
        self._snapshots = Snapshots(self._database, pool_size)
        self.engine = self._database.engine

    def migrate(
        self, models: Sequence[HasTables], warn: Callable[[str], None] = lambda _: None
    ) -> None:
        """Create missing tables; a projection of another version starts again.

        A damaged file is set aside, and `warn` is told.
        """
        try:
            self._migrate(models)
        except Damaged as error:
            warn(str(error))
            self._migrate(models)

    def restart_strangers(self, store: Recorder, models: Sequence[Projection]) -> list[str]:
        """Empty the read models of another history than the ledger's, and return their names."""
        with self.engine.connect() as connection:
            found = strangers(connection, store, models)
        if not found:
            # The write transaction would wait for the projector.
            return []
        with self.transaction() as connection:
            return restart(connection, store, models)

    def snapshot(
        self, name: str, head: int | None, as_of: int | None = None
    ) -> AbstractContextManager[Snapshot]:
        """Open a snapshot of a projection that shows every event up to `head`; see Snapshots.open."""
        return self._snapshots.open(name, head, as_of)

    def long_snapshot(self) -> AbstractContextManager[Connection]:
        """Open a transaction that sees one state of the tables of all projections, however long it lasts."""
        return self._database.isolated.connect()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open the only transaction that may write; it commits when the block ends without an error."""
        opened: Mapping[str, str] = {}
        try:
            with self._database.writer.begin() as connection:
                opened = connection.info
                yield connection
        except DBAPIError as error:
            self._database.set_aside(error, opened)
            raise

    def projector_alive(self, within: float) -> bool:
        """Say whether a projector's last heartbeat is less than `within` seconds ago."""
        with self.engine.connect() as connection:
            beat = connection.scalar(select(projector.c.beat))
            return beat is not None and abs(self._database.now(connection) - beat) < within

    def beat(self, connection: Connection, owner: str) -> None:
        """Write the projector's heartbeat."""
        values = {"owner": owner, "beat": self._database.now(connection)}
        if not connection.execute(update(projector).values(**values)).rowcount:
            connection.execute(insert(projector).values(only=1, **values))

    def lock(self, name: str) -> AbstractContextManager[StillHeld]:
        """Hold a lock that is freed when its holder dies; raises Locked."""
        return self._database.lock(name)

    @contextmanager
    def wait_for_lock(self, name: str, stop: threading.Event) -> Iterator[StillHeld]:
        """Wait for a lock, and hold it; stop waiting when `stop` is set."""
        while not stop.is_set():
            with ExitStack() as stack:
                try:
                    still_held = stack.enter_context(self.lock(name))
                except (Locked, PersistenceError):
                    stop.wait(RETRY_LOCK_SECONDS)
                else:
                    yield still_held
                    return
        yield lambda: False

    def _migrate(self, models: Sequence[HasTables]) -> None:
        with self.transaction() as connection:
            migrate(connection, self._database, models)

    def close(self) -> None:
        """Close every kept and pooled connection."""
        self._snapshots.close()
        self._database.close()

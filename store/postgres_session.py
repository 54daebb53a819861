"""The writing connection of a process to PostgreSQL, and its transactions."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from eventsourcing.persistence import OperationalError
from psycopg.errors import Diagnostic

from store import lost_commits
from store.connections import Connection
from store.errors import translated_errors
from store.postgres_begin import begin
from store.postgres_pool import PostgresPool
from store.postgres_unit_of_work import PlacedRow, PostgresUnitOfWork

T = TypeVar("T")
# A transaction that writes nothing would wait for no standby.
MARK = "SELECT pg_logical_emit_message(true, 'kitledger', '')"


class _WriterPool(PostgresPool):
    """A pool of one connection, whose notices are heard."""

    def __init__(self, url: str, hear: Callable[[Diagnostic], None]) -> None:
        super().__init__(url, 1)
        self._hear = hear

    def connect(self) -> Connection:
        """Open the connection."""
        connection = super().connect()
        connection.add_notice_handler(self._hear)
        return connection


class PostgresSession:
    """Begin, commit and roll back transactions on one connection, reopened after a failure."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = _WriterPool(url, self._keep_warning)
        self._transaction: PostgresUnitOfWork | None = None
        self._warnings: list[str] = []
        self._has_standby = False

    def begin(self) -> None:
        """Begin a transaction in which nobody else writes; raises OperationalError."""
        with translated_errors:
            connection, begun = self._pool.take(begin)
        self._has_standby = begun.has_standby
        self._transaction = PostgresUnitOfWork(connection, begun.head, begun.last_time)

    def prefetch_versions(self, streams: Sequence[str]) -> None:
        """Fetch the last versions of these streams, in one round trip."""
        self._opened().prefetch_versions(streams)

    def run(self, work: Callable[[PostgresUnitOfWork], T]) -> T:
        """Run one job; its error, here or in `flush`, spoils the transaction for all."""
        return work(self._opened())

    def flush(self) -> None:
        """Write the collected rows; raises IntegrityError when a version of a stream is taken."""
        self._opened().flush()

    def restart(self) -> None:
        """Roll back and begin again; another process may have the lock in between."""
        known = self._opened().known_streams
        self._opened().execute("ROLLBACK")
        self._end()
        self.begin()
        self.prefetch_versions(known)

    def run_in_savepoint(self, work: Callable[[PostgresUnitOfWork], T]) -> T:
        """Run one job; an error rolls back its part and no other's."""
        transaction = self._opened()
        before = transaction.save_state()
        transaction.execute("SAVEPOINT job")
        kept = False
        try:
            result = work(transaction)
            transaction.flush()
            kept = True
        finally:
            if not kept:
                transaction.restore_state(before)
                transaction.execute("ROLLBACK TO job")
            transaction.execute("RELEASE job")
        return result

    def commit(self) -> None:
        """Return when the transaction is on disk, and on the standby that the server waits for.

        A commit whose answer was lost is looked for. Raises OperationalError.
        """
        self._warnings.clear()
        transaction = self._opened()
        if self._has_standby and transaction.last_written is None:
            # A repeat promises what was stored before, which may not be on the standby yet.
            transaction.execute(MARK)
        try:
            self._commit()
        except OperationalError as lost:
            if lost.__cause__ is None or transaction.last_written is None:
                raise
            # A server that ends the connection may say so first, and have committed all the same.
            transaction.connection.close()
            if not self._is_stored(transaction.last_written):
                raise OperationalError(f"nothing was committed: {lost}") from lost
        self._end()

    def abandon(self) -> None:
        """Roll back by closing."""
        if self._transaction is not None:
            self._transaction.connection.close()
            self._end()
        self._pool.close()

    def _end(self) -> None:
        self._pool.give_back(self._opened().connection)
        self._transaction = None

    def _is_stored(self, row: PlacedRow) -> bool:
        return lost_commits.is_stored(row, lambda: PostgresSession(self._url))

    def _keep_warning(self, notice: Diagnostic) -> None:
        # A server that ends the connection just after an answer says so in the same way, but FATAL.
        if notice.severity_nonlocalized == "WARNING":
            self._warnings.append(notice.message_primary or "")

    def _commit(self) -> None:
        with translated_errors:
            done = self._opened().connection.execute("COMMIT").statusmessage
        if done != "COMMIT":
            raise OperationalError(f"the server answered the commit with {done}")
        if self._warnings:
            # The wait for the standby was cut short: it is on one disk only, so it can't be promised.
            raise OperationalError("; ".join(self._warnings))

    def _opened(self) -> PostgresUnitOfWork:
        assert self._transaction is not None, "begin() comes first"
        return self._transaction

"""A bounded pool of connections to PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from eventsourcing import persistence
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from store.connections import Connection, connect
from store.errors import translated_errors

T = TypeVar("T")
POOL_SECONDS = 3.0
"""How long a query waits for a free connection."""


class Pool:
    """Lend at most `size` connections; one that is found lost discards all idle ones."""

    def __init__(self, url: str, size: int) -> None:
        self._pool = QueuePool(
            # Rows as eventsourcing's own methods read them.
            lambda: connect(url, row_factory=dict_row),  # type: ignore[arg-type]
            pool_size=size,
            max_overflow=0,
            timeout=POOL_SECONDS,
            reset_on_return=None,
            use_lifo=True,
        )

    def ask(self, question: Callable[[Connection], T]) -> T:
        """Run a query that changes nothing; if its connection was lost, run it once more.

        Raises eventsourcing's OperationalError when the database can't be reached, or when all
        connections are in use for too long.
        """
        connection: Connection | None = None
        try:
            with self.connection() as connection:
                return question(connection)
        except persistence.OperationalError:
            if connection is None or not connection.closed:
                raise
        with self.connection() as connection:
            return question(connection)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend a connection."""
        try:
            with translated_errors:
                lent = self._pool.connect()
        except PoolTimeout as error:
            raise persistence.OperationalError("all connections are in use") from error
        connection: Any = lent.driver_connection
        try:
            with translated_errors:
                yield connection
        finally:
            if connection.closed:
                self._pool.dispose()
                self._pool = self._pool.recreate()
            if connection.info.transaction_status != TransactionStatus.IDLE:
                # Lost, or left in the middle of an answer by a greenlet that was killed.
                lent.invalidate()
            lent.close()

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.dispose()

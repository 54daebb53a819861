"""A bounded pool of connections to PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from store.connections import Connection, connect
from store.errors import translated_errors
from store.pool import Pool

T = TypeVar("T")


class PostgresPool(Pool[Connection]):
    """Lend connections to PostgreSQL; raises eventsourcing's errors."""

    def __init__(self, url: str, size: int) -> None:
        super().__init__(size)
        self._url = url

    def ask(self, query: Callable[[Connection], T]) -> T:
        """Run a query that changes nothing; see Pool."""
        with translated_errors:
            return super().ask(query)

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        """Lend a connection."""
        with translated_errors, super().lend() as connection:
            yield connection

    def connect(self) -> Connection:
        """Open a connection whose rows are those that eventsourcing's own methods read."""
        return connect(self._url, row_factory=dict_row)

    def is_lost(self, connection: Connection) -> bool:
        """Tell whether the connection was closed, by the server or by a time-out."""
        return connection.closed

    def is_reusable(self, connection: Connection) -> bool:
        """Tell whether it is open, and not in the middle of an answer whose reader was killed."""
        return connection.info.transaction_status == TransactionStatus.IDLE

    def discard(self, connection: Connection) -> None:
        """Close a connection."""
        connection.close()

"""Connections to PostgreSQL: what they are opened with, and a bounded pool of them."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from eventsourcing import persistence
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.pool import QueuePool

T = TypeVar("T")
Connection = psycopg.Connection[Any]
PATIENCE_SECONDS = 3.0
"""How long a question waits for a connection, and a group for another's transaction."""
ANSWER_SECONDS = 4.0
NOTICED = {
    # A host that vanished without a word is noticed in seconds, not in the hours of TCP.
    "connect_timeout": 2,
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
    "application_name": "kitledger",
}


class Impatient(psycopg.Connection[Any]):
    """A connection that is given up when an answer is too long in coming.

    A server that was frozen, or cut off by a network that still says yes, would be waited for for ever.
    """

    seconds = float("inf")

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """Consume one of psycopg's generators; see psycopg.Connection.wait."""
        return super().wait(self._until(gen, time.monotonic() + self.seconds), *args, **kwargs)

    def _until(self, gen: Any, deadline: float) -> Generator[Any, Any, Any]:
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    wanted = gen.send(ready)
                elif time.monotonic() > deadline:
                    self.close()
                    raise psycopg.OperationalError(f"no answer came in {self.seconds:.0f} s")
        except StopIteration as done:
            return done.value


@contextmanager
def translated() -> Iterator[None]:
    """Raise eventsourcing's errors for PostgreSQL's: a refused row, or a database that can't serve now."""
    try:
        yield
    except psycopg.IntegrityError as error:
        raise persistence.IntegrityError(str(error)) from error
    except psycopg.Error as error:
        raise persistence.OperationalError(str(error)) from error


def connect(url: str, *, seconds: float = ANSWER_SECONDS, **more: Any) -> Connection:
    """Open a connection that begins no transaction by itself; what `url` says wins over NOTICED.

    It is given up when an answer is not there after so many seconds.
    """
    wanted = {**NOTICED, **conninfo_to_dict(url), "autocommit": True, **more}
    connection = Impatient.connect(**wanted)
    connection.seconds = seconds
    return connection


class Connections:
    """A pool of at most `size` connections; when one is found lost, all that are idle are let go."""

    def __init__(self, url: str, size: int) -> None:
        self._pool = QueuePool(
            # Rows as eventsourcing's own methods read them.
            lambda: connect(url, row_factory=dict_row),  # type: ignore[arg-type]
            pool_size=size,
            max_overflow=0,
            timeout=PATIENCE_SECONDS,
            reset_on_return=None,
            use_lifo=True,
        )

    def ask(self, question: Callable[[Connection], T]) -> T:
        """Put a question that changes nothing; once more if the connection turns out to be lost.

        Raises eventsourcing's OperationalError when the database can't be reached, or when all
        connections are in use for too long.
        """
        connection: Connection | None = None
        try:
            with self.one() as connection:
                return question(connection)
        except persistence.OperationalError:
            if connection is None or not connection.closed:
                raise
        with self.one() as connection:
            return question(connection)

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """Lend a connection."""
        try:
            with translated():
                lent = self._pool.connect()
        except NoneFree as error:
            raise persistence.OperationalError("all connections are in use") from error
        connection: Any = lent.driver_connection
        try:
            with translated():
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
        """Close the idle ones."""
        self._pool.dispose()

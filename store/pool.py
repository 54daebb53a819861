"""Bounded pools of connections, in which a lost connection costs one more try and no error."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from eventsourcing.persistence import OperationalError

C = TypeVar("C")
T = TypeVar("T")
POOL_SECONDS = 3.0
"""How long a query waits for a free connection."""


class Pool(ABC, Generic[C]):
    """Lend at most `size` connections; when one is found lost, all that are idle are discarded."""

    def __init__(self, size: int) -> None:
        self._free = threading.Semaphore(size)
        self._idle: list[C] = []

    @abstractmethod
    def connect(self) -> C:
        """Open a connection."""

    @abstractmethod
    def is_lost(self, connection: C) -> bool:
        """Tell whether the error of a query means that its connection was lost."""

    @abstractmethod
    def is_reusable(self, connection: C) -> bool:
        """Tell whether a connection that is given back can be lent again."""

    @abstractmethod
    def discard(self, connection: C) -> None:
        """Close a connection, whatever state it is in."""

    def ask(self, query: Callable[[C], T]) -> T:
        """Run a query that changes nothing; if its connection was lost, run it on a new one.

        Raises OperationalError when all connections are in use for too long.
        """
        connection, answer = self.take(query)
        self.give_back(connection)
        return answer

    @contextmanager
    def lend(self) -> Iterator[C]:
        """Lend a connection."""
        connection, _ = self.take(lambda _: None)
        try:
            yield connection
        finally:
            self.give_back(connection)

    def take(self, first: Callable[[C], T]) -> tuple[C, T]:
        """Return a connection, and the answer of the first query on it; `give_back` must follow.

        A kept connection that turns out to be lost is replaced, and the query is run again.
        """
        if not self._free.acquire(timeout=POOL_SECONDS):
            raise OperationalError("all connections are in use")
        try:
            return self._begin(first)
        except BaseException:
            self._free.release()
            raise

    def give_back(self, connection: C) -> None:
        """Keep a connection for the next use, if it can be used again."""
        try:
            self._put_away(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Discard the idle connections."""
        while self._idle:
            self.discard(self._idle.pop())

    def _begin(self, first: Callable[[C], T]) -> tuple[C, T]:
        kept = self._idle.pop() if self._idle else None
        connection = self.connect() if kept is None else kept
        try:
            return connection, first(connection)
        except BaseException as error:
            again = kept is not None and isinstance(error, Exception) and self.is_lost(connection)
            self._put_away(connection)
            if not again:
                raise
        # The others were opened before, and lost by the same restart or failover.
        self.close()
        return self._begin(first)

    def _put_away(self, connection: C) -> None:
        if self.is_reusable(connection):
            self._idle.append(connection)
        else:
            self.discard(connection)

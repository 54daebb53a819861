"""Run one query for all callers that ask at the same time."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from eventsourcing.persistence import OperationalError

from store.errors import UNAVAILABLE

T = TypeVar("T")
LONGEST_PAUSE = 2.0


class _Round(Generic[T]):
    """One run of the query and its result."""

    def __init__(self) -> None:
        self.has_leader = False
        self.over = threading.Event()
        self.answer: T
        self.error: Exception | None = OperationalError("the query was interrupted")


class CoalescedQuery(Generic[T]):
    """Run a query once for all callers that wait; no caller gets a result older than its call.

    A caller that arrives while the query runs is served by the next run. After a run that failed
    because the database is unavailable, callers fail without a run for as long as that run took, up
    to LONGEST_PAUSE: a host that is gone takes seconds to ask.
    """

    def __init__(self, query: Callable[[], T]) -> None:
        self._query = query
        self._lock = threading.Lock()
        self._running = threading.Lock()
        self._next_round: _Round[T] = _Round()
        self._paused_until = 0.0

    def get(self) -> T:
        """Return the result; raises what the query raised."""
        with self._lock:
            mine = self._next_round
            leads, mine.has_leader = not mine.has_leader, True
        if leads:
            self._lead(mine)
        else:
            mine.over.wait()
        if mine.error is not None:
            raise mine.error
        return mine.answer

    def _lead(self, mine: _Round[T]) -> None:
        """Run the query once the round before is over; later callers join the next round."""
        try:
            with self._running:
                # Requests that are there already can join.
                time.sleep(0)
                self._close_round(mine)
                mine.answer = self._run()
                mine.error = None
        except Exception as error:
            mine.error = error
        finally:
            # Also when the leader is killed: the others must not wait for ever.
            self._close_round(mine)
            mine.over.set()

    def _run(self) -> T:
        started = time.monotonic()
        if started < self._paused_until:
            raise OperationalError("the database could not be reached a moment ago")
        try:
            return self._query()
        except UNAVAILABLE:
            ended = time.monotonic()
            self._paused_until = ended + min(ended - started, LONGEST_PAUSE)
            raise

    def _close_round(self, mine: _Round[T]) -> None:
        with self._lock:
            if self._next_round is mine:
                self._next_round = _Round()

"""One question to the database for all who ask it at the same time."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from eventsourcing.persistence import OperationalError

from store.trouble import UNAVAILABLE

T = TypeVar("T")
LONGEST_PAUSE = 2.0


class _Round(Generic[T]):
    """One asking, and what came of it."""

    def __init__(self) -> None:
        self.led = False
        self.over = threading.Event()
        self.answer: T
        self.error: Exception | None = OperationalError("the question was interrupted")


class Together(Generic[T]):
    """Ask once for all who wait; each gets an answer to a question put after it came.

    So nobody is told what was true before, and a hundred that come at once cost one round trip. Who
    comes just after a question failed is told so, for as long as it took to fail: a host that is gone
    takes seconds to ask.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._coming: _Round[T] = _Round()
        self._paused = 0.0

    def get(self) -> T:
        """Return the answer; raises what asking raised."""
        with self._lock:
            mine = self._coming
            leads, mine.led = not mine.led, True
        if leads:
            self._lead(mine)
        else:
            mine.over.wait()
        if mine.error is not None:
            raise mine.error
        return mine.answer

    def _lead(self, mine: _Round[T]) -> None:
        """Ask, once the round before is over; whoever comes from then on is for the next."""
        try:
            with self._asking:
                # Requests that are there already can join.
                time.sleep(0)
                self._next(mine)
                mine.answer = self._answer()
                mine.error = None
        except Exception as error:
            mine.error = error
        finally:
            # Reached by a leader that is killed, too: nobody is to wait for it for ever.
            self._next(mine)
            mine.over.set()

    def _answer(self) -> T:
        started = time.monotonic()
        if started < self._paused:
            raise OperationalError("the database could not be reached a moment ago")
        try:
            return self._ask()
        except UNAVAILABLE:
            ended = time.monotonic()
            self._paused = ended + min(ended - started, LONGEST_PAUSE)
            raise

    def _next(self, mine: _Round[T]) -> None:
        with self._lock:
            if self._coming is mine:
                self._coming = _Round()

"""One question to the database for all who ask it at the same time."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from eventsourcing.persistence import OperationalError

T = TypeVar("T")


class _Round(Generic[T]):
    """One asking, and what came of it."""

    def __init__(self) -> None:
        self.asked = False
        self.answer: T
        self.error: Exception | None = OperationalError("the question was interrupted")


class Together(Generic[T]):
    """Ask once for all who wait; each gets an answer to a question put after it came.

    So nobody is told what was true before, and a hundred that come at once cost one round trip.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._asking = threading.Lock()
        self._coming: _Round[T] = _Round()

    def get(self) -> T:
        """Return the answer; raises what asking raised."""
        mine = self._coming
        with self._asking:
            if not mine.asked:
                # From here on, whoever comes is for the next round.
                self._coming, mine.asked = _Round(), True
                try:
                    mine.answer = self._ask()
                    mine.error = None
                except Exception as error:
                    mine.error = error
        if mine.error is not None:
            raise mine.error
        return mine.answer

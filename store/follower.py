"""Following the log by position: the loop of every consumer that takes events in batches."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

BEAT_SECONDS = 1.0
"""A step is taken so often although there are no events, and this is the wait after an error."""


class Consumer(Protocol):
    """Takes the events of the log in its own transactions, and knows by itself where it goes on."""

    errors: tuple[type[Exception], ...]
    """Those after which it is prepared anew, and tries again."""

    def prepare(self) -> None:
        """Get ready: at the start, and after an error, since the database may be another one then."""

    def step(self) -> int:
        """Take the next batch; return the position that is reached."""

    def waits(self, error: Exception) -> None:
        """Take note of an error."""


@dataclass(frozen=True)
class Pace:
    """How a follower waits, in seconds: between two looks at the head, and after a step.

    After a step it sleeps for `naps` times the step's duration, at most `longest_nap`: so steps are larger
    and fewer under load, and web workers get the processors. After a step of `full` events it does not.
    """

    shortest_idle: float
    longest_idle: float
    longest_nap: float
    naps: float
    full: int


def follow(
    consumer: Consumer,
    head: Callable[[], int],
    pace: Pace,
    stop: threading.Event,
    still_held: Callable[[], bool] = lambda: True,
) -> None:
    """Let a consumer take what is recorded until `stop` is set, or `still_held` returns False.

    `head` returns the last position of the log.
    """
    reached, due, prepared, checked = -1, 0.0, False, time.monotonic()
    idle = pace.shortest_idle
    while not stop.is_set():
        # Rises while there are no events, since each look at the head has a cost.
        nap = idle = min(pace.longest_idle, 1.25 * idle)
        try:
            started = time.monotonic()
            if started > checked + BEAT_SECONDS:
                checked = started
                if not still_held():
                    return
            if not prepared:
                consumer.prepare()
                prepared = True
            if started > due or head() != reached:
                due = max(due, started + BEAT_SECONDS)
                before, reached = reached, consumer.step()
                full = reached - before >= pace.full
                idle = pace.shortest_idle if reached != before else idle
                passed = time.monotonic() - started
                nap = 0 if full else min(pace.longest_nap, pace.naps * passed)
        except consumer.errors as error:
            consumer.waits(error)
            nap, prepared = BEAT_SECONDS, False
        stop.wait(nap)

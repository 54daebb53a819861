"""Waiting for a condition, with a timeout that raises."""

import time
from collections.abc import Callable

INTERVAL_SECONDS = 0.02


class TimedOut(Exception):
    """A condition was not true in time."""


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Check a condition until it is true; raises TimedOut."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimedOut(f"{seconds:.0f} s were not enough")
        time.sleep(INTERVAL_SECONDS)

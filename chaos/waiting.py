"""Waiting for a condition, with a timeout."""

import time
from collections.abc import Callable

INTERVAL_SECONDS = 0.02


def wait_until(
    condition: Callable[[], object], seconds: float, interval: float = INTERVAL_SECONDS
) -> bool:
    """Check a condition until it is true; return False when it is not true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
    return True

"""Waiting with an end."""

import time
from collections.abc import Callable

NAP_SECONDS = 0.02


def until(true: Callable[[], object], seconds: float, nap: float = NAP_SECONDS) -> bool:
    """Wait until something is true, and say whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(nap)
    return True

"""Waiting with an end."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 60.0
NAP_SECONDS = 0.01


def eventually(happens: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> bool:
    """Say whether something happens before patience ends."""
    deadline = time.monotonic() + seconds
    while not (happened := happens()) and time.monotonic() < deadline:
        time.sleep(NAP_SECONDS)
    return bool(happened)


def wait_until(happens: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for something that has to happen."""
    assert eventually(happens, seconds), "it never came true"

"""Limits to the webhooks that a process holds: one to arriving bodies, one to verified ones.

Each has memory of its own, so what is not verified can't crowd out what is.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, Self

from receiver.errors import Overloaded

MOST_REQUESTS = 512
MOST_BYTES = 16 * 1024 * 1024
STALLED_SECONDS = 1.0


class Interruptible(Protocol):
    """A body that comes from a connection, such as the worker's TimedBody."""

    def interrupt(self) -> None: ...


class Admission:
    """Limit the verified webhooks between their signature and their commit."""

    def __init__(self, requests: int = MOST_REQUESTS, size: int = MOST_BYTES) -> None:
        self._requests = self._most = requests
        self._bytes = size

    @contextmanager
    def admit(self, size: int) -> Iterator[None]:
        """Reserve memory for a body of `size` bytes; raises Overloaded when there is none.

        A single body is always admitted, else one above the limit never would be.
        """
        idle = self._requests == self._most
        if self._requests < 1 or (self._bytes < size and not idle):
            raise Overloaded("more webhooks are waiting to be stored than fit; try again")
        self._requests -= 1
        self._bytes -= size
        try:
            yield
        finally:
            self._requests += 1
            self._bytes += size


class Arrivals:
    """Limit the bytes of large bodies that have arrived and are not verified yet.

    When there is no room, a body whose sender has stalled gives up its place.
    """

    def __init__(self, size: int = MOST_BYTES) -> None:
        self._room = size
        self._bodies: dict[Arrival, None] = {}

    def hold(self, body: "Arrival", size: int) -> None:
        """Count `size` more bytes of a body; raises Overloaded when there is no room for them."""
        while self._room < size:
            stalled = next(iter(self._bodies), body)
            if stalled is body or time.monotonic() - stalled.moved < STALLED_SECONDS:
                raise Overloaded("more webhooks are arriving than fit; try again")
            self.release(stalled)
            stalled.interrupt()
        self._room -= size
        # Moved to the end, so that the first is the one that has waited longest.
        self._bodies.pop(body, None)
        self._bodies[body] = None

    def release(self, body: "Arrival") -> None:
        """Free what a body holds."""
        self._room += body.size
        body.size = 0
        self._bodies.pop(body, None)


class Arrival:
    """The body of a webhook until it is verified: `with Arrival(arrivals, stream) as body`."""

    def __init__(self, arrivals: Arrivals, stream: Interruptible) -> None:
        self._arrivals = arrivals
        self._stream = stream
        self.size = 0
        self.moved = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._arrivals.release(self)

    def hold(self, size: int) -> None:
        """Count `size` more bytes that have arrived; raises Overloaded when there is no room."""
        self._arrivals.hold(self, size)
        self.size += size
        self.moved = time.monotonic()

    def interrupt(self) -> None:
        """Stop waiting for the rest."""
        self._stream.interrupt()

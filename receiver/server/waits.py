"""Waits for clients: for the head of a request, and for each piece of its body."""

import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any

import gevent
from gevent import get_hub

PIECE_BYTES = 64 * 1024
PIECE_SECONDS = 10.0
"""The longest wait for PIECE_BYTES of a body, or for its rest: the least rate of a sender."""
BODY_SECONDS = 50.0


class Wait(BaseException):
    """A block that waits for its client; it ends early when interrupted.

    Without a timer of its own, which would cost several microseconds: see `interrupt_overdue`.
    """

    def __init__(self, seconds: float, waiting: "dict[Wait, gevent.Greenlet]") -> None:
        self.due = time.monotonic() + seconds
        self.overdue = False
        self.interrupted = False
        self._waiting = waiting

    def __enter__(self) -> None:
        self._waiting[self] = gevent.getcurrent()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        del self._waiting[self]
        return value is self

    def interrupt(self) -> None:
        """End the wait from another greenlet; does nothing if it has ended meanwhile.

        In the hub, where no greenlet runs: else what follows the wait could be interrupted instead.
        """
        self.interrupted = True
        get_hub().loop.run_callback(self._interrupt)

    def _interrupt(self) -> None:
        greenlet = self._waiting.get(self)
        if greenlet is not None:
            greenlet.throw(self)


def interrupt_overdue(waiting: Iterable[Wait]) -> None:
    """End the waits that have taken too long; a worker calls it about once a second."""
    now = time.monotonic()
    for wait in waiting:
        if wait.due < now:
            wait.overdue = True
            wait.interrupt()


class TimedBody:
    """Read the body of a gunicorn request, which has to come at a least rate and by a deadline."""

    def __init__(self, request: Any, waiting: dict[Wait, gevent.Greenlet]) -> None:
        self._request = request
        self._body = request.body
        self._waiting = waiting
        self._deadline = time.monotonic() + BODY_SECONDS
        self._wait: Wait | None = None
        # Else gunicorn reads ahead up to 1 MiB, which nobody counts.
        request.unreader.max_body_chunk = PIECE_BYTES

    def read(self, size: int | None = None) -> bytes:
        """Read `size` bytes, or the rest, all of it if no size is given.

        Raises TimeoutError if they come too slowly, and InterruptedError when interrupted; the
        connection is closed after the answer then.
        """
        left = self._deadline - time.monotonic()
        self._wait = Wait(min(PIECE_SECONDS, left), self._waiting)
        with self._wait:
            data: bytes = self._body.read(size)
            return data
        self._request.force_close()
        raise TimeoutError if self._wait.overdue else InterruptedError

    def interrupt(self) -> None:
        """End a wait for more of the body, if there is one."""
        if self._wait is not None:
            self._wait.interrupt()

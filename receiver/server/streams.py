"""The streams that a worker serves: answers without an end, of which the slow ones are cut off."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SLOW_SECONDS = 30.0
"""How long a client may take to receive a part of a stream."""
MOST_STREAMS = 1000
"""In one process; the others of its connections are for webhooks and reads."""
Sending = Callable[[bytes], Iterator[bytes]]


class Streams:
    """Register the open streams of this process by their threads, which are greenlets in a worker."""

    def __init__(self) -> None:
        self._since: dict[int, float | None] = {}
        self.on_end: list[Callable[[], None]] = []

    def __len__(self) -> int:
        return len(self._since)

    def __contains__(self, thread: int) -> bool:
        return thread in self._since

    @contextmanager
    def open(self) -> Iterator[Sending]:
        """Register the stream of this thread; give what wraps each part of it that is sent."""
        thread = threading.get_ident()
        self._since[thread] = None

        def sending(part: bytes) -> Iterator[bytes]:
            self._since[thread] = time.monotonic()
            yield part
            self._since[thread] = None

        try:
            yield sending
        finally:
            self._since.pop(thread, None)

    def is_slow(self, thread: int) -> bool:
        """Say whether the client of a stream has not taken a part of it for SLOW_SECONDS."""
        since = self._since.get(thread)
        return since is not None and time.monotonic() - since > SLOW_SECONDS

    def end(self) -> None:
        """End all streams: their process stops."""
        for end in self.on_end:
            end()


STREAMS = Streams()

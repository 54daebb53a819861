"""One reader of the log for all followers in this process."""

import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import accumulate, takewhile

from eventsourcing.persistence import MapperDeserialisationError

from receiver.feed.items import Filter, Item
from store.errors import UNAVAILABLE

LOST: tuple[type[Exception], ...] = (*UNAVAILABLE, MapperDeserialisationError)

Read = Callable[[int], tuple[list[Item], int]]
POLL_SECONDS = 0.02
SECONDS_PER_FOLLOWER = 0.001
"""Waking a follower, and sending to it, takes about 60 µs: this is the share of time that they may take."""
MOST_ITEMS = 2000
MOST_CHARACTERS = 8 * 1024 * 1024
PART_CHARACTERS = 256 * 1024
"""What a follower gets at once, so that many slow ones don't hold much in memory."""
MOST_READERS = 2
"""How many followers that are behind may read the log at a time."""


class FeedLost(Exception):
    """The log can't be read: followers have to come again."""


class Broadcast:
    """Read new items while anybody follows, keep the last ones, and wake all followers for each batch.

    Its thread begins with the first follower and ends with the last one. `read` returns the items after a
    position, and the position that it has reached.
    """

    def __init__(self, read: Read, head: Callable[[], int]) -> None:
        self._read = read
        self._head = head
        self._changed = threading.Condition()
        self._behind = threading.BoundedSemaphore(MOST_READERS)
        self._items: deque[Item] = deque()
        self._characters = 0
        self._since = self._reached = 0
        self._thread: threading.Thread | None = None
        self.followers = 0
        self.closing = False

    @contextmanager
    def following(self) -> Iterator[None]:
        """Count a follower; the thread that reads starts with the first one."""
        with self._changed:
            self.followers += 1
        try:
            self._start()
            yield
        finally:
            with self._changed:
                self.followers -= 1

    def close(self) -> None:
        """Wake all followers for the last time."""
        with self._changed:
            self.closing = True
            self._changed.notify_all()

    def after(self, position: int, wanted: Filter) -> tuple[list[Item], int]:
        """Return the items after a position that pass a filter, and the position that was reached.

        Some of them, if there are many. What is no longer kept is read from the log. Raises FeedLost.
        """
        with self._changed:
            if self._thread is not None and self._since <= position:
                later = takewhile(lambda each: each.position > position, reversed(self._items))
                items = [each for each in later if wanted.passes(each)][::-1]
                return _first(items, max(position, self._reached))
        try:
            with self._behind:
                items, reached = self._read(position)
                # Let others have their turn: who is far behind reads on at once.
                time.sleep(0)
        except LOST as error:
            raise FeedLost from error
        return [each for each in items if wanted.passes(each)], reached

    def wait(self, position: int, seconds: float) -> None:
        """Wait until there may be something after a position; raises FeedLost when the log can't be read."""
        with self._changed:
            if self._reached <= position and self._thread is not None and not self.closing:
                self._changed.wait(seconds)
            if self._thread is None or self.closing:
                raise FeedLost

    def _start(self) -> None:
        if self._thread is not None:
            return
        try:
            head = self._head()
        except LOST as error:
            raise FeedLost from error
        with self._changed:
            if self._thread is None:
                self._items.clear()
                self._characters = 0
                self._since = self._reached = head
                self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            while self._goes_on():
                items, reached = self._read(self._reached)
                if reached > self._reached:
                    self._keep(items, reached)
                time.sleep(max(POLL_SECONDS, SECONDS_PER_FOLLOWER * self.followers))
        except LOST:
            self._end()

    def _goes_on(self) -> bool:
        with self._changed:
            if self.followers and not self.closing:
                return True
            # Within the lock that counts followers: the next one starts another thread.
            self._end()
            return False

    def _end(self) -> None:
        with self._changed:
            self._thread = None
            self._changed.notify_all()

    def _keep(self, items: list[Item], reached: int) -> None:
        with self._changed:
            self._items.extend(items)
            self._characters += sum(len(each.json) for each in items)
            while len(self._items) > MOST_ITEMS or self._characters > MOST_CHARACTERS:
                dropped = self._items.popleft()
                self._characters -= len(dropped.json)
                self._since = dropped.position
            self._reached = reached
            self._changed.notify_all()


def _first(items: list[Item], reached: int) -> tuple[list[Item], int]:
    """Return the first items, and the position that they reach: `reached` if they are all."""
    sizes = accumulate(len(each.json) for each in items)
    fitting = max(1, bisect_right(list(sizes), PART_CHARACTERS))
    if fitting >= len(items):
        return items, reached
    return items[:fitting], items[fitting - 1].position

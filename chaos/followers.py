"""A follower of the feed that cuts its own connections."""

import random
import threading

import httpx

from tests.harness.followers import Events, following
from tests.harness.service import Service

CUT_AFTER_BYTES = 100_000
RETRY_SECONDS = 0.2


class Follower(threading.Thread):
    """Follow the feed on connections that it cuts at a random byte, each from where the last one ended."""

    def __init__(self, service: Service) -> None:
        super().__init__(daemon=True)
        self.cuts = 0
        self._service, self._events = service, Events("0")
        self._stopped = threading.Event()

    def run(self) -> None:
        """Follow until stopped."""
        while not self._stopped.is_set():
            # What was cut within an event is lost with its connection.
            self._events = Events(self._events.last, self._events.seen)
            try:
                self._follow(random.randrange(CUT_AFTER_BYTES))
            except httpx.HTTPError:
                self._stopped.wait(RETRY_SECONDS)

    def _follow(self, left: int) -> None:
        with following(self._service, Last_Event_ID=self._events.last) as response:
            response.raise_for_status()
            for part in response.iter_raw():
                self._events.feed(part[:left])
                left -= len(part)
                if left <= 0 or self._stopped.is_set():
                    self.cuts += left <= 0
                    return

    def has_reached(self, position: int) -> bool:
        """Say whether it has seen an event at this position or later."""
        seen = self._events.seen
        return bool(seen) and seen[-1][0] >= position

    def seen(self) -> list[tuple[int, int]]:
        """Return the positions and ids of the events that it saw, in this order."""
        return [(position, item["id"]) for position, item in self._events.seen]

    def stop(self) -> None:
        """Follow no more, from the next thing that the server says."""
        self._stopped.set()

"""A service under load, on which a fault is let loose."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from chaos.account import Account
from chaos.clock import Clock
from chaos.deliveries import SOURCE, Deliveries
from chaos.grounds import Ground
from chaos.http import Caller
from chaos.senders import EVENTS, Reader, Sender
from chaos.waiting import until
from receiver.services import assemble
from receiver.settings import Settings
from tests.service import Service

WORKERS = 2
SENDERS = 6
WARM_EVENTS = 100
RECOVERY_SECONDS = 30.0


class Stage:
    """The service, its senders and its reader, and the moment at which it was struck."""

    def __init__(self, ground: Ground, clock: Clock, settings: dict[str, str]) -> None:
        self.ground, self.clock = ground, clock
        self.account, self.deliveries = Account(), Deliveries()
        self.service = Service(ground.folder, WORKERS, **ground.settings, **settings)
        self.struck_at: float | None = None
        self.over_at = 0.0
        self._stop = threading.Event()
        self._load: list[threading.Thread] = []

    def prepare(self) -> None:
        """Make the tables, a source and a client."""
        parts = assemble(Settings.from_environment(self.service.environment), migrate=True)
        self.service.secrets[SOURCE] = parts.sources.add(SOURCE)
        client_id, key = parts.clients.add("chaos", ["admin"])
        self.service.admin = (str(client_id), key)
        parts.close()

    @contextmanager
    def load(self) -> Iterator[None]:
        """Keep the senders and the reader at work; at the end wait until each is through."""
        self._load = [self.sender(self._stop) for _ in range(SENDERS)]
        self._load.append(Reader(self.service.port, self.service.admin, self.account, self._stop))
        for thread in self._load:
            thread.start()
        try:
            until(lambda: len(self.account.positions) > WARM_EVENTS, RECOVERY_SECONDS)
            yield
        finally:
            self._stop.set()
            for thread in self._load:
                thread.join()

    def sender(self, stop: threading.Event, amount: int | None = None) -> Sender:
        """Make one more sender, which sends until `stop`, or only so many deliveries."""
        caller, secret = Caller(self.service.port), self.service.secrets[SOURCE]
        return Sender(caller, secret, self.clock, self.account, self.deliveries, stop, amount)

    def struck(self) -> None:
        """Say that the fault is there: from now on it counts how long nothing is acknowledged."""
        self.struck_at = self.over_at = time.monotonic()

    def over(self) -> None:
        """Say that only what is sent from now on can prove that the service is back."""
        self.over_at = time.monotonic()

    def recovery(self) -> float | None:
        """Wait for the first new acknowledgement; return the seconds from the fault to it."""
        assert self.struck_at is not None, "the fault did not say when it struck"
        until(lambda: self.account.first_after(self.over_at) is not None, RECOVERY_SECONDS)
        first = self.account.first_after(self.over_at)
        return None if first is None else first - self.struck_at

    def shown(self) -> float | None:
        """Wait for a read that shows all that was acknowledged; return the seconds from the fault to it."""
        assert self.struck_at is not None, "the fault did not say when it struck"
        shown = until(self._up_to_date, RECOVERY_SECONDS)
        return time.monotonic() - self.struck_at if shown else None

    def keep_log(self, file: Path) -> None:
        """Put the server's log to where it outlives the row."""
        file.write_text(self.service.log())

    def _up_to_date(self) -> bool:
        with suppress(httpx.TransportError):
            answer = self.service.get(EVENTS, params={"limit": 1})
            return answer.is_success and "Ledger-Lag" not in answer.headers
        return False

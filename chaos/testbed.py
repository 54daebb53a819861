"""The service under load, into which a fault is injected."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from chaos.client_log import ClientLog
from chaos.clock import Clock
from chaos.deliveries import SOURCE, DeliveryGenerator
from chaos.http_client import Client
from chaos.senders import EVENTS, Reader, Sender
from chaos.store_under_test import StoreUnderTest
from chaos.waiting import wait_until
from domain.cause import OPERATOR, Cause
from receiver.services import assemble
from receiver.settings import Settings
from tests.harness.service import Service

WORKERS = 2
SENDERS = 6
WARM_UP_EVENTS = 100
RECOVERY_SECONDS = 30.0
CHAOS = Cause.of(OPERATOR, "chaos", "chaos")


class Testbed:
    """A service with its senders and its reader, and the times at which the fault began and ended."""

    def __init__(self, store: StoreUnderTest, clock: Clock, settings: dict[str, str]) -> None:
        self.store, self.clock = store, clock
        self.log, self.deliveries = ClientLog(), DeliveryGenerator()
        settings = {"CHECKPOINT_SECONDS": "1", **store.settings, **settings}
        self.service = Service(store.folder, WORKERS, **settings)
        self._fault_started_at: float | None = None
        self._fault_ended_at = 0.0
        self._stop = threading.Event()

    def prepare(self) -> None:
        """Make the tables, a source, a client, and the key that signs checkpoints."""
        services = assemble(Settings.from_environment(self.service.environment), migrate=True)
        self.service.secrets[SOURCE] = services.sources.add(SOURCE, CHAOS)
        client_id, key = services.clients.add("chaos", ["admin"], CHAOS)
        self.service.admin = (str(client_id), key)
        services.close()
        self.service.here("audit", "key", "--name", "chaos.example/ledger")

    @contextmanager
    def load(self) -> Iterator[None]:
        """Run the senders and the reader; on exit wait until each delivery was acknowledged."""
        threads: list[threading.Thread] = [self.new_sender(self._stop) for _ in range(SENDERS)]
        threads.append(Reader(self.service.port, self.service.admin, self.log, self._stop))
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: len(self.log.positions) > WARM_UP_EVENTS, RECOVERY_SECONDS)
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def new_sender(self, stop: threading.Event, amount: int | None = None) -> Sender:
        """Return another sender, which sends until `stop` is set or `amount` deliveries are sent."""
        client, secret = Client(self.service.port), self.service.secrets[SOURCE]
        return Sender(client, secret, self.clock, self.log, self.deliveries, stop, amount)

    @property
    def fault_started_at(self) -> float:
        """Return when the fault began."""
        assert self._fault_started_at is not None, "the fault did not mark its start"
        return self._fault_started_at

    def mark_fault_started(self) -> None:
        """Start the measurement of the time to recover."""
        self._fault_started_at = self._fault_ended_at = time.monotonic()

    def mark_fault_ended(self) -> None:
        """Let only events that are sent from now on count as recovery."""
        self._fault_ended_at = time.monotonic()

    def wait_for_recorded_event(self) -> float | None:
        """Wait for the first new event recorded; return the seconds since the fault began."""

        def first() -> float | None:
            return self.log.first_recorded_after(self._fault_ended_at)

        wait_until(lambda: first() is not None, RECOVERY_SECONDS)
        recorded_at = first()
        return None if recorded_at is None else recorded_at - self.fault_started_at

    def wait_for_current_read(self) -> float | None:
        """Wait for a read without lag; return the seconds since the fault began."""
        current = wait_until(self._read_is_current, RECOVERY_SECONDS)
        return time.monotonic() - self.fault_started_at if current else None

    def keep_server_log(self, file: Path) -> None:
        """Copy the server's log to a file that outlives the experiment."""
        file.write_text(self.service.log())

    def _read_is_current(self) -> bool:
        with suppress(httpx.TransportError):
            response = self.service.get(EVENTS, params={"limit": 1})
            return response.is_success and "Ledger-Lag" not in response.headers
        return False

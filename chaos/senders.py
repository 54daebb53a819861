"""The load: senders that repeat each delivery until it is acknowledged, and a reader."""

import json
import random
import threading
import time
from base64 import urlsafe_b64encode

from chaos.client_log import UNAVAILABLE, ClientLog
from chaos.clock import Clock
from chaos.deliveries import SOURCE, Delivery, DeliveryGenerator
from chaos.http_client import Client, Response, basic_auth

REPEAT_SHARE = 0.2
RECENT = 50
RETRY_SECONDS = 0.05
GIVE_UP_SECONDS = 20.0
UNAUTHORIZED = 401
EVENTS = "/api/v1/events/"


class Sender(threading.Thread):
    """Send new deliveries, and repeat old ones, until `stop` is set or `amount` are acknowledged.

    An unacknowledged delivery is sent again after only a part of Retry-After, which loads the service
    more than waiting for all of it.
    """

    def __init__(
        self,
        client: Client,
        secret: str,
        clock: Clock,
        log: ClientLog,
        deliveries: DeliveryGenerator,
        stop: threading.Event,
        amount: int | None = None,
    ) -> None:
        super().__init__(daemon=True)
        self._client, self._secret, self._clock = client, secret, clock
        self._log, self._deliveries = log, deliveries
        self._stop_sending, self._amount = stop, amount
        self._acknowledged: list[Delivery] = []

    def run(self) -> None:
        """Send deliveries one after another."""
        while not self._stop_sending.is_set() and len(self._acknowledged) != self._amount:
            delivery = self._deliveries.next()
            if not self._deliver(delivery):
                break
            self._acknowledged.append(delivery)
            if random.random() < REPEAT_SHARE:
                self._deliver(random.choice(self._acknowledged[-RECENT:]))
        self._client.close()

    def _deliver(self, delivery: Delivery) -> bool:
        """Send a delivery until it is acknowledged; give up some time after `stop` is set."""
        deadline = None
        while True:
            clock_offset = self._clock.offset
            response = self._post(delivery)
            if response.status == UNAUTHORIZED and clock_offset != self._clock.offset:
                continue  # The clock was set after the delivery was signed.
            if self._log.check_response("webhook", response):
                self._log.add_acknowledged(results_of(response.body), response)
                return True
            refused = response.status == UNAVAILABLE
            self._log.add_unacknowledged(delivery.event_ids, refused=refused)
            if self._stop_sending.is_set():
                deadline = deadline or time.monotonic() + GIVE_UP_SECONDS
                if time.monotonic() > deadline:
                    self._log.add_violation("a delivery was never acknowledged")
                    return False
            time.sleep((response.retry_after or RETRY_SECONDS) * random.uniform(0.1, 1))

    def _post(self, delivery: Delivery) -> Response:
        headers = delivery.headers(self._secret, self._clock.now())
        return self._client.request("POST", f"/webhooks/{SOURCE}", headers, delivery.body)


class Reader(threading.Thread):
    """Read the event acknowledged last: it is listed, or the response has Ledger-Lag."""

    def __init__(
        self, port: int, credentials: tuple[str, str], log: ClientLog, stop: threading.Event
    ) -> None:
        super().__init__(daemon=True)
        self._client, self._headers = Client(port), basic_auth(credentials)
        self._log, self._stop_reading = log, stop

    def run(self) -> None:
        """Read until `stop` is set."""
        while not self._stop_reading.wait(0.02):
            event_id = self._log.highest_acknowledged
            if event_id:
                self._read(event_id)
        self._client.close()

    def _read(self, event_id: int) -> None:
        path = f"{EVENTS}?limit=1&after={cursor_before(event_id)}"
        response = self._client.request("GET", path, self._headers)
        if not self._log.check_response("read", response):
            return
        listed = [event["id"] for event in json.loads(response.body)]
        if listed != [event_id] and not response.lags:
            self._log.add_violation("a read without Ledger-Lag misses an acknowledged event")


def results_of(body: bytes) -> list[dict[str, object]]:
    """Return the result of each event from the body of a 2xx response."""
    content = json.loads(body)
    results: list[dict[str, object]] = content.get("results", [content])
    return results


def cursor_before(event_id: int) -> str:
    """Return the cursor of a page that begins with an event."""
    return urlsafe_b64encode(json.dumps([event_id - 1, SOURCE]).encode()).decode()

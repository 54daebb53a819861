"""The load: sources that send until they are acknowledged, and somebody who reads what was."""

import json
import random
import threading
import time
from base64 import urlsafe_b64encode

from chaos.account import UNAVAILABLE, Account
from chaos.clock import Clock
from chaos.deliveries import SOURCE, Deliveries, Delivery
from chaos.http import Answer, Caller, basic

REPEATS = 0.2
RECENT = 50
AGAIN_SECONDS = 0.05
DUE_SECONDS = 20.0
UNAUTHORIZED = 401
EVENTS = "/api/v1/events/"


class Sender(threading.Thread):
    """A source that sends new deliveries and repeats old ones, until `stop`, or `amount` are through.

    Whatever was not acknowledged is sent again: after a part of Retry-After, for the impatient are
    harder to bear than the polite.
    """

    def __init__(
        self,
        caller: Caller,
        secret: str,
        clock: Clock,
        account: Account,
        deliveries: Deliveries,
        stop: threading.Event,
        amount: int | None = None,
    ) -> None:
        super().__init__(daemon=True)
        self._caller, self._secret, self._clock = caller, secret, clock
        self._account, self._deliveries = account, deliveries
        self._stop_sending, self._amount = stop, amount
        self._through: list[Delivery] = []

    def run(self) -> None:
        """Send."""
        while not self._stop_sending.is_set() and len(self._through) != self._amount:
            delivery = self._deliveries.next()
            if not self._deliver(delivery):
                break
            self._through.append(delivery)
            if random.random() < REPEATS:
                self._deliver(random.choice(self._through[-RECENT:]))
        self._caller.close()

    def _deliver(self, delivery: Delivery) -> bool:
        """Send until it is acknowledged; give up some time after the load's end."""
        given_up = None
        while True:
            clock = self._clock.offset
            answer = self._post(delivery)
            if answer.status == UNAUTHORIZED and clock != self._clock.offset:
                continue  # It was signed at a time that is no more.
            if self._account.judge("webhook", answer):
                self._account.acknowledge(results(answer.body), answer)
                return True
            self._account.postpone(delivery.event_ids, refused=answer.status == UNAVAILABLE)
            if self._stop_sending.is_set():
                given_up = given_up or time.monotonic() + DUE_SECONDS
                if time.monotonic() > given_up:
                    self._account.fault("a delivery was never acknowledged")
                    return False
            time.sleep((answer.retry_after or AGAIN_SECONDS) * random.uniform(0.1, 1))

    def _post(self, delivery: Delivery) -> Answer:
        headers = delivery.headers(self._secret, self._clock.now())
        return self._caller.ask("POST", f"/webhooks/{SOURCE}", headers, delivery.body)


class Reader(threading.Thread):
    """A client that reads what was acknowledged last: it must be there, or the answer say that it lags."""

    def __init__(
        self, port: int, credentials: tuple[str, str], account: Account, stop: threading.Event
    ) -> None:
        super().__init__(daemon=True)
        self._caller, self._headers = Caller(port), basic(credentials)
        self._account, self._stop_reading = account, stop

    def run(self) -> None:
        """Read."""
        while not self._stop_reading.wait(0.02):
            wanted = self._account.last
            if wanted:
                self._look(wanted)
        self._caller.close()

    def _look(self, wanted: int) -> None:
        answer = self._caller.ask("GET", f"{EVENTS}?limit=1&after={before(wanted)}", self._headers)
        if not self._account.judge("read", answer):
            return
        shown = [event["id"] for event in json.loads(answer.body)]
        if shown != [wanted] and not answer.lags:
            self._account.fault("a read did not show what was acknowledged before, nor say so")


def results(body: bytes) -> list[dict[str, object]]:
    """Return what an answer says of each event."""
    answered = json.loads(body)
    found: list[dict[str, object]] = answered.get("results", [answered])
    return found


def before(event_id: int) -> str:
    """Write the cursor of a page that begins with an event."""
    return urlsafe_b64encode(json.dumps([event_id - 1, SOURCE]).encode()).decode()

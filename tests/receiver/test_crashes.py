"""A server that is killed at any moment, under load, has every event it acknowledged, exactly once."""

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import httpx
import pytest

from tests.harness.effort import effort
from tests.harness.postgres import Server
from tests.harness.service import Service
from tests.receiver.examples import kit_event, pages

KILLS = effort(2, 5)
SENDERS = 4
ARRAY = 5


class Sender(threading.Thread):
    """Posts events of its own until the server is gone, and remembers what was acknowledged.

    Every other delivery is an array. What was not acknowledged is sent again after the next start,
    as upstream systems do.
    """

    def __init__(self, service: Service, ids: Iterator[int], due: list[list[int]]) -> None:
        super().__init__()
        self._service = service
        self._ids = ids
        self.due = due
        self.acknowledged: list[int] = []

    def run(self) -> None:
        """Send, until the connection fails."""
        while True:
            if not self.due:
                size = random.choice([1, ARRAY])
                self.due.append([next(self._ids) for _ in range(size)])
            ids = self.due[0]
            events = [kit_event(event_id, f"K{event_id}") for event_id in ids]
            try:
                answer = self._service.post_webhook(events[0] if len(ids) == 1 else events)
            except httpx.TransportError:
                return
            if answer.status_code in {200, 202}:
                self.acknowledged += ids
                self.due.pop(0)


@dataclass
class Doomed:
    """A service, and the PostgreSQL server that dies with it, if it has one."""

    service: Service
    server: Server | None

    def kill(self) -> None:
        """Kill every process, in any order."""
        ends = [self.service.kill] + ([self.server.kill] if self.server else [])
        for end in random.sample(ends, len(ends)):
            end()

    def start(self) -> None:
        """Start again on what the disk has."""
        if self.server is not None:
            self.server.start()
        self.service.start()


def streams(service: Service, prefix: str) -> list[str]:
    """Return the streams that begin so, once for each event in them."""
    found = service.query(
        "SELECT originator_id FROM stored_events WHERE originator_id LIKE %s", f"{prefix}%"
    )
    return [stream for (stream,) in found]


@pytest.fixture(params=["sqlite", "postgres"])
def doomed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Doomed]:
    """Give a service to kill, and with it the PostgreSQL server that it has for itself, if any."""
    server = Server().create().start() if request.param == "postgres" else None
    settings = {} if server is None else {"DATABASE_URL": server.url()}
    service = Service(tmp_path_factory.mktemp("doomed"), **settings).prepare()
    yield Doomed(service, server)
    service.close()
    if server is not None:
        server.close()


def test_every_acknowledged_event_is_there_exactly_once(doomed: Doomed) -> None:
    service, ids, acknowledged = doomed.service.start(), count(1), set[int]()
    left: list[list[list[int]]] = [[] for _ in range(SENDERS)]
    for _ in range(KILLS):
        senders = [Sender(service, ids, due) for due in left]
        for sender in senders:
            sender.start()
        time.sleep(random.uniform(0.05, 0.5))
        doomed.kill()
        for sender in senders:
            sender.join()
            acknowledged.update(sender.acknowledged)
        doomed.start()

    deliveries, kits = streams(service, "delivery/"), streams(service, "kit/")
    assert len(acknowledged) > KILLS, "the load was real"
    assert len(deliveries) == len(set(deliveries))
    recorded = {int(stream.rpartition("/")[2]) for stream in deliveries}
    assert acknowledged <= recorded
    # No half of one: each delivery has its kit's event, and each kit's event its delivery.
    assert sorted(kits) == sorted(f"kit/K{event_id}" for event_id in recorded)
    # No half of an array: what was never acknowledged is there as a whole, or not at all.
    assert {len(recorded & set(batch)) in {0, len(batch)} for due in left for batch in due} <= {
        True
    }
    with service.ledger() as plain:
        assert plain.is_sound()
    shown = [row["barcode"] for page in pages(service, "/api/v1/kits/", limit=1000) for row in page]
    assert sorted(shown) == sorted(f"K{event_id}" for event_id in recorded)

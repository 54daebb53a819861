"""When PostgreSQL's primary is lost, the same processes go on with the standby that was promoted."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import httpx
import pytest

from tests.harness.followers import Events, following
from tests.harness.postgres import Server, urls
from tests.harness.service import Service
from tests.harness.waiting import eventually
from tests.receiver.examples import kit_event, note, pages, problem

KITS, EVENTS = "/api/v1/kits/", "/api/v1/events/"
SENDERS = 4


@dataclass
class Pair:
    """A service whose ledger is on a primary and, by each commit, on the standby that follows it."""

    service: Service
    primary: Server
    standby: Server


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Start the servers and the service."""
    primary = Server().create().start()
    try:
        standby = primary.standby("second")
        primary.make_synchronous(standby)
        either = urls(primary, standby)
        service = Service(tmp_path_factory.mktemp("failover"), DATABASE_URL=either).prepare()
        service.start()
        yield Pair(service, primary, standby)
        service.close()
        standby.close()
    finally:
        primary.close()


class Sender(threading.Thread):
    """Sends each event until it is acknowledged, as upstream systems do, and remembers how that went."""

    def __init__(self, service: Service, ids: Iterator[int]) -> None:
        super().__init__()
        self._service, self._ids = service, ids
        self.stop = threading.Event()
        self.acknowledged: list[int] = []
        self.refusals: list[httpx.Response] = []

    def run(self) -> None:
        """Send, until told to stop."""
        while not self.stop.is_set():
            event_id = next(self._ids)
            event = kit_event(event_id, f"K{event_id}")
            while (answer := self._service.post_webhook(event)).status_code not in {200, 202}:
                self.refusals.append(answer)
                if self.stop.wait(0.1):
                    return
            self.acknowledged.append(event_id)


class Follower(threading.Thread):
    """Follows the feed, and comes again with the last id that it has seen whenever its stream ends."""

    def __init__(self, service: Service) -> None:
        super().__init__(daemon=True)
        self._service = service
        self.stop = threading.Event()
        self.events = Events()

    def run(self) -> None:
        """Follow, until told to stop."""
        while not self.stop.is_set():
            resumed = {"Last_Event_ID": self.events.last} if self.events.last else {}
            # What was cut within an event is lost with its connection.
            self.events = Events(self.events.last, self.events.seen)
            with suppress(httpx.HTTPError), following(self._service, **resumed) as response:
                for part in response.iter_raw() if response.status_code == httpx.codes.OK else ():
                    self.events.feed(part)
                    if self.stop.is_set():
                        return
            self.stop.wait(0.1)


def listed(service: Service, path: str, field: str) -> list[object]:
    """Return a field of everything that a list has, on all its pages."""
    return [row[field] for page in pages(service, path, limit=1000) for row in page]


def test_nothing_acknowledged_is_lost_or_doubled_when_the_standby_takes_over(pair: Pair) -> None:
    service, ids = pair.service, count(1)
    before = service.processes()
    senders = [Sender(service, ids) for _ in range(SENDERS)]
    follower = Follower(service)
    for thread in (*senders, follower):
        thread.start()
    assert eventually(lambda: all(len(sender.acknowledged) > 20 for sender in senders))

    pair.primary.kill()
    assert eventually(lambda: all(sender.refusals for sender in senders))
    safe = [event_id for sender in senders for event_id in sender.acknowledged]
    read_only(service, safe)
    pair.standby.promote()

    enough = {sender: len(sender.acknowledged) + 5 for sender in senders}
    assert eventually(lambda: all(len(each.acknowledged) > enough[each] for each in senders))
    for sender in senders:
        sender.stop.set()
    for sender in senders:
        sender.join()
    service.wait_until_ready()
    assert service.processes() == before, "nothing was started again"
    refusals = [refusal for sender in senders for refusal in sender.refusals]
    assert {problem(each, 503)["status"] for each in refusals} == {503}
    assert all(each.headers["retry-after"].isdigit() for each in refusals)
    everything_once(service, {event_id for sender in senders for event_id in sender.acknowledged})
    followed_once_and_in_order(service, follower)


def followed_once_and_in_order(service: Service, follower: Follower) -> None:
    """A follower has seen what is listed, each event once, by rising position."""
    ids = [row["id"] for page in pages(service, EVENTS, limit=1000) for row in page]
    assert eventually(lambda: len(follower.events.seen) >= len(ids))
    follower.stop.set()
    positions = [position for position, _ in follower.events.seen]
    assert positions == sorted(set(positions))
    assert sorted(item["id"] for _, item in follower.events.seen) == sorted(ids)


def read_only(service: Service, acknowledged: list[int]) -> None:
    """While there is no primary, reads show what was projected, and writers are asked to come back."""
    answer = service.get(KITS, params={"limit": 1000})
    shown = {kit["barcode"] for kit in answer.json()}
    assert (answer.status_code, answer.headers["ledger-lag"]) == (200, "unknown")
    assert shown
    assert len(shown - {f"K{event_id}" for event_id in acknowledged}) <= SENDERS
    for path in (EVENTS, "/api/v1/reports/", "/api/v1/kit-registrations/"):
        assert service.get(path).headers["ledger-lag"] == "unknown"
    assert service.get(KITS, auth=("1", "f0000000-0000-4000-8000-000000000000")).status_code == 401
    assert service.anonymous("GET", "/healthz").status_code == 200
    refused = [
        service.post_webhook(note(10**9)),
        service.post("/api/v1/kit-registrations/", {"customer": 1, "kit": "K1"}),
        service.anonymous("GET", "/readyz"),
    ]
    for each in refused:
        assert problem(each, 503)["detail"]
        assert each.headers["retry-after"].isdigit()


def everything_once(service: Service, acknowledged: set[int]) -> None:
    """Each acknowledged event is there, none is there twice, and reads are not behind."""
    ids = listed(service, EVENTS, "id")
    assert len(ids) == len(set(ids))
    assert acknowledged <= set(ids)
    assert sorted(listed(service, KITS, "barcode"), key=str) == sorted(f"K{each}" for each in ids)
    assert "ledger-lag" not in service.get(KITS).headers
    deliveries = "SELECT count(*) FROM stored_events WHERE originator_id LIKE %s"
    assert service.query(deliveries, "delivery/%") == [(len(ids),)]

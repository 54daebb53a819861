"""However many ask at once, a server opens no more connections to PostgreSQL than it may."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.harness.effort import effort
from tests.harness.service import Service
from tests.harness.service_factory import ServiceFactory
from tests.harness.waiting import eventually
from tests.receiver.examples import Fresh, kit_event, problem

CLIENTS = 48
TURNS = effort(3, 8)
POOL, VIEWS_POOL = 1, 1
BOUND = POOL + VIEWS_POOL + 5
"""Beside the pools: one that writes, two for sources and clients, two that ask of the projections."""
READS = ["/api/v1/kits/", "/api/v1/events/?limit=5", "/api/v1/reports/", "/readyz", "/metrics"]


@pytest.fixture(scope="module")
def narrow(on_postgres: ServiceFactory) -> Service:
    """Start a server of one worker with the smallest pools, and no projector of its own."""
    sizes = {"DATABASE_POOL_SIZE": str(POOL), "VIEWS_POOL_SIZE": str(VIEWS_POOL)}
    return on_postgres.bare(1, **sizes).prepare().start()


class Count(threading.Thread):
    """Counts the connections to a server's database until told to stop."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self._service = service
        self.done = threading.Event()
        self.most = 0

    def run(self) -> None:
        """Ask PostgreSQL again and again."""
        with self._service.ledger() as plain:
            while not self.done.wait(0.02):
                ((count,),) = plain.query(COUNT)
                self.most = max(self.most, count)


COUNT = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'kitledger'"""


@pytest.fixture
def count(narrow: Service) -> Iterator[Count]:
    """Count while a test runs."""
    counting = Count(narrow)
    counting.start()
    yield counting
    counting.done.set()
    counting.join()


def test_everybody_is_answered_through_the_smallest_pools(
    narrow: Service, count: Count, fresh: Fresh
) -> None:
    def visit(client: int) -> list[httpx.Response]:
        answers = []
        for turn in range(TURNS):
            barcode = f"POOL{fresh()}"
            answers.append(narrow.post_webhook(kit_event(fresh(), barcode)))
            answers.append(narrow.get(READS[(client + turn) % len(READS)]))
            answers.append(narrow.get(f"/api/v1/kits/{barcode}/"))
            new = {"customer": fresh(), "kit": barcode}
            answers.append(narrow.post("/api/v1/kit-registrations/", new))
        return answers

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = [each for visited in clients.map(visit, range(CLIENTS)) for each in visited]

    good = [each for each in answers if each.status_code in {200, 201, 202}]
    for refused in [each for each in answers if each not in good]:
        problem(refused, 503)
        assert refused.headers["retry-after"].isdigit()
    assert len(good) > len(answers) / 2
    # One worker, and the projector, which is made of the same parts.
    assert 0 < count.most <= 2 * BOUND
    assert eventually(lambda: "ledger-lag" not in narrow.get("/api/v1/kits/").headers)

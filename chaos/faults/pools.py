"""More concurrent reads than connections to the database."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from chaos.fault import Fault
from chaos.http_client import Client, basic_auth
from chaos.senders import EVENTS
from chaos.store_under_test import PostgresStore
from chaos.testbed import Testbed

READERS = 40
SECONDS = 9.0
"""More than the two that a read waits for the projector plus the five that it waits for a connection."""
MAX_GAP_SECONDS = 3.0
READ_MODELS = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'views'::regnamespace AND relkind = 'r'"
)


class PoolExhausted(Fault):
    """Forty clients read through one connection; on PostgreSQL the table is locked, too."""

    name = "pool exhausted"
    affects_requests = False

    def settings(self, clock: object) -> dict[str, str]:
        """Limit each pool to one connection."""
        return {"DATABASE_POOL_SIZE": "1", "VIEWS_POOL_SIZE": "1"}

    def inject(self, testbed: Testbed) -> None:
        """Read with all clients, and check that webhooks are still recorded."""
        stop = threading.Event()
        readers = [threading.Thread(target=read, args=(testbed, stop)) for _ in range(READERS)]
        with events_locked(testbed):
            testbed.mark_fault_started()
            for reader in readers:
                reader.start()
            time.sleep(SECONDS)
        stop.set()
        for reader in readers:
            reader.join()
        started_at = testbed.fault_started_at
        gap = testbed.log.longest_gap(started_at, started_at + SECONDS)
        if gap > MAX_GAP_SECONDS:
            testbed.log.add_violation(f"readers delayed webhooks by {gap:.1f} s")

    def problems(self, testbed: Testbed) -> list[str]:
        """Check that the pool was exhausted at all."""
        enough = isinstance(testbed.store, PostgresStore) and not testbed.log.refused_requests
        return ["no reader was refused: the pool was not exhausted"] if enough else []


def read(testbed: Testbed, stop: threading.Event) -> None:
    """Read pages until `stop` is set."""
    client, headers = Client(testbed.service.port), basic_auth(testbed.service.admin)
    while not stop.is_set():
        testbed.log.check_response("read", client.request("GET", EVENTS, headers))
    client.close()


@contextmanager
def events_locked(testbed: Testbed) -> Iterator[None]:
    """Lock the events' tables, so that each read waits; SQLite has no such lock."""
    if not isinstance(testbed.store, PostgresStore):
        yield
        return
    with psycopg.connect(testbed.store.direct_url) as other:
        for (table,) in other.execute(READ_MODELS).fetchall():
            if table.startswith("events"):
                other.execute(f'LOCK TABLE views."{table}"')
        yield

"""Connections to PostgreSQL that break in the middle of a commit, or again and again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from chaos.fault import POSTGRES, Fault
from chaos.faults.servers import server_of
from chaos.proxy import MOMENTS, Proxy
from chaos.store_factory import StoreFactory
from chaos.store_under_test import PostgresStore
from chaos.testbed import Testbed
from chaos.waiting import wait_until

ROUNDS = 6
PAUSE_SECONDS = 0.15
COMMIT_SECONDS = 10.0


class CommitsCut(Fault):
    """Commits of the ledger are cut: before they are sent, just after, and before the answer is back."""

    name = "commits cut"
    stores = (POSTGRES,)

    def __init__(self) -> None:
        self._proxy: Proxy | None = None

    @contextmanager
    def store_under_test(self, stores: StoreFactory, kind: str) -> Iterator[PostgresStore]:
        """Provide a database that the service reaches through a proxy."""
        with Proxy(stores.shared_server().port) as self._proxy:
            url = f"postgresql://postgres@127.0.0.1:{self._proxy.port}/{{database}}"
            with stores.postgres(url=url) as store:
                yield store

    def inject(self, testbed: Testbed) -> None:
        """Cut a commit at each moment, in turns."""
        proxy = self._proxy
        assert proxy is not None, "store_under_test made it"
        testbed.mark_fault_started()
        for _ in range(ROUNDS):
            for moment in MOMENTS:
                proxy.arm(moment)
                if not wait_until(lambda: proxy.armed is None, COMMIT_SECONDS):
                    testbed.log.add_violation(f"there was no commit to cut {moment}")
                time.sleep(PAUSE_SECONDS)

    def problems(self, testbed: Testbed) -> list[str]:
        """Check that the outcome of every commit was looked up."""
        return stored_despite_503(testbed)


class BackendsTerminated(Fault):
    """All of the server's processes for the service are terminated, several times."""

    name = "backends terminated"
    stores = (POSTGRES,)

    def inject(self, testbed: Testbed) -> None:
        """Terminate all backends in each round."""
        assert isinstance(testbed.store, PostgresStore), "the fault is for PostgreSQL"
        testbed.mark_fault_started()
        terminated = 0
        for _ in range(ROUNDS):
            terminated += server_of(testbed).cut_connections(testbed.store.database)
            time.sleep(2 * PAUSE_SECONDS)
        if terminated < ROUNDS:
            testbed.log.add_violation(f"only {terminated} backends were there to terminate")

    def problems(self, testbed: Testbed) -> list[str]:
        """Check that the outcome of every commit was looked up."""
        return stored_despite_503(testbed)


def stored_despite_503(testbed: Testbed) -> list[str]:
    """Report events stored despite a 503: the server is up, so the service can look up the outcome."""
    stored = len(testbed.log.stored_despite_503)
    return [f"{stored} events were stored despite a 503"] if stored else []

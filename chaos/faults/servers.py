"""Outages of the whole PostgreSQL server."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from chaos.fault import POSTGRES, Fault
from chaos.store_factory import StoreFactory
from chaos.store_under_test import PostgresStore
from chaos.testbed import Testbed
from tests.harness.postgres import Server, urls

OUTAGE_SECONDS = 1.0


class ServerStopped(Fault):
    """PostgreSQL is shut down at once, as in a crash, and started again."""

    name = "PostgreSQL stopped"
    stores = (POSTGRES,)

    def inject(self, testbed: Testbed) -> None:
        """Stop the server, and start it a little later."""
        server = server_of(testbed)
        testbed.mark_fault_started()
        server.stop("immediate")
        testbed.mark_fault_ended()
        time.sleep(OUTAGE_SECONDS)
        server.start()


class PostmasterKilled(Fault):
    """PostgreSQL's postmaster is killed; the server is started again."""

    name = "postmaster killed"
    stores = (POSTGRES,)

    def inject(self, testbed: Testbed) -> None:
        """Kill the postmaster, and start the server when its children have ended too."""
        server = server_of(testbed)
        testbed.mark_fault_started()
        server.kill()
        testbed.mark_fault_ended()
        time.sleep(OUTAGE_SECONDS)
        server.start()


class Failover(Fault):
    """The primary is killed; its synchronous standby is promoted, and reached by the same URL."""

    name = "failover"
    stores = (POSTGRES,)

    def __init__(self) -> None:
        self._standby: Server | None = None

    @contextmanager
    def store_under_test(self, stores: StoreFactory, kind: str) -> Iterator[PostgresStore]:
        """Provide a database on a primary with a synchronous standby."""
        primary = Server("first").create()
        try:
            self._standby = primary.start().standby("second")
            primary.make_synchronous(self._standby)
            url = urls(primary, self._standby, database="{database}")
            with stores.postgres(primary, url=url) as store:
                yield store
        finally:
            for server in (primary, self._standby):
                if server is not None:
                    server.close()

    def inject(self, testbed: Testbed) -> None:
        """Kill the primary for good, and promote the standby a little later."""
        assert self._standby is not None, "store_under_test started it"
        testbed.mark_fault_started()
        server_of(testbed).kill()
        testbed.mark_fault_ended()
        time.sleep(OUTAGE_SECONDS)
        self._standby.promote()


def server_of(testbed: Testbed) -> Server:
    """Return the server of the testbed's store."""
    assert isinstance(testbed.store, PostgresStore), "the fault is for PostgreSQL"
    return testbed.store.server

"""What befalls the PostgreSQL server as a whole."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from chaos.fault import POSTGRES, Fault
from chaos.grounds import Postgres
from chaos.places import Places
from chaos.stage import Stage
from tests.harness.postgres import Server, urls

AWAY_SECONDS = 1.0


class ServerStopped(Fault):
    """PostgreSQL is shut down at once, as in a crash, and started again."""

    name = "PostgreSQL stopped"
    stores = (POSTGRES,)

    def strike(self, stage: Stage) -> None:
        """Stop it, and start it a little later."""
        server = server_of(stage)
        stage.struck()
        server.stop("immediate")
        stage.over()
        time.sleep(AWAY_SECONDS)
        server.start()


class PostmasterKilled(Fault):
    """PostgreSQL's first process is killed; the server is started again."""

    name = "postmaster killed"
    stores = (POSTGRES,)

    def strike(self, stage: Stage) -> None:
        """Kill it, and start it when its children have ended too."""
        server = server_of(stage)
        stage.struck()
        server.kill()
        stage.over()
        time.sleep(AWAY_SECONDS)
        server.start()


class Failover(Fault):
    """The primary is killed; its synchronous standby is promoted, and found by the same URL."""

    name = "failover"
    stores = (POSTGRES,)

    def __init__(self) -> None:
        self._standby: Server | None = None

    @contextmanager
    def ground(self, places: Places, store: str) -> Iterator[Postgres]:
        """Make a primary and a standby that every commit waits for."""
        primary = Server("first").create()
        try:
            self._standby = primary.start().standby("second")
            primary.make_synchronous(self._standby)
            url = urls(primary, self._standby, database="{database}")
            with places.postgres(primary, url=url) as ground:
                yield ground
        finally:
            for server in (primary, self._standby):
                if server is not None:
                    server.close()

    def strike(self, stage: Stage) -> None:
        """Kill the primary for good, and promote the standby a little later."""
        assert self._standby is not None, "it follows"
        stage.struck()
        server_of(stage).kill()
        stage.over()
        time.sleep(AWAY_SECONDS)
        self._standby.promote()


def server_of(stage: Stage) -> Server:
    """Return the server that the ledger is on."""
    assert isinstance(stage.ground, Postgres), "the fault is for PostgreSQL"
    return stage.ground.server

"""Connections to PostgreSQL that end at the worst moment."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from chaos.fault import POSTGRES, Fault
from chaos.faults.servers import server_of
from chaos.grounds import Postgres
from chaos.places import Places
from chaos.proxy import MOMENTS, Proxy
from chaos.stage import Stage
from chaos.waiting import until

CUTS = 6
PAUSE_SECONDS = 0.15
PATIENCE_SECONDS = 10.0


class CommitsCut(Fault):
    """Commits of the ledger are cut: before they reach the server, as they do, before the answer is back."""

    name = "commits cut"
    stores = (POSTGRES,)

    def __init__(self) -> None:
        self._proxy: Proxy | None = None

    @contextmanager
    def ground(self, places: Places, store: str) -> Iterator[Postgres]:
        """Put a proxy between the service and the server."""
        with Proxy(places.shared().port) as self._proxy:
            url = f"postgresql://postgres@127.0.0.1:{self._proxy.port}/{{database}}"
            with places.postgres(url=url) as ground:
                yield ground

    def strike(self, stage: Stage) -> None:
        """Cut some at each moment, in turns."""
        proxy = self._proxy
        assert proxy is not None, "it is in between"
        stage.struck()
        for _ in range(CUTS):
            for moment in MOMENTS:
                proxy.arm(moment)
                if not until(lambda: proxy.armed is None, PATIENCE_SECONDS):
                    stage.account.fault(f"there was no commit to be cut {moment}")
                time.sleep(PAUSE_SECONDS)

    def flaws(self, stage: Stage) -> list[str]:
        """Say whether commits were guessed."""
        return guessed(stage)


class BackendsTerminated(Fault):
    """All of the server's processes for the service are ended, again and again."""

    name = "backends terminated"
    stores = (POSTGRES,)

    def strike(self, stage: Stage) -> None:
        """End them."""
        assert isinstance(stage.ground, Postgres), "the fault is for PostgreSQL"
        stage.struck()
        ended = 0
        for _ in range(CUTS):
            ended += server_of(stage).cut_connections(stage.ground.database)
            time.sleep(2 * PAUSE_SECONDS)
        if ended < CUTS:
            stage.account.fault(f"only {ended} backends were there to be ended")

    def flaws(self, stage: Stage) -> list[str]:
        """Say whether commits were guessed."""
        return guessed(stage)


def guessed(stage: Stage) -> list[str]:
    """Say whether a 503 stands for a commit that was made: the server is there to be asked about it."""
    kept = len(stage.account.kept_though_refused)
    return [f"{kept} events were kept, though answered 503"] if kept else []

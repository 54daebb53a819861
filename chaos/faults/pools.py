"""More who want a connection to the database than there are connections."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from chaos.fault import Fault
from chaos.grounds import Postgres
from chaos.http import Caller, basic
from chaos.senders import EVENTS
from chaos.stage import Stage

READERS = 40
SECONDS = 9.0
"""More than the two that a read waits for the projector, and the five that it waits for a connection."""
SILENCE_SECONDS = 3.0
READ_MODELS = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'views'::regnamespace AND relkind = 'r'"
)


class PoolExhausted(Fault):
    """Forty clients read through one connection; on PostgreSQL their rows are locked, too."""

    name = "pool exhausted"
    felt = False

    def settings(self, clock: object) -> dict[str, str]:
        """Allow one connection to each pool."""
        return {"DATABASE_POOL_SIZE": "1", "VIEWS_POOL_SIZE": "1"}

    def strike(self, stage: Stage) -> None:
        """Let them read; webhooks have to go on being recorded."""
        stop = threading.Event()
        readers = [threading.Thread(target=read, args=(stage, stop)) for _ in range(READERS)]
        with events_locked(stage):
            stage.struck()
            for reader in readers:
                reader.start()
            time.sleep(SECONDS)
        stop.set()
        for reader in readers:
            reader.join()
        assert stage.struck_at is not None, "see above"
        silence = stage.account.longest_silence(stage.struck_at, stage.struck_at + SECONDS)
        if silence > SILENCE_SECONDS:
            stage.account.fault(f"readers kept webhooks waiting for {silence:.1f} s")

    def flaws(self, stage: Stage) -> list[str]:
        """Say whether there were connections enough after all."""
        enough = isinstance(stage.ground, Postgres) and not stage.account.refusals
        return ["no reader was refused: the pool was not exhausted"] if enough else []


def read(stage: Stage, stop: threading.Event) -> None:
    """Read, one page after another."""
    caller, headers = Caller(stage.service.port), basic(stage.service.admin)
    while not stop.is_set():
        stage.account.judge("read", caller.ask("GET", EVENTS, headers))
    caller.close()


@contextmanager
def events_locked(stage: Stage) -> Iterator[None]:
    """Make each read of the events wait, where the database can."""
    if not isinstance(stage.ground, Postgres):
        yield
        return
    with psycopg.connect(stage.ground.direct) as other:
        for (table,) in other.execute(READ_MODELS).fetchall():
            if table.startswith("events"):
                other.execute(f'LOCK TABLE views."{table}"')
        yield

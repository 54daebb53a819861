"""The ledger in a real database, and the recorder behind it."""

from pathlib import Path
from typing import cast

from eventsourcing.utils import EnvType

from domain.cause import OPERATOR, Cause
from domain.ledger import Ledger
from store import postgres, sqlite
from store.urls import is_postgres

Recorder = sqlite.Recorder | postgres.Recorder


TESTER = Cause.of(OPERATOR, "tester", "tester", why="to see it happen", request_id="r1")
"""Who causes what tests do past HTTP."""


class TestedLedger(Ledger):
    """A ledger on which use cases can be run at once: TESTER causes their events."""

    def __init__(self, env: EnvType) -> None:
        super().__init__(env)
        caused = self.caused_by(TESTER)
        self.streams = caused.streams
        self.run_in_transaction = caused.run_in_transaction
        self.run_optimistically = caused.run_optimistically


def open_ledger(url: str | Path) -> TestedLedger:
    """Open the ledger in this database or file, made when it is missing."""
    return TestedLedger({**_store(str(url)), "CREATE_TABLE": "y"})


def _store(url: str) -> dict[str, str]:
    if is_postgres(url):
        store = {"PERSISTENCE_MODULE": "store.postgres:Factory", "POSTGRES_POOL_SIZE": "4"}
        return {**store, "POSTGRES_URL": url}
    file = url.removeprefix("sqlite:///")
    return {"PERSISTENCE_MODULE": "store.sqlite:Factory", "SQLITE_DBNAME": file}


def recorder_of(ledger: Ledger) -> Recorder:
    """Return the real recorder behind a ledger."""
    return cast(Recorder, ledger.recorder)

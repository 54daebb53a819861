"""The ledger in a real database, and the recorder behind it."""

from pathlib import Path
from typing import cast

from domain.ledger import Ledger
from store import postgres, sqlite
from store.urls import is_postgres

Recorder = sqlite.Recorder | postgres.Recorder


def open_ledger(url: str | Path) -> Ledger:
    """Open the ledger in this database or file, made when it is missing."""
    return Ledger({**_store(str(url)), "CREATE_TABLE": "y"})


def _store(url: str) -> dict[str, str]:
    if is_postgres(url):
        store = {"PERSISTENCE_MODULE": "store.postgres:Factory", "POSTGRES_POOL_SIZE": "4"}
        return {**store, "POSTGRES_URL": url}
    file = url.removeprefix("sqlite:///")
    return {"PERSISTENCE_MODULE": "store.sqlite:Factory", "SQLITE_DBNAME": file}


def recorder_of(ledger: Ledger) -> Recorder:
    """Return the real recorder behind a ledger."""
    return cast(Recorder, ledger.recorder)

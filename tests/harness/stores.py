"""Empty databases of one kind, and how to be in each other's way on either kind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from projections.models import all_projections
from projections.read_database import ReadDatabase
from store import engines, postgres, postgres_begin, sqlite_session
from store.urls import is_postgres
from tests.harness.ledgers import Recorder, open_ledger
from tests.harness.postgres import Databases
from tests.harness.postgres.databases import named


class Stores:
    """Hand out databases of one kind that hold nothing, each for one test."""

    def __init__(self, store: str, databases: Databases, new_folder: Callable[[], Path]) -> None:
        self._on_postgres = store == "postgres"
        self._databases = databases
        self._new_folder = new_folder
        self._pattern: str | None = None

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Lend a database, by its URL: on PostgreSQL with empty tables, since to make them takes longer."""
        if not self._on_postgres:
            yield f"sqlite:///{self._new_folder() / 'ledger.db'}"
            return
        self._pattern = self._pattern or self._migrated()
        url = self._databases.new(named(self._pattern))
        try:
            yield url
        finally:
            self._databases.drop(url)

    def _migrated(self) -> str:
        url = self._databases.new()
        open_ledger(url).close()
        views = ReadDatabase(url)
        views.migrate(all_projections())
        views.close()
        return url


def views_beside(url: str) -> str:
    """Return where the read models of a ledger are."""
    return url if is_postgres(url) else url.replace("ledger.db", "views.db")


def writing_connection(recorder: Recorder) -> Any:
    """Return the connection by which this recorder writes next."""
    recorder.next_id("warm-up")
    session: Any = recorder._session
    return (
        session._pool._idle[0] if isinstance(recorder, postgres.Recorder) else session._connection
    )


def refuse_writes(recorder: Recorder) -> None:
    """Let the database refuse what this recorder's connection writes next."""
    connection = writing_connection(recorder)
    forbid = "PRAGMA query_only = ON"
    if isinstance(recorder, postgres.Recorder):
        forbid = "SET default_transaction_read_only = on"
    connection.execute(forbid)


def limit_lock_waits(patch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let groups wait so long for another process's transaction, and no longer."""
    patch.setattr(sqlite_session, "FILE_LOCK_SECONDS", seconds)
    usual = f"lock_timeout = '{postgres_begin.APPEND_LOCK_SECONDS:.0f}s'"
    assert usual in postgres_begin.JOIN
    begin = postgres_begin.JOIN.replace(usual, f"lock_timeout = '{seconds}s'")
    patch.setattr(postgres_begin, "JOIN", begin)


def limit_patience_of_views(patch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let views that are opened from now on wait so long for another who writes."""
    patch.setattr(engines, "BUSY_SECONDS", seconds)
    patch.setattr("projections.databases.postgres.LOCK_SECONDS", seconds)

"""A store in a database of its own for each test, and a plain connection beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eventsourcing.application import Application

from domain.ledger import Ledger
from tests.harness.ledgers import Recorder, open_ledger, recorder_of
from tests.harness.plain import Plain
from tests.store.library import store_settings

OpenRecorder = Callable[[], Recorder]
OpenApplication = Callable[..., Application[str]]


@pytest.fixture
def open_recorder(url: str) -> Iterator[OpenRecorder]:
    """Open the database once more, as another process would."""
    opened: list[Ledger] = []

    def another() -> Recorder:
        opened.append(open_ledger(url))
        return recorder_of(opened[-1])

    yield another
    for ledger in opened:
        ledger.close()


@pytest.fixture
def recorder(open_recorder: OpenRecorder) -> Recorder:
    """Open the store."""
    return open_recorder()


@pytest.fixture
def plain(recorder: Recorder, url: str) -> Iterator[Plain]:
    """Open the same database without anything of ours."""
    connection = Plain(url)
    yield connection
    connection.close()


@pytest.fixture
def open_application(url: str) -> Iterator[OpenApplication]:
    """Open a stock application on the database, with settings such as COMPRESSOR_TOPIC="zlib"."""
    opened: list[Application[str]] = []

    def another(
        application_class: type[Application[str]] = Application, **settings: str
    ) -> Application[str]:
        opened.append(application_class({**store_settings(url), **settings}))
        return opened[-1]

    yield another
    for application in opened:
        application.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Name a file, for what is true of SQLite alone."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"

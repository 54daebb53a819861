"""A store in a database of its own for each test, and a plain connection beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.ledger import Ledger
from tests.harness.ledgers import Recorder, open_ledger, recorder_of
from tests.harness.plain import Plain

OpenRecorder = Callable[[], Recorder]


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
def sqlite_url(tmp_path: Path) -> str:
    """Name a file, for what is true of SQLite alone."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"

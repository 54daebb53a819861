"""A store in a file of its own for each test, and a plain connection beside it."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.ledger import Ledger
from store.sqlite import Recorder
from tests.domain.scene import open_ledger, recorder_of

OpenRecorder = Callable[[], Recorder]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Name the store's file."""
    return tmp_path / "ledger.db"


@pytest.fixture
def open_recorder(file: Path) -> Iterator[OpenRecorder]:
    """Open the file once more, as another process would."""
    opened: list[Ledger] = []

    def another() -> Recorder:
        opened.append(open_ledger(file))
        return recorder_of(opened[-1])

    yield another
    for ledger in opened:
        ledger.close()


@pytest.fixture
def recorder(open_recorder: OpenRecorder) -> Recorder:
    """Open the store."""
    return open_recorder()


@pytest.fixture
def plain(recorder: Recorder, file: Path) -> Iterator[sqlite3.Connection]:
    """Open the same file without anything of ours."""
    connection = sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)
    yield connection
    connection.close()

"""A store in a database of its own for each test, and a plain connection beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.ledger import Ledger
from tests.domain.scene import Recorder, open_ledger, recorder_of
from tests.plain import Plain
from tests.postgres import Databases
from tests.stores import Stores

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


@pytest.fixture(scope="session")
def postgres_stores(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """Give a lender of databases, for what is true of PostgreSQL alone."""
    return Stores("postgres", databases, lambda: tmp_path_factory.mktemp("store"))


@pytest.fixture
def postgres_url(postgres_stores: Stores) -> Iterator[str]:
    """Give an empty database on PostgreSQL."""
    with postgres_stores.empty() as lent:
        yield lent

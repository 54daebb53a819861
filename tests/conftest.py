"""What all tests may ask for: the running service."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres import Databases
from tests.service import Service
from tests.stores import Stores

# How long an example takes says nothing: the machine has other things to do.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

NewService = Callable[..., Service]


def pytest_configure() -> None:
    """End on SIGTERM as on Ctrl-C: fixtures are torn down, and no server under test outlives its test."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Give databases on one PostgreSQL server, which starts when the first is asked for."""
    made = Databases(fsync="off")
    yield made
    made.close()


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> str:
    """Give the name of the database that keeps the data; a test that asks for it runs on each."""
    return str(request.param)


@pytest.fixture(scope="session")
def stores(store: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """Give a lender of empty databases of each kind."""
    return Stores(store, databases, lambda: tmp_path_factory.mktemp("store"))


@pytest.fixture
def url(stores: Stores) -> Iterator[str]:
    """Give an empty database for one test, by its URL."""
    with stores.empty() as lent:
        yield lent


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service that never runs, with the source `lab` and a client with every role."""
    pattern = Service(tmp_path_factory.mktemp("prepared")).prepare()
    yield pattern
    pattern.close()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, prepared: Service) -> Iterator[Service]:
    """Give the service that tests share: two workers, the source `lab`, a client with every role.

    What a test posts stays, so each takes ids, barcodes and customers of its own: see `fresh`.
    """
    running = Service(tmp_path_factory.mktemp("service")).like(prepared).start()
    yield running
    running.close()


@pytest.fixture
def new_service(tmp_path: Path, prepared: Service) -> Iterator[NewService]:
    """Give a maker of services of a test's own: with source and client, but not started.

    It takes the number of `workers` and environment variables such as MAX_BODY_BYTES="100".
    """
    made: list[Service] = []

    def make(workers: int = 2, **settings: str) -> Service:
        folder = tmp_path / f"service{len(made)}"
        folder.mkdir()
        made.append(Service(folder, workers, **settings).like(prepared))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def fresh() -> Callable[[], int]:
    """Give integers that no other test of this run was given."""
    numbers = iter(range(1000, 10**9))
    return lambda: next(numbers)

"""What all tests may ask for: the running service."""

import signal
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import settings

from tests.harness.effort import STORES, effort
from tests.harness.per_store import PerStore
from tests.harness.postgres import Databases
from tests.harness.service import Service
from tests.harness.service_factory import ServiceFactory
from tests.harness.stores import Stores
from tests.harness.tracing import trace_subprocesses
from tests.harness.workers import hands_out

pytest_plugins = ["tests.harness.hanging"]

# How long an example takes says nothing: the machine has other things to do.
settings.register_profile("patient", deadline=None, max_examples=effort(30, 100))
settings.load_profile("patient")

NewService = Callable[..., Service]


def pytest_configure() -> None:
    """End on SIGTERM as on Ctrl-C: fixtures are torn down, and no server under test outlives its test.

    Where the shell lets tests ignore Ctrl-C, as it does in the background, the commands under test heed it.
    """
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.default_int_handler)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that ask for a store on each, but those marked with `one_store` on the first alone."""
    if "store" in metafunc.fixturenames:
        one = metafunc.definition.get_closest_marker("one_store") is not None
        stores = STORES[:1] if one else STORES
        metafunc.parametrize("store", stores, indirect=True, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Measure servers as well, where tests run and once they are measured themselves."""
    if not hands_out(session.config):
        trace_subprocesses()


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Give databases on one PostgreSQL server, which starts when the first is asked for."""
    made = Databases(fsync="off", max_connections=300)
    yield made
    made.close()


@pytest.fixture(scope="session")
def store(request: pytest.FixtureRequest) -> str:
    """Give the name of the database that keeps the data; a test that asks for it runs on each."""
    return str(request.param)


@pytest.fixture(scope="session")
def any_store(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], PerStore]]:
    """Give what is shared of each kind of store. Tests may come back to either without a new start."""
    made: dict[str, PerStore] = {}

    def of(store: str) -> PerStore:
        if store not in made:
            made[store] = PerStore(store, databases, lambda: tmp_path_factory.mktemp(store))
        return made[store]

    yield of
    for each in made.values():
        each.close()


@pytest.fixture(scope="session")
def per_store(store: str, any_store: Callable[[str], PerStore]) -> PerStore:
    """Give what is shared of one kind of store."""
    return any_store(store)


@pytest.fixture(scope="session")
def stores(per_store: PerStore) -> Stores:
    """Give a lender of empty databases of each kind."""
    return per_store.stores


@pytest.fixture
def url(stores: Stores) -> Iterator[str]:
    """Give an empty database for one test, by its URL."""
    with stores.empty() as lent:
        yield lent


@pytest.fixture(scope="session")
def postgres_stores(any_store: Callable[[str], PerStore]) -> Stores:
    """Give a lender of empty databases on PostgreSQL."""
    return any_store("postgres").stores


@pytest.fixture
def postgres_url(postgres_stores: Stores) -> Iterator[str]:
    """Give an empty database on PostgreSQL."""
    with postgres_stores.empty() as lent:
        yield lent


@pytest.fixture(scope="module")
def services(
    store: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceFactory]:
    """Give a maker of services that live as long as a module's tests on their kind of store."""
    made = ServiceFactory(store, databases, lambda: tmp_path_factory.mktemp("service"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def prepared(per_store: PerStore) -> Service:
    """Give a service that never runs, with the source `lab` and a client with every role."""
    return per_store.prepared


@pytest.fixture(scope="session")
def service(per_store: PerStore) -> Service:
    """Give the service that tests share: two workers, the source `lab`, a client with every role.

    What a test posts stays, so each takes ids, barcodes and customers of its own: see `fresh`.
    """
    return per_store.service


@pytest.fixture
def new_service(
    store: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory, prepared: Service
) -> Iterator[NewService]:
    """Give a maker of services of a test's own: with source and client, but not started.

    It takes the number of `workers` and environment variables such as MAX_BODY_BYTES="100".
    """
    made = ServiceFactory(store, databases, lambda: tmp_path_factory.mktemp("service"))
    yield partial(made.like, prepared)
    made.close()


@pytest.fixture(scope="session")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a place where nothing was ever started, for commands that come to no database."""
    place = Service(tmp_path_factory.mktemp("nowhere"))
    yield place
    place.close()


@pytest.fixture(scope="session")
def fresh() -> Callable[[], int]:
    """Give integers that no other test of this run was given."""
    # Those of the seeds are below.
    numbers = iter(range(10_000, 10**9))
    return lambda: next(numbers)

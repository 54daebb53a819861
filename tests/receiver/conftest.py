"""What tests of the edge ask for that is about one of the databases alone."""

from collections.abc import Callable, Iterator

import pytest

from tests.harness.per_store import PerStore
from tests.harness.postgres import Databases
from tests.harness.service import Service
from tests.harness.service_factory import ServiceFactory
from tests.receiver.examples import Fresh


@pytest.fixture(scope="module")
def on_postgres(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceFactory]:
    """Give a maker of services on PostgreSQL, whichever database the other tests run on."""
    made = ServiceFactory("postgres", databases, lambda: tmp_path_factory.mktemp("service"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def on_sqlite(any_store: Callable[[str], PerStore]) -> Iterator[Service]:
    """Give a running service of one worker with files of its own, whatever the other tests run on."""
    shared = any_store("sqlite")
    made = shared.services.like(shared.prepared, 1).start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def shell(services: ServiceFactory) -> Service:
    """Give a place where commands are run, and no server runs."""
    return services.bare().prepare()


@pytest.fixture
def name(fresh: Fresh) -> str:
    """Give the name of a source that no other test has."""
    return f"lab-{fresh()}"

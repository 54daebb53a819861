"""What the tests of organizations may ask for: one of their own, and a second server."""

from collections.abc import Callable, Iterator

import pytest

from tests.harness.ledgers import open_ledger
from tests.harness.per_store import PerStore
from tests.harness.service import Service
from tests.harness.stores import Stores
from tests.organizations.camp import Camp
from tests.organizations.office import Office
from tests.organizations.place import Place
from tests.projections.world import World


@pytest.fixture
def camp(service: Service, fresh: Callable[[], int]) -> Camp:
    """Make an organization that has nothing but its root."""
    made = Camp(service, fresh())
    made.make(name="Camp")
    return made


@pytest.fixture(scope="module")
def place(service: Service, fresh: Callable[[], int]) -> Place:
    """Make a camp for refusals, which leave it as it is."""
    camp = Camp(service, fresh())
    camp.make(name="Camp")
    return Place(camp, nobody=2**53 - 1)


@pytest.fixture(scope="session")
def neighbour(per_store: PerStore) -> Service:
    """Give a second server on the same store: surely another process than any of the first."""
    return per_store.neighbour


@pytest.fixture
def office(url: str) -> Iterator[Office]:
    """Open an office with a tree of groups, on a ledger of its own."""
    ledger = open_ledger(url)
    made = Office(ledger)
    made.tree()
    yield made
    ledger.close()


@pytest.fixture(scope="module")
def world(stores: Stores) -> Iterator[World]:
    """Make one world for all stories: each has an organization of its own in it."""
    with stores.empty() as url:
        made = World(url)
        yield made
        made.close()

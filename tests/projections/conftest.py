"""A world of its own for each test."""

from collections.abc import Iterator

import pytest

from tests.harness.stores import Stores
from tests.projections.tally import Fragile, Tally
from tests.projections.world import World


@pytest.fixture
def world(url: str) -> Iterator[World]:
    """Make an empty world with the projections of the service."""
    made = World(url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared(stores: Stores) -> Iterator[World]:
    """Make one world for all examples of a module: each has things of its own in it."""
    with stores.empty() as url:
        made = World(url)
        yield made
        made.close()


@pytest.fixture
def fragile(monkeypatch: pytest.MonkeyPatch) -> Fragile:
    """Make a projection that can't take the kit P."""
    monkeypatch.setattr(Fragile, "poison", {"P": ValueError("P is poisonous")})
    return Fragile()


@pytest.fixture
def mixed(url: str, fragile: Fragile) -> Iterator[World]:
    """Make an empty world with the projections of the service, and those of the tests."""
    made = World(url, also=[Tally(), fragile])
    yield made
    made.close()

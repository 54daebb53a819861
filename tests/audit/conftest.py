"""A ledger of its own for each test, an office that does things in it, and a world with read models."""

from collections.abc import Iterator

import pytest

from tests.harness.ledgers import TestedLedger, open_ledger
from tests.organizations.office import Office
from tests.projections.world import World


@pytest.fixture
def ledger(url: str) -> Iterator[TestedLedger]:
    """Open an empty ledger."""
    opened = open_ledger(url)
    yield opened
    opened.close()


@pytest.fixture
def office(ledger: TestedLedger) -> Office:
    """Make an organization with a tree of groups."""
    made = Office(ledger)
    made.tree()
    return made


@pytest.fixture
def world(url: str) -> Iterator[World]:
    """Make an empty world with the projections of the service."""
    made = World(url)
    yield made
    made.close()

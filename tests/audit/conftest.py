"""A ledger of its own for each test, and an office that does things in it."""

from collections.abc import Iterator

import pytest

from tests.harness.ledgers import TestedLedger, open_ledger
from tests.organizations.office import Office


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

"""A ledger in a database of its own for each test, and the scene in which a story is told."""

from collections.abc import Iterator

import pytest

from domain.ledger import Ledger
from tests.domain.scene import Scene
from tests.harness.ledgers import open_ledger


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """Open an empty ledger."""
    opened = open_ledger(url)
    yield opened
    opened.close()


@pytest.fixture
def scene(ledger: Ledger) -> Scene:
    """Set the scene."""
    return Scene(ledger)


@pytest.fixture
def other(url: str) -> Iterator[Ledger]:
    """Open the same ledger as another process would."""
    opened = open_ledger(url)
    yield opened
    opened.close()

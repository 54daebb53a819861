"""A ledger in a file of its own for each test, and the scene in which a story is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.ledger import Ledger
from tests.domain.scene import Scene, open_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open an empty ledger."""
    opened = open_ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()


@pytest.fixture
def scene(ledger: Ledger) -> Scene:
    """Set the scene."""
    return Scene(ledger)

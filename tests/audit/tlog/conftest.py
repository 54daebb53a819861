"""A ledger that was signed, for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit.tlog.scene import Scene, signed_ledger


@pytest.fixture
def scene(url: str, tmp_path: Path) -> Iterator[Scene]:
    """Make a ledger whose events were signed, and whose database has no triggers any more."""
    with signed_ledger(url, tmp_path) as made:
        yield made

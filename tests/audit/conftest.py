"""A world of its own for each test."""

from collections.abc import Iterator

import pytest

from tests.projections.world import World


@pytest.fixture
def world(url: str) -> Iterator[World]:
    """Make an empty world with the projections of the service."""
    made = World(url)
    yield made
    made.close()

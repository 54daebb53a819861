"""What tests of the edge ask for that is about PostgreSQL alone."""

from collections.abc import Iterator

import pytest

from tests.postgres import Databases
from tests.services import Services


@pytest.fixture(scope="module")
def on_postgres(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Services]:
    """Give a maker of services on PostgreSQL, whichever database the other tests run on."""
    made = Services("postgres", databases, lambda: tmp_path_factory.mktemp("service"))
    yield made
    made.close()

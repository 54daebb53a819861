"""What tests of the edge ask for that is about PostgreSQL alone."""

from collections.abc import Iterator

import pytest

from tests.harness.postgres import Databases
from tests.harness.service_factory import ServiceFactory


@pytest.fixture(scope="module")
def on_postgres(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceFactory]:
    """Give a maker of services on PostgreSQL, whichever database the other tests run on."""
    made = ServiceFactory("postgres", databases, lambda: tmp_path_factory.mktemp("service"))
    yield made
    made.close()

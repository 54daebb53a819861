"""A pool of connections to a server that is not there."""

import pytest
from eventsourcing.persistence import OperationalError

from store.postgres_pool import PostgresPool
from tests.harness.processes import free_port


def test_a_question_to_a_server_that_is_not_there_is_an_error_of_the_store() -> None:
    pool = PostgresPool(f"postgresql://postgres@127.0.0.1:{free_port()}/none", 1)

    for _ in range(2):
        with pytest.raises(OperationalError):
            pool.ask(lambda connection: connection.execute("SELECT 1"))

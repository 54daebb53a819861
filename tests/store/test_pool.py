"""A pool lends so many connections and no more, and lends none that can't be used again."""

from collections.abc import Iterator

import psycopg
import pytest
from eventsourcing.persistence import OperationalError, ProgrammingError

from store.connections import Connection
from store.postgres_pool import PostgresPool
from tests.harness.plain import Plain
from tests.harness.processes import free_port

CUT = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@pytest.fixture
def pool(postgres_url: str) -> Iterator[PostgresPool]:
    """Make a pool of two connections."""
    made = PostgresPool(postgres_url, 2)
    yield made
    made.close()


def pid(connection: Connection) -> int:
    """Return the server's process behind a connection."""
    return connection.info.backend_pid


def test_a_query_to_a_server_that_is_not_there_is_an_error_of_the_store() -> None:
    pool = PostgresPool(f"postgresql://postgres@127.0.0.1:{free_port()}/none", 1)
    for _ in range(2):
        with pytest.raises(OperationalError):
            pool.ask(lambda connection: connection.execute("SELECT 1"))


def test_a_connection_is_lent_again(pool: PostgresPool) -> None:
    assert pool.ask(pid) == pool.ask(pid)


def test_a_refused_query_costs_no_connection(pool: PostgresPool) -> None:
    before = pool.ask(pid)
    for _ in range(3):
        with pytest.raises(ProgrammingError):
            pool.ask(lambda connection: connection.execute("SELECT nothing"))
    assert pool.ask(pid) == before


def test_a_connection_in_the_middle_of_a_transaction_is_not_lent_again(pool: PostgresPool) -> None:
    before = pool.ask(pid)
    pool.ask(lambda connection: connection.execute("BEGIN"))
    assert pool.ask(pid) != before


def test_when_all_are_in_use_that_is_said_after_a_while(
    pool: PostgresPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.pool.POOL_SECONDS", 0.05)
    with pool.lend(), pool.lend(), pytest.raises(OperationalError, match="all connections"):
        pool.ask(pid)
    assert pool.ask(pid)


def test_a_query_is_run_once_more_when_all_idle_connections_were_lost(
    pool: PostgresPool, postgres_url: str
) -> None:
    with pool.lend(), pool.lend():
        pass
    plain = Plain(postgres_url)
    plain.query(CUT)
    plain.close()
    asked: list[int] = []

    def query(connection: Connection) -> object:
        asked.append(pid(connection))
        return connection.execute("SELECT 1 AS one").fetchone()

    assert pool.ask(query) == {"one": 1}
    assert len(asked) == 2


def test_a_new_connection_that_is_lost_is_an_error(pool: PostgresPool) -> None:
    def query(connection: Connection) -> None:
        connection.close()
        raise psycopg.OperationalError("lost")

    with pytest.raises(OperationalError, match="lost"):
        pool.ask(query)

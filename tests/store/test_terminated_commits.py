"""A backend that is ended while it commits says so behind its answer, or in its place."""

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from store.postgres_session import PostgresSession
from store.postgres_tables import TABLES
from tests.harness.postgres import Server

COMMIT_SECONDS = 0.06
COMMITS = 8
PREPARED_AFTER = 8
"""By then the driver has its COMMIT prepared, and the answer that is cut is another one."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Give a server that takes its time to commit."""
    made = Server("slow", None, commit_delay=int(COMMIT_SECONDS * 1e6), commit_siblings=0)
    try:
        made.create().start()
        with psycopg.connect(made.url()) as connection:
            connection.execute(TABLES)
        yield made
    finally:
        made.close()


def end(server: Server, session: PostgresSession) -> threading.Thread:
    """End the backend of a session, a little later."""
    pid = session._opened().connection.info.backend_pid

    def work() -> None:
        time.sleep(COMMIT_SECONDS / 2)
        server.query("SELECT pg_terminate_backend(%s)", pid)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def append(session: PostgresSession, stream: str) -> None:
    """Append one event in the open transaction."""
    session.run(lambda transaction: transaction.append([(stream, 1, "t", b"", "", False, None)]))
    session.flush()


@pytest.mark.parametrize("before", [0, PREPARED_AFTER], ids=["plain", "prepared"])
def test_what_was_committed_is_acknowledged(server: Server, before: int) -> None:
    session = PostgresSession(server.url())
    for number in range(COMMITS):
        for _ in range(before):
            session.begin()
            session.commit()
        session.begin()
        append(session, f"{before}-{number}")
        ending = end(server, session)
        session.commit()
        ending.join()
    session.abandon()
    stored = "SELECT count(*) FROM stored_events WHERE originator_id LIKE %s"
    assert server.query(stored, f"{before}-%") == [(COMMITS,)]

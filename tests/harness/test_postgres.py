"""The harness for PostgreSQL: what tests rely on when they rely on it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.harness.postgres import Databases, Server, programs, urls
from tests.harness.postgres.databases import VARIABLE
from tests.harness.postgres.processes import family
from tests.harness.waiting import eventually

STARTS_AND_WAITS = """
import sys
from tests.harness.postgres import Server
server = Server().create().start()
print(server.folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a server of a test's own, with a table in it."""
    made = Server()
    try:
        made.create().start().query("CREATE TABLE kits (barcode text)")
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def databases(server_for_databases: Server) -> Iterator[Databases]:
    """Give databases on a server that was there before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, server_for_databases.url())
        made = Databases()
        yield made
        made.close()
    assert server_for_databases.query(MADE) == []


@pytest.fixture(scope="module")
def server_for_databases() -> Iterator[Server]:
    """Give the server that databases are made on."""
    made = Server(fsync="off", max_connections=20)
    try:
        yield made.create().start()
    finally:
        made.close()


MADE = "SELECT datname FROM pg_database WHERE datname LIKE 'kitledger_test_%'"


def ask(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else None


def test_what_is_committed_survives_a_kill(server: Server) -> None:
    server.query("INSERT INTO kits VALUES ('UL42345')")
    server.kill()
    assert not server.is_running()
    assert server.processes() == []
    server.start()
    assert ask(server.socket_url(), "SELECT * FROM kits") == [("UL42345",)]


def test_a_standby_takes_over_with_all_that_was_committed(server: Server) -> None:
    second = server.standby("second")
    try:
        server.make_synchronous(second)
        server.query("INSERT INTO kits VALUES ('UL42345')")
        server.kill()
        second.promote()
        assert ask(urls(server, second), "SELECT * FROM kits") == [("UL42345",)]
        second.query("INSERT INTO kits VALUES ('UL42346')")
    finally:
        second.close()


def test_connections_are_cut(server: Server) -> None:
    with psycopg.connect(server.url()) as connection:
        assert server.cut_connections("postgres") == 1
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_settings_are_those_of_the_constructor(server_for_databases: Server) -> None:
    assert server_for_databases.query("SHOW max_connections") == [("20",)]
    assert server_for_databases.query("SHOW fsync") == [("off",)]


def test_nothing_is_left_behind(server: Server) -> None:
    server.kill()
    server.close()
    assert not server.folder.exists()
    server.close()


def test_nothing_is_left_behind_by_a_process_that_was_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_AND_WAITS],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        folder = Path(starter.stdout.readline().strip())
        assert family(folder / "data", folder.name) != []
        starter.kill()
    assert eventually(lambda: not folder.exists())
    assert family(folder / "data", folder.name) == []


def test_programs_are_copied_to_where_their_user_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "reachable", lambda path: programs.SITE not in path.parents)
    server = Server()
    try:
        assert server.programs.is_relative_to(server.folder)
        assert server.create().start().is_running()
    finally:
        server.close()


def test_a_copy_has_what_its_template_had_though_somebody_is_connected(
    databases: Databases,
) -> None:
    template = databases.new()
    ask(template, "CREATE TABLE kits (barcode text)")
    with psycopg.connect(template):
        copied = databases.copy(template)
    assert ask(copied, "SELECT count(*) FROM kits") == [(0,)]


def test_a_database_is_dropped_though_somebody_is_connected(
    databases: Databases, server_for_databases: Server
) -> None:
    dropped, kept = databases.new(), databases.new()
    with psycopg.connect(dropped):
        databases.drop(dropped)
    names = {name for (name,) in server_for_databases.query(MADE)}
    assert dropped.rpartition("/")[2] not in names
    assert kept.rpartition("/")[2] in names


def test_databases_start_a_server_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    databases = Databases(fsync="off")
    try:
        url = databases.new()
        assert ask(url, "SELECT 1") == [(1,)]
    finally:
        databases.close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)

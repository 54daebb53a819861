"""PostgreSQL databases in other encodings than UTF-8 are refused, and clients' encodings are not asked."""

from collections.abc import Iterator

import pytest

from store.connections import connect
from tests.harness.postgres import Databases
from tests.harness.service import Service
from tests.receiver.test_cli import error


@pytest.fixture(scope="module", params=["LATIN1", "SQL_ASCII"])
def narrow(databases: Databases, request: pytest.FixtureRequest) -> Iterator[str]:
    """Give a database that can't keep every text."""
    url = databases.new(encoding=request.param)
    yield url
    databases.drop(url)


@pytest.mark.parametrize("variable", ["DATABASE_URL", "VIEWS_DATABASE_URL"])
@pytest.mark.parametrize("command", ["migrate", "sources add lab"])
def test_another_encoding_stops_the_start_with_a_line_that_names_it(
    nowhere: Service, narrow: str, monkeypatch: pytest.MonkeyPatch, variable: str, command: str
) -> None:
    monkeypatch.setitem(nowhere.environment, variable, narrow)

    said = error(nowhere.here(*command.split(), check=False))

    assert "SQL_ASCII" in said or "LATIN1" in said
    assert "UTF8" in said


def test_a_server_does_not_start_on_it(
    nowhere: Service, narrow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(nowhere.environment, "DATABASE_URL", narrow)

    assert "UTF8" in error(nowhere.cli("serve", check=False))


@pytest.mark.parametrize("place", ["environment", "URL"])
def test_the_encoding_of_the_client_is_not_asked(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    url = postgres_url
    if place == "URL":
        url += f"{'&' if '?' in url else '?'}client_encoding=latin1"
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")

    with connect(url) as connection:
        assert connection.execute("SELECT %s::text", ["日本"]).fetchall() == [("日本",)]

"""A service that was started where there was nothing before."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.service import Service
from tests.harness.service_factory import ServiceFactory
from tests.harness.waiting import eventually
from tests.receiver.test_cli import error, here


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Start a server whose umask forbids nothing, on a ledger in a folder that it has to make."""
    folder = tmp_path_factory.mktemp("empty")
    data = f"sqlite:///{folder}/made/here"
    made = Service(
        folder, 1, DATABASE_URL=f"{data}/ledger.db", VIEWS_DATABASE_URL=f"{data}/views.db"
    )
    before = os.umask(0)
    try:
        yield made.start()
    finally:
        os.umask(before)
        made.close()


def modes(folder: Path) -> dict[str, str]:
    """Return the permissions of everything below a folder, by its name, but for the harness's own log."""
    found = {each.name: each for each in folder.rglob("*") if each.name != "server.log"}
    return {name: stat.filemode(each.stat().st_mode) for name, each in found.items()}


def test_what_it_makes_is_for_its_owner_alone(empty: Service) -> None:
    def made() -> dict[str, str]:
        return modes(empty.folder)

    files = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "views.db", "views.db.projector.lock"}
    assert eventually(lambda: files <= made().keys())
    assert [name for name in made() if name.startswith("kitledger-metrics-")]
    assert set(made().values()) == {"-rw-------", "drwx------"}, made()


def test_it_says_that_no_source_may_send_until_one_may(empty: Service) -> None:
    ready = empty.anonymous("GET", "/readyz").json()
    (warned,) = (line for line in empty.log_lines() if line["event"] == "no-source")

    assert ready["status"] == "ready"
    assert "sources add" in ready["detail"]
    assert (warned["level"], warned["detail"]) == ("warning", ready["detail"])
    assert f"{empty.folder}/made/here/ledger.db" in warned["files"]

    empty.add_source("first")
    assert "detail" not in empty.anonymous("GET", "/readyz").json()
    empty.here("sources", "retire", "first", "--yes")
    assert "sources add" in empty.anonymous("GET", "/readyz").json()["detail"]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Service]:
    """Give a folder where nothing ever was, as somebody comes to who has not changed to the right one."""
    made = Service(tmp_path, DATABASE_URL="sqlite:///data/ledger.db")
    yield made
    made.close()


@pytest.mark.parametrize(
    "words",
    [
        "sources list",
        "clients list --json",
        "projections status",
        "projections rebuild",
        "projections skip kits",
        "quarantine list",
        "quarantine show 1",
        "history kit A",
        "replay",
        "audit reconcile",
        "quarantine release 1",
        "sources rotate lab",
        "sources retire lab",
        "clients revoke 1",
    ],
)
def test_where_there_is_no_ledger_none_is_made(
    elsewhere: Service, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.chdir(elsewhere.folder)

    refused = error(here(elsewhere, *words.split()))
    assert "no ledger at data/ledger.db" in refused
    assert "set DATABASE_URL;" in refused
    assert list(elsewhere.folder.iterdir()) == []


def test_reading_makes_no_read_models(elsewhere: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(elsewhere.folder)
    here(elsewhere, "migrate")
    for file in elsewhere.folder.glob("data/ledger-views.db*"):
        file.unlink()

    refused = error(here(elsewhere, "projections", "status"))
    assert "no read database at" in refused
    assert "set VIEWS_DATABASE_URL;" in refused
    assert list(elsewhere.folder.glob("data/ledger-views.db*")) == []
    assert here(elsewhere, "projections", "rebuild").exit_code == 0


@pytest.mark.parametrize(
    "words",
    ["sources list", "projections status", "quarantine list", "replay", "audit reconcile"],
)
def test_reading_makes_no_tables(services: ServiceFactory, words: str) -> None:
    bare = services.bare()
    for name in ("DATABASE_URL", "VIEWS_DATABASE_URL"):
        if bare.environment.get(name, "").startswith("sqlite"):
            Path(bare.environment[name].removeprefix("sqlite:///")).touch()

    for _ in range(2):
        assert "kitledger migrate" in error(here(bare, *words.split()))

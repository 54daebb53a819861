"""A service that was started where there was nothing before."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.service import Service
from tests.harness.waiting import eventually


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
    assert empty.add_source("private")
    assert [name for name in made() if name.startswith("kitledger-metrics-")]
    assert set(made().values()) == {"-rw-------", "drwx------"}, made()

"""A backup of a running ledger on SQLite holds what was acknowledged, and is there whole or not at all."""

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from store.sqlite_backup import BackupFailed, backup
from tests.harness.service import Service
from tests.receiver.examples import note, position
from tests.receiver.test_cli import error, here


def held(file: Path) -> int:
    """Count the deliveries in a file, alone in a folder of its own."""
    alone = file.with_name("alone")
    alone.mkdir()
    shutil.copy(file, alone)
    with closing(sqlite3.connect(alone / file.name)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        count = "SELECT count(*) FROM stored_events WHERE topic = 'Delivery.Recorded'"
        return int(copy.execute(count).fetchone()[0])


def test_it_holds_every_acknowledged_event(on_sqlite: Service, tmp_path: Path) -> None:
    before = position(on_sqlite)
    acknowledged = [on_sqlite.post_webhook(note(n)).status_code for n in range(1, 51)]
    copy = tmp_path / "copy.db"

    done = here(on_sqlite, "backup", str(copy))

    assert acknowledged == [202] * 50
    assert done.exit_code == 0
    assert f"position {before + 50}." in done.stdout
    assert held(copy) == 50
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["copy.db"]
    assert "exists" in error(here(on_sqlite, "backup", str(copy)))


def test_a_ledger_that_is_not_there_is_not_made(nowhere: Service, tmp_path: Path) -> None:
    assert "ledger.db" in error(here(nowhere, "backup", str(tmp_path / "copy.db")))
    assert not (nowhere.folder / "ledger.db").exists()
    assert not list(tmp_path.iterdir())


def test_on_postgres_it_names_the_page_to_read(nowhere: Service, tmp_path: Path) -> None:
    place = Service(tmp_path, DATABASE_URL="postgresql://nowhere/ledger")
    assert "backup.md" in error(here(place, "backup", str(tmp_path / "copy.db")))
    place.close()


def test_it_comes_to_an_end_while_others_write(
    on_sqlite: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.sqlite_backup.PAGES_PER_STEP", 1)
    before, steps = position(on_sqlite), []

    def write(done: int, total: int) -> None:
        assert on_sqlite.post_webhook(note(1000 + len(steps))).status_code == 202
        steps.append(done)

    head = backup(on_sqlite.folder / "ledger.db", tmp_path / "copy.db", write)

    assert steps == sorted(steps)
    assert head == before


def test_a_damaged_ledger_leaves_no_copy(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("CREATE TABLE stored_events (position INTEGER PRIMARY KEY, state BLOB)")
        connection.executemany(
            "INSERT INTO stored_events VALUES (?, zeroblob(900))", [(n,) for n in range(99)]
        )
        connection.commit()
    with ledger.open("r+b") as opened:
        opened.seek(2 * 4096)
        opened.write(b"\xa5" * 4096 * 8)
    with pytest.raises(BackupFailed, match="damaged"):
        backup(ledger, tmp_path / "copy.db", lambda done, total: None)
    assert [each.name for each in tmp_path.iterdir()] == ["ledger.db"]

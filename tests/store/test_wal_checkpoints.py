"""When the write-ahead log of an SQLite file is copied back, and what that leaves as it was."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.sqlite_connection import connect
from store.sqlite_file import SqliteFile
from store.wal_checkpoints import LONGEST_SECONDS, WalCheckpoints, run_wal_checkpoints


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file in WAL mode, whose commits copy nothing back."""
    connection = sqlite3.connect(tmp_path / "some.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE numbers (n)")
    yield connection
    connection.close()


@pytest.fixture
def checkpoints(writer: sqlite3.Connection, tmp_path: Path) -> Iterator[WalCheckpoints]:
    """Checkpoint the file a first time."""
    made = WalCheckpoints(SqliteFile(tmp_path / "some.db"))
    assert made.run_if_due(100.0)
    made.run_if_due(101.0)
    yield made
    made.close()


def copied(writer: sqlite3.Connection, path: Path) -> bool:
    """Say whether the file holds by itself all that was written."""
    copy = path.parent / "alone.db"
    copy.write_bytes(path.read_bytes())
    alone = sqlite3.connect(f"file:{copy}?immutable=1", uri=True)
    count = "SELECT count(*) FROM numbers"
    try:
        return bool(alone.execute(count).fetchone() == writer.execute(count).fetchone())
    finally:
        alone.close()


def insert(writer: sqlite3.Connection) -> None:
    """Commit one row."""
    writer.execute("INSERT INTO numbers VALUES (1)")


def test_what_a_dead_process_left_is_copied_at_once(
    writer: sqlite3.Connection, tmp_path: Path
) -> None:
    insert(writer)
    made = WalCheckpoints(SqliteFile(tmp_path / "some.db"))
    assert made.run_if_due(100.0)
    made.close()
    assert copied(writer, tmp_path / "some.db")


def test_a_log_at_rest_is_copied_once(
    writer: sqlite3.Connection, checkpoints: WalCheckpoints
) -> None:
    insert(writer)
    assert not checkpoints.run_if_due(200.0)
    assert not copied(writer, Path(checkpoints.file.path))
    assert checkpoints.run_if_due(201.0)
    assert copied(writer, Path(checkpoints.file.path))
    assert not checkpoints.run_if_due(202.0)


def test_a_log_that_does_not_come_to_rest_is_copied_after_a_while(
    writer: sqlite3.Connection, checkpoints: WalCheckpoints
) -> None:
    looks = []
    for second in range(2 * int(LONGEST_SECONDS) + 1):
        insert(writer)
        looks.append(checkpoints.run_if_due(200.0 + second))
    assert [second for second, was in enumerate(looks) if was] == [5, 10]
    assert copied(writer, Path(checkpoints.file.path))


def test_a_log_that_was_copied_begins_anew_while_others_write(
    writer: sqlite3.Connection, checkpoints: WalCheckpoints
) -> None:
    log = Path(checkpoints.file.path).with_name("some.db-wal")
    sizes = []
    for second in range(40):
        insert(writer)
        checkpoints.run_if_due(200.0 + second)
        sizes.append(log.stat().st_size)
    assert max(sizes) == max(sizes[:10])


def test_a_reader_or_a_writer_keeps_nobody_from_going_on(
    writer: sqlite3.Connection, checkpoints: WalCheckpoints
) -> None:
    reader = sqlite3.connect(checkpoints.file.path, isolation_level=None)
    reader.execute("BEGIN")
    before = reader.execute("SELECT count(*) FROM numbers").fetchone()
    insert(writer)
    writer.execute("BEGIN IMMEDIATE")
    insert(writer)
    checkpoints.run_if_due(200.0)
    assert checkpoints.run_if_due(210.0)
    assert reader.execute("SELECT count(*) FROM numbers").fetchone() == before
    writer.execute("COMMIT")
    reader.close()
    assert not checkpoints.run_if_due(211.0)
    assert checkpoints.run_if_due(212.0)
    assert copied(writer, Path(checkpoints.file.path))


def test_trouble_with_one_file_is_reported_and_keeps_from_no_other(
    writer: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.wal_checkpoints.POLL_SECONDS", 0.01)
    spoilt, missing, sound = (
        tmp_path / "spoilt.db",
        tmp_path / "no" / "some.db",
        tmp_path / "some.db",
    )
    spoilt.write_bytes(b"not a database" * 1000)
    stop, said = threading.Event(), []

    def report(name: str, fields: dict[str, Any]) -> None:
        said.append((name, fields["file"]))
        if len(said) == 4:
            stop.set()

    insert(writer)
    run_wal_checkpoints([SqliteFile(each) for each in (spoilt, missing, sound)], stop, report)
    assert said == 2 * [("checkpoint-waits", str(spoilt)), ("checkpoint-waits", str(missing))]
    assert copied(writer, sound)


def test_a_log_that_a_reader_let_grow_is_reported_and_cut_when_the_reader_is_gone(
    writer: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages, limit = 20, 20 * 4096
    monkeypatch.setattr("store.sqlite_connection.CHECKPOINT_PAGES", pages)
    monkeypatch.setattr("store.wal_checkpoints.LARGEST_LOG", limit)
    ours = connect(SqliteFile(tmp_path / "some.db"))
    reader = sqlite3.connect(tmp_path / "some.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM numbers").fetchone()
    for _ in range(5 * pages):
        insert(ours)
    made = WalCheckpoints(SqliteFile(tmp_path / "some.db"))
    log = tmp_path / "some.db-wal"

    assert made.run_if_due(100.0)
    assert made.grows()
    reader.execute("COMMIT")
    insert(ours)
    assert made.run_if_due(106.0)
    assert not made.grows()
    insert(ours)
    assert log.stat().st_size <= limit
    for each in (reader, ours, made):
        each.close()


def test_a_log_that_grows_is_named(
    writer: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.wal_checkpoints.POLL_SECONDS", 0.01)
    monkeypatch.setattr("store.wal_checkpoints.LARGEST_LOG", 0)
    insert(writer)
    reader = sqlite3.connect(tmp_path / "some.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM numbers").fetchone()
    insert(writer)
    stop, said = threading.Event(), []

    def report(name: str, fields: dict[str, Any]) -> None:
        said.append((name, fields["file"]))
        stop.set()

    run_wal_checkpoints([SqliteFile(tmp_path / "some.db")], stop, report)
    assert said == [("log-grows", str(tmp_path / "some.db-wal"))]
    reader.close()

"""What the embedded store asks of SQLite: it refuses to change what is stored, and syncs every write."""

import sqlite3
from pathlib import Path

import pytest

from store.sqlite import Factory
from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain
from tests.harness.stores import writing_connection
from tests.store.stored import event, fill

COLUMNS = "INTO stored_events (position, originator_id, originator_version, topic, state) VALUES"


@pytest.fixture
def url(sqlite_url: str) -> str:
    """Name a file."""
    return sqlite_url


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("UPDATE stored_events SET state = x'00'", "updated"),
        (
            "UPDATE OR REPLACE stored_events SET originator_version = 2 WHERE position = 1",
            "updated",
        ),
        ("UPDATE OR IGNORE stored_events SET position = 9 WHERE position = 1", "updated"),
        ("DELETE FROM stored_events", "deleted"),
        ("DELETE FROM stored_events WHERE position = 1", "deleted"),
        (f"INSERT OR REPLACE {COLUMNS} (1, 'x', 1, 't', x'00')", "replaced"),
        (f"INSERT OR REPLACE {COLUMNS} (9, 's0', 1, 't', x'00')", "replaced"),
        (f"REPLACE {COLUMNS} (NULL, 's1', 1, 't', x'00')", "replaced"),
        (f"INSERT OR IGNORE {COLUMNS} (1, 'x', 1, 't', x'00')", "replaced"),
        (
            f"INSERT {COLUMNS} (9, 's0', 1, 't', x'00')"
            " ON CONFLICT DO UPDATE SET state = excluded.state",
            "replaced",
        ),
    ],
)
def test_the_database_refuses(recorder: Recorder, plain: Plain, statement: str, word: str) -> None:
    fill(recorder, 3)
    before = plain.query("SELECT * FROM stored_events")
    with pytest.raises(sqlite3.IntegrityError, match=f"stored events are never {word}"):
        plain.query(statement)
    assert plain.query("SELECT * FROM stored_events") == before


def test_positions_survive_a_vacuum(recorder: Recorder, plain: Plain) -> None:
    fill(recorder, 50, size=3000)
    before = plain.stored()
    plain.query("VACUUM")
    assert plain.stored() == before
    assert recorder.insert_events([event("later")]) == [51]


def test_every_write_is_synced_before_it_is_acknowledged(recorder: Recorder, plain: Plain) -> None:
    recorder.insert_events([event("a")])
    connection = writing_connection(recorder)
    full = 2
    assert connection.execute("PRAGMA synchronous").fetchone() == (full,)
    assert plain.query("PRAGMA journal_mode") == [("wal",)]


@pytest.mark.parametrize("name", [":memory:", "file:shared?mode=memory&cache=shared"])
def test_a_store_in_memory_is_refused(name: str) -> None:
    with pytest.raises(OSError, match="is a file"):
        Factory({"SQLITE_DBNAME": name})


def test_a_file_may_be_named_by_a_uri(tmp_path: Path) -> None:
    factory = Factory({"SQLITE_DBNAME": f"file:{tmp_path / 'ledger.db'}"})
    recorder = factory.application_recorder()
    assert recorder.insert_events([event("a")]) == [1]
    assert recorder.max_notification_id() == 1
    assert (tmp_path / "ledger.db").exists()
    factory.close()

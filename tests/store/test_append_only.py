"""The database itself refuses to change what is stored, whoever asks; positions rise without a gap."""

import sqlite3

import pytest
from eventsourcing.persistence import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.sqlite import Recorder
from tests.store.conftest import OpenRecorder
from tests.store.stored import event, fill, places, stream

COLUMNS = "INTO stored_events (position, originator_id, originator_version, topic, state) VALUES"


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
def test_the_database_refuses(
    recorder: Recorder, plain: sqlite3.Connection, statement: str, word: str
) -> None:
    fill(recorder, 3)
    before = plain.execute("SELECT * FROM stored_events").fetchall()
    with pytest.raises(sqlite3.IntegrityError, match=f"stored events are never {word}"):
        plain.execute(statement)
    assert plain.execute("SELECT * FROM stored_events").fetchall() == before


def test_a_place_in_a_stream_is_taken_once(recorder: Recorder, plain: sqlite3.Connection) -> None:
    recorder.insert_events([event("a")])
    with pytest.raises(IntegrityError):
        recorder.insert_events([event("b"), event("a")])
    assert places(plain) == [(1, "a", 1)]


def test_positions_are_gapless_though_some_were_refused(
    recorder: Recorder, plain: sqlite3.Connection
) -> None:
    assert recorder.insert_events(stream("a", [1, 2])) == [1, 2]
    with pytest.raises(IntegrityError):
        recorder.insert_events([*stream("b", [1, 2, 3]), event("a", 2)])
    assert recorder.insert_events([event("a", 3), event("c")]) == [3, 4]
    assert [position for position, *_ in places(plain)] == [1, 2, 3, 4]


def test_positions_survive_a_vacuum(recorder: Recorder, plain: sqlite3.Connection) -> None:
    fill(recorder, 50, size=3000)
    before = places(plain)
    plain.execute("VACUUM")
    assert places(plain) == before
    assert recorder.insert_events([event("later")]) == [51]


def test_positions_are_what_every_reader_says(recorder: Recorder) -> None:
    inserted = recorder.insert_events([event("a"), event("b"), event("a", 2)])
    assert [each.id for each in recorder.select_notifications(None, 9)] == list(inserted)
    assert [each.id for each in recorder.select_stream("a")] == [1, 3]
    assert recorder.max_notification_id() == 3


@given(groups=st.lists(st.lists(st.integers(0, 2), max_size=4), max_size=8))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_several_writers_append_positions_rise_by_one(
    open_recorder: OpenRecorder, groups: list[list[int]]
) -> None:
    writers = [open_recorder(), open_recorder()]
    first = writers[0].max_notification_id()
    appended: list[int] = []
    for turn, group in enumerate(groups):
        events = [event(f"{first}-{turn}-{n}", 1) for n, _ in enumerate(group)]
        appended += writers[turn % 2].insert_events(events)
    assert appended == list(range(first + 1, first + 1 + len(appended)))
    assert writers[0].max_notification_id() == writers[1].max_notification_id()


def test_every_write_is_synced_before_it_is_acknowledged(
    recorder: Recorder, plain: sqlite3.Connection
) -> None:
    recorder.insert_events([event("a")])
    connection = recorder._session._connection
    assert connection is not None
    full = 2
    assert connection.execute("PRAGMA synchronous").fetchone() == (full,)
    assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)

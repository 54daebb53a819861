"""The events of another ledger are copied as they are there, each at its position."""

import pytest
from eventsourcing.persistence import DataError, IntegrityError

from store.stored_rows import WholeRow
from tests.harness.ledgers import Recorder
from tests.store.conftest import OpenRecorder
from tests.store.stored import event

ROWS = [
    WholeRow(1, "a", 1, "t", b"one", "source/lab", False, None, 17),
    WholeRow(2, "a", 2, "t", b"two", "client/3", True, 21437, 17),
    WholeRow(3, "ü", 1, "u", b"", "", False, None, 2**62),
]


def copies(recorder: Recorder) -> list[WholeRow]:
    """Return all rows as they are stored."""
    return [WholeRow(*row) for row in recorder.select_rows(0, limit=10, max_bytes=1000)]


def test_rows_are_copied_with_all_that_they_hold(recorder: Recorder) -> None:
    recorder.import_events(ROWS[:1])
    recorder.import_events(ROWS[1:])
    assert copies(recorder) == ROWS


def test_what_is_recorded_afterwards_follows_them(recorder: Recorder) -> None:
    recorder.import_events(ROWS)
    assert recorder.insert_events([event("b")]) == [4]
    assert WholeRow(*recorder.select_rows_at([4])[0]).recorded_at == 2**62


def test_rows_that_do_not_follow_the_last_position_are_refused(
    recorder: Recorder, open_recorder: OpenRecorder
) -> None:
    for wrong in (ROWS[1:], [ROWS[0], ROWS[2]], [ROWS[0], ROWS[0]]):
        with pytest.raises(IntegrityError):
            recorder.import_events(wrong)
    open_recorder().insert_events([event("a")])
    with pytest.raises(IntegrityError, match="position 1 does not follow position 1"):
        recorder.import_events(ROWS)
    with pytest.raises(IntegrityError):
        recorder.import_events([ROWS[1]._replace(originator_version=1)])
    assert recorder.max_notification_id() == 1


def test_text_that_not_every_database_can_store_is_refused(recorder: Recorder) -> None:
    with pytest.raises(DataError):
        recorder.import_events([ROWS[0]._replace(originator_id="a\0")])
    assert recorder.max_notification_id() == 0


def test_integers_that_the_other_ledger_gave_out_are_not_given_out_again(
    recorder: Recorder,
) -> None:
    recorder.next_id("a")
    recorder.keep_given_ids({"a": 7, "b": 3})
    recorder.keep_given_ids({"a": 5})
    assert [recorder.next_id(kind) for kind in "abc"] == [8, 4, 1]
    assert recorder.kinds_of_given_ids() == ["a", "b", "c"]

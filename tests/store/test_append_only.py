"""A place in a stream is taken once; positions rise without a gap."""

import pytest
from eventsourcing.persistence import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain
from tests.store.conftest import OpenRecorder
from tests.store.stored import event, stream


def test_a_place_in_a_stream_is_taken_once(recorder: Recorder, plain: Plain) -> None:
    recorder.insert_events([event("a")])
    with pytest.raises(IntegrityError):
        recorder.insert_events([event("b"), event("a")])
    assert plain.stored() == [(1, "a", 1)]


def test_positions_are_gapless_though_some_were_refused(recorder: Recorder, plain: Plain) -> None:
    assert recorder.insert_events(stream("a", [1, 2])) == [1, 2]
    with pytest.raises(IntegrityError):
        recorder.insert_events([*stream("b", [1, 2, 3]), event("a", 2)])
    assert recorder.insert_events([event("a", 3), event("c")]) == [3, 4]
    assert [position for position, *_ in plain.stored()] == [1, 2, 3, 4]


def test_positions_are_what_every_reader_says(recorder: Recorder) -> None:
    inserted = recorder.insert_events([event("a"), event("b"), event("a", 2)])
    assert [each.id for each in recorder.select_notifications(None, 9)] == list(inserted)
    assert [each.id for each in recorder.select_stream("a")] == [1, 3]
    assert recorder.max_notification_id() == 3


@pytest.fixture
def writers(open_recorder: OpenRecorder) -> list[Recorder]:
    """Open the store twice, as two processes would."""
    return [open_recorder(), open_recorder()]


@given(groups=st.lists(st.lists(st.integers(0, 2), max_size=4), max_size=8))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_several_writers_append_positions_rise_by_one(
    writers: list[Recorder], groups: list[list[int]]
) -> None:
    first = writers[0].max_notification_id()
    appended: list[int] = []
    for turn, group in enumerate(groups):
        events = [event(f"{first}-{turn}-{n}", 1) for n, _ in enumerate(group)]
        appended += writers[turn % 2].insert_events(events)
    assert appended == list(range(first + 1, first + 1 + len(appended)))
    assert writers[0].max_notification_id() == writers[1].max_notification_id()

"""Events of one stream are selected as eventsourcing's AggregateRecorder says."""

from typing import Any
from uuid import uuid4

import pytest
from eventsourcing.persistence import DataError, StoredEvent

from tests.harness.ledgers import Recorder
from tests.store.stored import event, stream


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"gt": 2}, [3, 4, 5]),
        ({"gt": 5}, []),
        ({"lte": 2}, [1, 2]),
        ({"gt": 1, "lte": 3}, [2, 3]),
        ({"desc": True}, [5, 4, 3, 2, 1]),
        ({"limit": 2}, [1, 2]),
        ({"desc": True, "limit": 1}, [5]),
        ({"lte": 4, "desc": True, "limit": 1}, [4]),
        ({"limit": 0}, []),
    ],
)
def test_bounds_order_and_limit_are_heeded(
    recorder: Recorder, bounds: dict[str, Any], expected: list[int]
) -> None:
    recorder.insert_events([event("other"), *stream("s", range(1, 6)), event("t")])
    found = recorder.select_events("s", **bounds)
    assert [each.originator_version for each in found] == expected
    assert {each.originator_id for each in found} <= {"s"}


def test_a_selected_event_is_what_was_inserted(recorder: Recorder) -> None:
    inserted = StoredEvent("s/1", 1, "topic", b"\x00\xff")
    recorder.insert_events([inserted])
    assert recorder.select_events("s/1") == [inserted]


def test_a_uuid_names_no_stream(recorder: Recorder) -> None:
    with pytest.raises(DataError, match="a stream id is text, not UUID"):
        recorder.select_events(uuid4())

"""What is stored is read by position, by stream and in batches whose memory has a bound."""

import pytest
from eventsourcing.persistence import Notification
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.harness.ledgers import Recorder
from tests.store.stored import event, fill, stream


def ids(found: list[Notification]) -> list[int]:
    return [each.id for each in found]


def versions(recorder: Recorder, streams: list[str]) -> dict[str, int]:
    """Return the versions of streams that exist; a store may say 0 of others, or nothing."""
    return {
        stream: version for stream, version in recorder.stream_versions(streams).items() if version
    }


def test_an_empty_store_is_at_position_0(recorder: Recorder) -> None:
    assert recorder.max_notification_id() == 0
    assert recorder.select_stream("a") == []
    assert versions(recorder, ["a"]) == {}
    assert recorder.select_batch(0, topics=["t"], limit=9, max_bytes=9) == ([], 0)


def test_versions_are_those_of_the_streams_that_exist(recorder: Recorder) -> None:
    recorder.insert_events([*stream("a", range(1, 8)), *stream("b", [1])])
    assert versions(recorder, ["b", "a", "c", "a"]) == {"a": 7, "b": 1}
    assert versions(recorder, []) == {}


@pytest.mark.parametrize("count", [499, 500, 501, 1300])
def test_versions_of_many_streams_are_asked_for_in_parts(recorder: Recorder, count: int) -> None:
    fill(recorder, count)
    asked = [f"s{n}" for n in range(count + 3)]
    assert versions(recorder, asked) == {f"s{n}": 1 for n in range(count)}


def test_a_stream_is_read_in_its_order_and_alone(recorder: Recorder) -> None:
    recorder.insert_events([event("a"), event("ab"), event("a", 2), event("a/b"), event("a", 3)])
    found = recorder.select_stream("a")
    assert [(each.originator_id, each.originator_version) for each in found] == [
        ("a", 1),
        ("a", 2),
        ("a", 3),
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ((None, 9), [1, 2, 3, 4, 5]),
        ((2, 9), [2, 3, 4, 5]),
        ((2, 2), [2, 3]),
        ((2, 9, 3), [2, 3]),
        ((1, 9, None, ("u",)), [2, 4]),
        ((6, 9), []),
    ],
)
def test_events_are_read_by_position_and_topic(
    recorder: Recorder, asked: tuple[int, int], expected: list[int]
) -> None:
    recorder.insert_events([event("s", n, topic="tutut"[n - 1]) for n in range(1, 6)])
    assert ids(recorder.select_notifications(*asked)) == expected


def test_what_follows_a_position_may_leave_it_out(recorder: Recorder) -> None:
    fill(recorder, 3)
    assert ids(recorder.select_notifications(2, 9, inclusive_of_start=False)) == [3]


@pytest.mark.parametrize(
    ("max_bytes", "expected"),
    [
        pytest.param(1, [1], id="at least one, however large it is"),
        pytest.param(100, [1], id="it ends with what fills it"),
        pytest.param(101, [1, 2], id="it ends with what would have crossed it"),
        pytest.param(300, [1, 2, 3], id="three fill it"),
        pytest.param(10**9, [1, 2, 3, 4], id="the limit ends it"),
    ],
)
def test_a_batch_has_a_bound_in_bytes_and_in_events(
    recorder: Recorder, max_bytes: int, expected: list[int]
) -> None:
    fill(recorder, 6, size=100)
    found, reached = recorder.select_batch(0, topics=["t"], limit=4, max_bytes=max_bytes)
    assert (ids(found), reached) == (expected, expected[-1])


def test_a_batch_with_all_there_is_reaches_the_end_past_what_was_not_asked_for(
    recorder: Recorder,
) -> None:
    recorder.insert_events([event("a"), event("b", topic="u"), event("c", topic="u")])
    found, reached = recorder.select_batch(0, topics=["t"], limit=9, max_bytes=9)
    assert (ids(found), reached) == ([1], 3)


@given(topics=st.text("tuv", max_size=12), limit=st.integers(1, 4), max_bytes=st.integers(1, 400))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_batch_after_batch_everything_asked_for_comes_once(
    recorder: Recorder, topics: str, limit: int, max_bytes: int
) -> None:
    at = start = recorder.max_notification_id()
    recorder.insert_events(
        [event(f"{start}-{n}", topic=topic, state=b"\x80" * 100) for n, topic in enumerate(topics)]
    )
    seen: list[int] = []
    while at < recorder.max_notification_id():
        found, reached = recorder.select_batch(
            at, topics=["t", "u"], limit=limit, max_bytes=max_bytes
        )
        assert reached > at
        assert len(found) <= limit
        assert sum(len(each.state) for each in found[:-1]) < max_bytes
        seen += ids(found)
        at = reached
    assert seen == [start + 1 + n for n, topic in enumerate(topics) if topic != "v"]

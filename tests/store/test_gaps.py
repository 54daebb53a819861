"""Many write, some of them in vain, and one follows: nothing is skipped, in order, nothing twice."""

from collections.abc import Callable
from contextlib import ExitStack

from eventsourcing.persistence import Notification

from tests.harness.effort import effort
from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain
from tests.store.processes import child

WRITERS = 8
TURNS = effort(24, 100)
EVENTS = effort(4_500, 18_000)


def follow(recorder: Recorder, all_have_ended: Callable[[], bool]) -> list[Notification]:
    """Read what comes, as it comes, until nothing will come any more."""
    seen: list[Notification] = []
    at, over = 0, False
    while not over or at < recorder.max_notification_id():
        over = all_have_ended()
        found, at = recorder.select_batch(at, topics=["t"], limit=300, max_bytes=10**6)
        seen += found
    return seen


def test_a_follower_of_many_writers_sees_every_event_once_and_in_order(
    recorder: Recorder, plain: Plain, url: str
) -> None:
    with ExitStack() as running:
        children = [
            running.enter_context(child("append_and_fail", url, f"w{n}", TURNS))
            for n in range(WRITERS)
        ]
        seen = follow(recorder, lambda: all(each.process.poll() is not None for each in children))
        acknowledged = [int(line) for each in children for line in each.lines()]
    assert [each.process.returncode for each in children] == [0] * WRITERS
    assert len(acknowledged) == WRITERS
    assert len(seen) == sum(acknowledged) >= EVENTS
    assert [each.id for each in seen] == list(range(1, len(seen) + 1))
    places = [(each.id, each.originator_id, each.originator_version) for each in seen]
    assert places == plain.stored()
    assert not [stream for _, stream, _ in places if "in vain" in stream]

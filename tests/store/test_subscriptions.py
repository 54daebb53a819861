"""A subscription gives every event once, in order, waits for more, and ends when it is told to."""

import threading
import time
from collections.abc import Iterator
from itertools import islice

import pytest
from eventsourcing.persistence import DatabaseError

from store import subscription as subscriptions
from store.subscription import PollingSubscription
from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain
from tests.harness.waiting import eventually
from tests.store.conftest import OpenRecorder
from tests.store.stored import event, fill


@pytest.fixture
def threads() -> Iterator[None]:
    """Expect that every thread has ended."""
    before = threading.active_count()
    yield
    assert eventually(lambda: threading.active_count() == before)


def positions(subscription: PollingSubscription, count: int) -> list[int]:
    """Return so many positions."""
    return [each.id for each in islice(subscription, count)]


def test_it_gives_what_was_there_and_what_comes_whoever_writes(
    recorder: Recorder, open_recorder: OpenRecorder, threads: None
) -> None:
    fill(recorder, 3)
    with recorder.subscribe(gt=1) as subscription:
        assert positions(subscription, 2) == [2, 3]
        open_recorder().insert_events([event("a"), event("b")])
        assert positions(subscription, 2) == [4, 5]


def test_batch_after_batch_it_gives_everything(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, threads: None
) -> None:
    monkeypatch.setattr(subscriptions, "BATCH_EVENTS", 2)
    fill(recorder, 61)
    with recorder.subscribe() as subscription:
        assert positions(subscription, 61) == list(range(1, 62))


def test_it_gives_the_topics_that_are_asked_for_and_passes_the_others_once(
    recorder: Recorder, threads: None
) -> None:
    recorder.insert_events([event(f"s{n}", topic="tu"[n % 2]) for n in range(10)])
    with recorder.subscribe(topics=["u"]) as subscription:
        assert positions(subscription, 5) == [2, 4, 6, 8, 10]
        recorder.insert_events([event("t", topic="t") for _ in range(1)])
        assert eventually(lambda: subscription._reached == 11)


def test_it_stops_while_it_waits(recorder: Recorder, threads: None) -> None:
    with recorder.subscribe() as subscription:
        timer = threading.Timer(0.1, subscription.stop)
        timer.start()
        assert list(subscription) == []


def test_one_whose_reader_is_too_slow_keeps_a_bounded_number_and_stops(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, threads: None
) -> None:
    monkeypatch.setattr(subscriptions, "BATCH_EVENTS", 1)
    fill(recorder, 50)
    with recorder.subscribe() as subscription:
        queue = subscription._notifications_queue
        assert eventually(lambda: queue.qsize() == queue.maxsize)
        time.sleep(3 * subscriptions.POLL_SECONDS)
        assert subscription._reached <= queue.maxsize + 1
        assert positions(subscription, 20) == list(range(1, 21))


def test_closing_the_store_stops_it(recorder: Recorder, threads: None) -> None:
    fill(recorder, 1)
    subscription = recorder.subscribe()
    assert positions(subscription, 1) == [1]
    recorder.close()
    assert list(subscription) == []
    assert not subscription._pull_thread.is_alive()


def test_an_error_of_the_store_is_raised_by_the_iteration(
    recorder: Recorder, plain: Plain, threads: None
) -> None:
    fill(recorder, 1)
    with recorder.subscribe() as subscription:
        assert positions(subscription, 1) == [1]
        plain.query("ALTER TABLE stored_events RENAME TO lost_events")
        with pytest.raises(DatabaseError, match=r"no such table|does not exist"):
            positions(subscription, 1)

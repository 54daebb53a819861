"""Recorded times never fall, whatever clocks do; so the position of a time is found by bisection."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import stored_rows
from tests.harness.ledgers import Recorder, open_ledger, recorder_of
from tests.harness.per_store import PerStore
from tests.store.stored import event

OpenRecorder = Callable[[], Recorder]
NOON = 1_767_614_400 * 10**6
"""In microseconds since 1970."""


@contextmanager
def clock(microseconds: int) -> Iterator[None]:
    """Let the clock of a host stand at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored_rows, "time", Clock(microseconds))
        yield


class Clock:
    """A clock that stands still."""

    def __init__(self, microseconds: int) -> None:
        self._now = microseconds

    def time_ns(self) -> int:
        """Return the time, as time.time_ns does."""
        return self._now * 1000


def times(recorder: Recorder) -> list[int]:
    return [each.recorded_at for each in recorder.select_notifications(1, 1000)]


def test_the_time_is_that_of_recording(recorder: Recorder) -> None:
    before = time.time_ns() // 1000
    recorder.insert_events([event("a"), event("b")])

    [first, second] = times(recorder)

    assert before <= first == second <= time.time_ns() // 1000


def test_a_clock_that_is_set_back_lets_no_time_fall(recorder: Recorder) -> None:
    for number, at in enumerate([NOON, NOON - 10**9, NOON + 5, NOON + 4]):
        with clock(at):
            recorder.insert_events([event(f"a/{number}")])

    assert times(recorder) == [NOON, NOON, NOON + 5, NOON + 5]


def test_hosts_whose_clocks_differ_give_one_order(open_recorder: OpenRecorder) -> None:
    ahead, behind = open_recorder(), open_recorder()
    for number in range(3):
        with clock(NOON + number):
            ahead.insert_events([event(f"a/{number}")])
        with clock(NOON - 10**9):
            behind.insert_events([event(f"b/{number}")])

    found = times(behind)

    assert found == [NOON, NOON, NOON + 1, NOON + 1, NOON + 2, NOON + 2]
    assert ahead.position_at(NOON) == behind.position_at(NOON) == 2


@given(clocks=st.lists(st.integers(0, 9), max_size=12), asked=st.integers(-1, 10))
def test_a_position_is_found_by_its_time(
    per_store: PerStore, clocks: list[int], asked: int
) -> None:
    with per_store.stores.empty() as url:
        ledger = open_ledger(url)
        for number, at in enumerate(clocks):
            with clock(NOON + at):
                recorder_of(ledger).insert_events([event(f"a/{number}")])
        highest = [max(clocks[:end]) for end in range(1, len(clocks) + 1)]

        assert times(recorder_of(ledger)) == [NOON + each for each in highest]
        assert ledger.store.position_at(NOON + asked) == sum(each <= asked for each in highest)
        ledger.close()

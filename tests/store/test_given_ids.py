"""Integers are given out once, and rise, whoever asks."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from eventsourcing.persistence import OperationalError

from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain
from tests.harness.stores import limit_lock_waits
from tests.store.conftest import OpenRecorder
from tests.store.processes import child

COUNT = 200


def test_ids_begin_at_1_and_each_kind_has_its_own(recorder: Recorder) -> None:
    assert [recorder.next_id(kind) for kind in "aabab"] == [1, 2, 1, 3, 2]


def test_ids_rise_for_all_processes_and_none_is_given_twice(recorder: Recorder, url: str) -> None:
    with ExitStack() as running:
        children = [running.enter_context(child("take_ids", url, "k", COUNT)) for _ in range(2)]
        mine = [recorder.next_id("k") for _ in range(COUNT)]
        given = [mine, *(list(map(int, each.lines())) for each in children)]
    assert all(some == sorted(some) for some in given)
    assert sorted(sum(given, [])) == list(range(1, 3 * COUNT + 1))  # noqa: RUF017 three lists


def test_ids_rise_for_all_threads_and_none_is_given_twice(open_recorder: OpenRecorder) -> None:
    recorders = [open_recorder(), open_recorder()]

    def take(thread: int) -> list[int]:
        return [recorders[thread % 2].next_id("k") for _ in range(20)]

    with ThreadPoolExecutor(8) as threads:
        given = list(threads.map(take, range(8)))
    assert all(some == sorted(some) for some in given)
    assert sorted(number for some in given for number in some) == list(range(1, 161))


def test_an_id_that_could_not_be_kept_is_not_given(
    recorder: Recorder, plain: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_lock_waits(monkeypatch, 0.01)
    assert recorder.next_id("k") == 1
    plain.hold_up()
    with pytest.raises(OperationalError):
        recorder.next_id("k")
    plain.let_go()
    assert recorder.next_id("k") == 2

"""A use case that is run while nobody else can write reads what it changes, and is all or nothing."""

from typing import NoReturn

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError

from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain
from tests.harness.stores import limit_patience
from tests.store.conftest import OpenRecorder
from tests.store.stored import event, gathered


def append_next(recorder: Recorder) -> int:
    """Append the next event of a stream, whatever its last one is; return its version."""
    version = recorder.heads(["s"]).get("s", 0) + 1
    recorder.insert_events([event("s", version)])
    return version


def test_it_reads_what_it_has_written(recorder: Recorder, open_recorder: OpenRecorder) -> None:
    other = open_recorder()

    def decide() -> list[int]:
        written = [append_next(recorder), recorder.next_id("k"), append_next(recorder)]
        assert other.max_notification_id() == 0
        return [*written, recorder.max_notification_id(), len(recorder.select_stream("s"))]

    assert recorder.exclusively(decide) == [1, 1, 2, 2, 2]
    assert other.max_notification_id() == 2


def test_all_of_a_group_read_what_the_others_have_written(recorder: Recorder, plain: Plain) -> None:
    works = [lambda: recorder.exclusively(lambda: append_next(recorder))] * 16
    with gathered(recorder, plain, works) as futures:
        plain.let_go()
    assert sorted(future.result() for future in futures) == list(range(1, 17))
    assert [version for _, _, version in plain.stored()] == list(range(1, 17))


def test_a_refusal_keeps_nothing_of_it_and_everything_of_the_others(
    recorder: Recorder, plain: Plain
) -> None:
    def refuse() -> NoReturn:
        append_next(recorder)
        recorder.next_id("k")
        raise LookupError

    works = [lambda: recorder.exclusively(lambda: append_next(recorder))] * 5
    works.insert(2, lambda: recorder.exclusively(refuse))
    with gathered(recorder, plain, works) as futures:
        plain.let_go()
    errors = [future.exception() for future in futures]
    assert [type(error) for error in errors if error] == [LookupError]
    assert [version for _, _, version in plain.stored()] == [1, 2, 3, 4, 5]
    assert recorder.next_id("k") == 1


def test_nobody_else_can_write_meanwhile(
    recorder: Recorder, open_recorder: OpenRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_patience(monkeypatch, 0.02)
    other = open_recorder()

    def decide() -> int:
        with pytest.raises(OperationalError, match=r"locked|lock timeout"):
            other.insert_events([event("s")])
        return append_next(recorder)

    assert recorder.exclusively(decide) == 1
    with pytest.raises(IntegrityError):
        other.insert_events([event("s")])
    assert other.insert_events([event("s", 2)]) == [2]


def test_afterwards_reads_and_writes_go_their_usual_ways(recorder: Recorder) -> None:
    for decide in (lambda: append_next(recorder), lambda: recorder.next_id("k")):
        recorder.exclusively(decide)
    with pytest.raises(ZeroDivisionError):
        recorder.exclusively(lambda: 1 // 0)
    assert append_next(recorder) == 2
    assert recorder.max_notification_id() == 2

"""Work in a transaction reads what it changes while no other writer can, and is kept whole or not at all."""

from collections.abc import Callable
from typing import NoReturn

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, ProgrammingError

from store.unit_of_work import UnitOfWork
from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain
from tests.harness.stores import limit_lock_waits
from tests.store.conftest import OpenRecorder
from tests.store.stored import event, gathered


def append_next(transaction: UnitOfWork) -> int:
    """Append the next event of a stream, whatever its last one is; return its version."""
    version = transaction.stream_versions(["s"]).get("s", 0) + 1
    transaction.insert_events([event("s", version)])
    return version


def test_it_reads_what_it_has_written(recorder: Recorder, open_recorder: OpenRecorder) -> None:
    other = open_recorder()

    def work(transaction: UnitOfWork) -> list[int]:
        written = [append_next(transaction), transaction.next_id("k"), append_next(transaction)]
        assert other.max_notification_id() == recorder.max_notification_id() == 0
        assert [each.id for each in transaction.select_notifications(2, 9)] == [2]
        assert len(transaction.select_events("s", gt=1)) == 1
        return [*written, transaction.max_notification_id(), len(transaction.select_stream("s"))]

    assert recorder.run_in_transaction(work) == [1, 1, 2, 2, 2]
    assert other.max_notification_id() == 2


def test_prefetched_versions_include_what_was_appended(recorder: Recorder) -> None:
    recorder.insert_events([event("s")])
    assert recorder.run_in_transaction(append_next, ["s", "t"]) == 2

    def work(transaction: UnitOfWork) -> list[int]:
        return [append_next(transaction), append_next(transaction)]

    assert recorder.run_in_transaction(work, ["s"]) == [3, 4]


def test_all_of_a_group_read_what_the_others_have_written(recorder: Recorder, plain: Plain) -> None:
    works = [lambda: recorder.run_in_transaction(append_next, ["s"])] * 16
    with gathered(recorder, plain, works) as futures:
        plain.let_go()
    assert sorted(future.result() for future in futures) == list(range(1, 17))
    assert [version for _, _, version in plain.stored()] == list(range(1, 17))


def test_a_refusal_keeps_nothing_of_it_and_everything_of_the_others(
    recorder: Recorder, plain: Plain
) -> None:
    def refuse(transaction: UnitOfWork) -> NoReturn:
        append_next(transaction)
        transaction.next_id("k")
        raise LookupError

    works = [lambda: recorder.run_in_transaction(append_next)] * 5
    works.insert(2, lambda: recorder.run_in_transaction(refuse))
    with gathered(recorder, plain, works) as futures:
        plain.let_go()
    errors = [future.exception() for future in futures]
    assert [type(error) for error in errors if error] == [LookupError]
    assert [version for _, _, version in plain.stored()] == [1, 2, 3, 4, 5]
    assert recorder.next_id("k") == 1


def test_nobody_else_can_write_meanwhile(
    recorder: Recorder, open_recorder: OpenRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_lock_waits(monkeypatch, 0.02)
    other = open_recorder()

    def work(transaction: UnitOfWork) -> int:
        with pytest.raises(OperationalError, match=r"locked|lock timeout"):
            other.insert_events([event("s")])
        return append_next(transaction)

    assert recorder.run_in_transaction(work) == 1
    with pytest.raises(IntegrityError):
        other.insert_events([event("s")])
    assert other.insert_events([event("s", 2)]) == [2]


@pytest.mark.parametrize(
    "write",
    [lambda recorder: recorder.insert_events([event("a")]), lambda recorder: recorder.next_id("k")],
    ids=["insert_events", "next_id"],
)
def test_work_that_writes_past_its_transaction_fails_instead_of_waiting_for_itself(
    recorder: Recorder, write: Callable[[Recorder], object]
) -> None:
    with pytest.raises(ProgrammingError, match="by its unit of work"):
        recorder.run_in_transaction(lambda _: write(recorder))
    assert recorder.insert_events([event("a")]) == [1]


def test_afterwards_reads_and_writes_go_their_usual_ways(recorder: Recorder) -> None:
    recorder.run_in_transaction(append_next)
    recorder.run_in_transaction(lambda transaction: transaction.next_id("k"))
    with pytest.raises(ZeroDivisionError):
        recorder.run_in_transaction(lambda _: 1 // 0)
    assert recorder.insert_events([event("s", 2)]) == [2]
    assert recorder.next_id("k") == 2
    assert recorder.max_notification_id() == 2

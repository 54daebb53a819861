"""On PostgreSQL one appends at a time: others wait for a while, and who falls silent is put out."""

import os
import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from eventsourcing.persistence import OperationalError

from store.unit_of_work import UnitOfWork
from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain
from tests.harness.stores import limit_lock_waits
from tests.harness.waiting import eventually
from tests.store.conftest import OpenRecorder
from tests.store.processes import child
from tests.store.stored import event

WAITING = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
    + ("(SELECT oid FROM pg_database WHERE datname = current_database())")
)
BY_HAND = "INSERT INTO stored_events VALUES (2, 'hand', 1, 't', '')"


@pytest.fixture
def url(postgres_url: str) -> str:
    """Give an empty database on PostgreSQL."""
    return postgres_url


def test_a_turn_that_does_not_come_is_given_up_and_the_next_is_taken(
    recorder: Recorder, plain: Plain
) -> None:
    plain.hold_up()
    started = time.monotonic()
    with pytest.raises(OperationalError, match=r"lock timeout|no answer"):
        recorder.insert_events([event("a")])
    assert 1 < time.monotonic() - started < 15
    assert recorder.max_notification_id() == 0
    plain.let_go()
    assert recorder.insert_events([event("a")]) == [1]


def test_who_gave_up_does_not_stay_in_the_queue(
    open_recorder: OpenRecorder, plain: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty, patient = open_recorder(), open_recorder()
    limit_lock_waits(monkeypatch, 0.1)
    plain.hold_up()
    with pytest.raises(OperationalError):
        hasty.insert_events([event("hasty")])
    monkeypatch.undo()
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(patient.insert_events, [event("patient")])
        assert eventually(lambda: plain.query(WAITING) == [(1,)])
        plain.let_go()
        assert waiting.result() == [1]
    assert plain.stored() == [(1, "patient", 1)]


def test_a_row_that_is_inserted_by_hand_waits_for_its_turn(
    recorder: Recorder, plain: Plain
) -> None:
    by_hand: list[Future[object]] = []

    def work(transaction: UnitOfWork) -> list[int]:
        positions = list(transaction.insert_events([event("a")]))
        by_hand.append(thread.submit(plain.query, BY_HAND))
        assert eventually(lambda: transaction._query(WAITING) == [(1,)])
        assert not by_hand[0].done()
        return positions

    with ThreadPoolExecutor(1) as thread:
        assert recorder.run_in_transaction(work) == [1]
        assert by_hand[0].result(10) == []
    assert plain.stored() == [(1, "a", 1), (2, "hand", 1)]
    assert recorder.insert_events([event("b")]) == [3]


def test_who_falls_silent_in_its_turn_is_put_out_and_keeps_nothing(
    recorder: Recorder, plain: Plain, url: str
) -> None:
    with child("freeze", url) as frozen:
        assert frozen.answers.readline() == b"frozen\n"
        assert recorder.insert_events([event("a")]) == [1]
        os.kill(frozen.process.pid, signal.SIGCONT)
        assert frozen.answers.readline() == b"OperationalError\n"
    assert plain.stored() == [(1, "a", 1)]


def test_who_is_cut_off_in_its_turn_keeps_nothing_and_holds_nobody_up(
    recorder: Recorder, plain: Plain
) -> None:
    mine = "datname = current_database() AND pid <> pg_backend_pid()"

    def work(transaction: UnitOfWork) -> None:
        transaction.insert_events([event("a")])
        plain.query(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {mine}")
        transaction.max_notification_id()

    with pytest.raises(OperationalError):
        recorder.run_in_transaction(work)
    assert plain.stored() == []
    assert recorder.insert_events([event("b")]) == [1]

"""With a standby that the server waits for, nothing is acknowledged that is on one disk only."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError

from tests.harness.ledgers import Recorder, open_ledger, recorder_of
from tests.harness.postgres import Server, urls
from tests.harness.waiting import eventually
from tests.store.stored import event

WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
STORED = "SELECT originator_id FROM stored_events ORDER BY position"


@pytest.fixture(scope="module")
def primary() -> Iterator[Server]:
    """Run a server."""
    made = Server(fsync="off")
    try:
        yield made.create().start()
    finally:
        made.close()


@pytest.fixture(scope="module")
def standby(primary: Server) -> Iterator[Server]:
    """Let another follow it, and let it wait for that one."""
    made = primary.standby("second")
    try:
        primary.make_synchronous(made)
        yield made
    finally:
        made.close()


@pytest.fixture
def recorder(primary: Server, standby: Server) -> Iterator[Recorder]:
    """Open a store on whichever of both takes writes."""
    ledger = open_ledger(urls(primary, standby))
    yield recorder_of(ledger)
    ledger.close()


def waiting(primary: Server) -> int:
    """Return the server's process that waits for the standby, once there is one."""
    assert eventually(lambda: primary.query(WAITING) != [])
    [(pid,)] = primary.query(WAITING)
    return int(pid)


def names(server: Server) -> list[str]:
    return [name for (name,) in server.query(STORED)]


def test_what_is_acknowledged_is_on_the_standby(
    recorder: Recorder, primary: Server, standby: Server
) -> None:
    recorder.insert_events([event("on both")])
    assert eventually(lambda: names(standby) == ["on both"])
    assert names(primary) == ["on both"]


def meanwhile(recorder: Recorder, name: str, interfere: Callable[[], object]) -> Exception | None:
    """Append, interfere while that waits for the standby, and return what it raises."""
    with ThreadPoolExecutor(1) as thread:
        appending: Future[Any] = thread.submit(recorder.insert_events, [event(name)])
        interfere()
        error = appending.exception(30)
    assert error is None or isinstance(error, Exception)
    return error


def test_a_commit_whose_wait_for_the_standby_is_cut_short_is_not_acknowledged(
    recorder: Recorder, primary: Server, standby: Server
) -> None:
    recorder.insert_events([event("before")])
    standby.stop()
    error = meanwhile(
        recorder,
        "cut short",
        lambda: primary.query("SELECT pg_cancel_backend(%s)", waiting(primary)),
    )
    assert isinstance(error, OperationalError)
    assert "synchronous replication" in str(error)
    standby.start()
    assert eventually(lambda: "cut short" in names(standby))
    with pytest.raises(IntegrityError):
        recorder.insert_events([event("cut short")])
    recorder.insert_events([event("after")])
    assert eventually(lambda: names(standby) == names(primary))
    assert names(primary)[-3:] == ["before", "cut short", "after"]


@pytest.mark.parametrize("end", ["connection", "server"])
def test_what_is_found_on_one_disk_only_is_not_acknowledged(
    recorder: Recorder, primary: Server, standby: Server, end: str
) -> None:
    def interfere() -> None:
        pid = waiting(primary)
        if end == "connection":
            primary.query("SELECT pg_terminate_backend(%s)", pid)
        else:
            primary.kill()
            primary.start()

    standby.stop()
    error = meanwhile(recorder, f"lost with the {end}", interfere)
    assert isinstance(error, OperationalError)
    assert names(primary)[-1] == f"lost with the {end}"
    standby.start()
    assert eventually(lambda: names(standby) == names(primary))
    assert len(recorder.insert_events([event(f"after the {end} was lost")])) == 1


def test_what_is_found_on_both_disks_is_acknowledged(
    recorder: Recorder, primary: Server, standby: Server
) -> None:
    def interfere() -> None:
        primary.query("SELECT pg_terminate_backend(%s)", waiting(primary))
        standby.start()

    standby.stop()
    assert meanwhile(recorder, "found", interfere) is None
    assert names(standby)[-1] == "found"

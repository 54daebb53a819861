"""A commit whose answer never came is looked for: what is said of it is true, or that nobody knows."""

from collections.abc import Callable, Iterator

import pytest
from eventsourcing.persistence import OperationalError

from store.postgres_session import PostgresSession
from store.postgres_unit_of_work import PlacedRow
from store.unit_of_work import UnitOfWork
from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain
from tests.harness.waiting import eventually
from tests.store.proxy import Proxy
from tests.store.stored import event, stream


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[Proxy]:
    """Stand between the store and its server."""
    made = Proxy(postgres_url)
    yield made
    made.close()


@pytest.fixture
def url(proxy: Proxy) -> str:
    """Lead to the database, past the proxy."""
    return proxy.url


@pytest.fixture
def plain(recorder: Recorder, postgres_url: str) -> Iterator[Plain]:
    """Open the same database on a line of its own."""
    connection = Plain(postgres_url)
    yield connection
    connection.close()


def answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except OperationalError:
        return False
    return True


def test_what_was_committed_is_acknowledged_and_stored_once(
    recorder: Recorder, plain: Plain, proxy: Proxy
) -> None:
    recorder.insert_events([event("before")])
    proxy.cuts_commit = "after"
    assert recorder.insert_events(stream("a", [1, 2, 3])) == [2, 3, 4]
    assert proxy.cuts_commit == "never"
    assert recorder.insert_events([event("later")]) == [5]
    assert [name for _, name, _ in plain.stored()] == ["before", "a", "a", "a", "later"]


def test_what_was_not_committed_is_said_to_be_lost_and_is_not_stored(
    recorder: Recorder, plain: Plain, proxy: Proxy
) -> None:
    proxy.cuts_commit = "before"
    with pytest.raises(OperationalError, match="nothing was committed"):
        recorder.insert_events([event("a")])
    assert plain.stored() == []
    assert recorder.insert_events([event("a")]) == [1]


def test_what_somebody_else_stored_in_its_place_is_not_taken_for_it(
    recorder: Recorder, plain: Plain, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def store_another(row: PlacedRow) -> bool:
        """Store another event before the commit is looked for."""
        plain.query("INSERT INTO stored_events VALUES (1, 'a', 1, 't', %s)", b"other")
        return found(row)

    assert isinstance(recorder._session, PostgresSession)
    found = recorder._session._is_stored
    monkeypatch.setattr(recorder._session, "_is_stored", store_another)
    proxy.cuts_commit = "before"
    with pytest.raises(OperationalError, match="nothing was committed"):
        recorder.insert_events([event("a", state=b"ours")])
    assert plain.query("SELECT state FROM stored_events") == [(b"other",)]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_when_nobody_can_be_asked_it_is_said_that_nobody_knows(
    recorder: Recorder,
    plain: Plain,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    monkeypatch.setattr("store.lost_commits.RESOLVE_SECONDS", 0.3)
    proxy.cuts_commit, proxy.refuses_from_then_on = moment, True  # type: ignore[assignment]
    with pytest.raises(OperationalError, match="could not be found out"):
        recorder.insert_events([event("a")])
    proxy.refuses = False
    assert len(plain.stored()) == (moment == "after")
    assert recorder.insert_events([event("later")]) == [1 + (moment == "after")]


def test_a_line_that_was_lost_within_a_transaction_keeps_nothing(
    recorder: Recorder, plain: Plain, proxy: Proxy
) -> None:
    def work(transaction: UnitOfWork) -> None:
        transaction.insert_events([event("a")])
        proxy.cut()
        transaction.max_notification_id()

    with pytest.raises(OperationalError):
        recorder.run_in_transaction(work)
    assert plain.stored() == []
    assert recorder.insert_events([event("later")]) == [1]


def test_lines_that_were_lost_while_they_were_idle_are_opened_anew(
    recorder: Recorder, proxy: Proxy
) -> None:
    for number in (1, 2, 3):
        assert recorder.insert_events([event(f"s{number}")]) == [number]
        assert recorder.max_notification_id() == number
        proxy.cut()
        assert len(recorder.select_stream("s1")) == 1


def test_a_database_that_was_away_is_found_again(recorder: Recorder, proxy: Proxy) -> None:
    recorder.insert_events([event("a")])
    proxy.refuses = True
    proxy.cut()
    for ask in (lambda: recorder.insert_events([event("b")]), recorder.max_notification_id):
        with pytest.raises(OperationalError):
            ask()
    proxy.refuses = False
    assert recorder.insert_events([event("b")]) == [2]
    assert eventually(lambda: answers(recorder.max_notification_id))
    assert recorder.max_notification_id() == 2

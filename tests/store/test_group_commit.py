"""One commit serves all that wait: each member is stored once, and answers for itself alone."""

import signal
from collections.abc import Iterator
from typing import NoReturn

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError

from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain
from tests.harness.stores import limit_lock_waits
from tests.store.stored import Work, event, gathered

MEMBERS = 16


class Interrupted(Exception):
    """The main thread is to do something else."""


@pytest.fixture
def interrupted_soon() -> Iterator[type[Exception]]:
    """Interrupt the main thread in a while, wherever it is."""

    def interrupt(*_: object) -> NoReturn:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    yield Interrupted
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def appending(recorder: Recorder, *streams: str) -> Work:
    return lambda: recorder.insert_events([event(stream) for stream in streams])


def test_many_members_share_few_commits_and_each_is_stored_once(
    recorder: Recorder, plain: Plain
) -> None:
    commits: list[tuple[int, float]] = []
    recorder.group_commit.observe = lambda members, seconds: commits.append((members, seconds))
    works = [appending(recorder, f"s{n}") for n in range(MEMBERS)]
    with gathered(recorder, plain, works) as futures:
        plain.let_go()
    assert sum(members for members, _ in commits) == MEMBERS
    assert len(commits) <= 3
    assert all(seconds > 0 for _, seconds in commits)
    answered = {f"s{n}": future.result()[0] for n, future in enumerate(futures)}
    assert {stream: position for position, stream, _ in plain.stored()} == answered


def test_a_refused_member_does_not_harm_the_others(recorder: Recorder, plain: Plain) -> None:
    recorder.insert_events([event("taken")])
    works = [
        appending(recorder, f"s{n}", "taken" if n % 4 == 0 else f"t{n}") for n in range(MEMBERS)
    ]
    with gathered(recorder, plain, works) as futures:
        plain.let_go()
    stored = {stream for _, stream, _ in plain.stored()}
    for n, future in enumerate(futures):
        if n % 4 == 0:
            assert isinstance(future.exception(), IntegrityError)
            assert f"s{n}" not in stored
        else:
            assert len(future.result()) == 2
            assert {f"s{n}", f"t{n}"} <= stored


def test_of_members_who_want_the_same_place_one_gets_it(recorder: Recorder, plain: Plain) -> None:
    works = [appending(recorder, "same") for _ in range(MEMBERS)]
    with gathered(recorder, plain, works) as futures:
        plain.let_go()
    errors = [future.exception() for future in futures]
    assert errors.count(None) == 1
    assert sum(isinstance(error, IntegrityError) for error in errors) == MEMBERS - 1
    assert plain.stored() == [(1, "same", 1)]


def test_a_locked_database_fails_all_who_wait_and_none_is_kept(
    recorder: Recorder, plain: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_lock_waits(monkeypatch, 0.1)
    works = [appending(recorder, f"s{n}") for n in range(4)]
    with gathered(recorder, plain, works) as futures:
        for future in futures:
            assert isinstance(future.exception(timeout=5), OperationalError)
    assert plain.stored() == []
    assert recorder.insert_events([event("s0")]) == [1]


def test_a_lock_that_is_given_back_in_time_fails_nobody(recorder: Recorder, plain: Plain) -> None:
    with gathered(recorder, plain, [appending(recorder, "s")]) as [future]:
        assert not future.done()
        plain.let_go()
    assert future.result() == [1]


@pytest.mark.parametrize("interruption", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_who_is_interrupted_takes_nobody_along(
    recorder: Recorder, plain: Plain, interruption: type[BaseException]
) -> None:
    """The others of its group are told that nothing was kept, and whoever comes later is served."""

    def interrupted(held: object) -> None:
        raise interruption

    works = [appending(recorder, "before"), *[appending(recorder, f"s{n}") for n in range(4)]]
    works.insert(3, lambda: recorder.group_commit.submit(interrupted))
    with gathered(recorder, plain, works) as futures:
        plain.let_go()
    errors = [future.exception() for future in futures]
    assert any(isinstance(error, interruption) for error in errors)
    kept = {stream for _, stream, _ in plain.stored()}
    names = ["before", "s0", "s1", None, "s2", "s3"]
    for name, error in zip(names, errors, strict=True):
        assert (name in kept) == (error is None)
        assert error is None or isinstance(error, OperationalError | interruption)
    assert len(recorder.insert_events([event("later")])) == 1


def test_who_is_interrupted_while_it_waits_is_not_stored_and_holds_nobody_up(
    recorder: Recorder, plain: Plain, interrupted_soon: type[Exception]
) -> None:
    with gathered(recorder, plain, [appending(recorder, "leader")]) as [leader]:
        with pytest.raises(interrupted_soon):
            recorder.insert_events([event("interrupted")])
        plain.let_go()
    assert leader.result() == [1]
    assert recorder.insert_events([event("later")]) == [2]
    assert [stream for _, stream, _ in plain.stored()] == ["leader", "later"]

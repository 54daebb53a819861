"""One question serves all who ask at the same time, and nobody hears what was true before it asked."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from store.coalesced_query import CoalescedQuery
from tests.store.processes import ROOT

ASKERS = 16
PROGRAM = """
from gevent import monkey
monkey.patch_all()
import sys, time, gevent
from store.coalesced_query import CoalescedQuery

asked = []

def ask():
    asked.append(len(asked))
    time.sleep(0.05)
    return len(asked)

query = CoalescedQuery(ask)
greenlets = [gevent.spawn(query.get) for _ in range(4)]
gevent.spawn_later(float(sys.argv[2]), greenlets[int(sys.argv[1])].kill)
others = [each for number, each in enumerate(greenlets) if number != int(sys.argv[1])]
gevent.joinall(others, timeout=2)
with gevent.Timeout(2, False):
    print(query.get() == len(asked), all(each.ready() for each in others))
"""


class Question:
    """A question that takes its time, and is answered with its number."""

    def __init__(self) -> None:
        self.count = 0
        self.failure: Exception | None = None
        self.put = threading.Semaphore(0)
        self.may_be_answered = threading.Semaphore(0)

    def __call__(self) -> int:
        """Answer, or fail."""
        self.count += 1
        number = self.count
        self.put.release()
        self.may_be_answered.acquire()
        if self.failure is not None:
            raise self.failure
        return number


@pytest.fixture
def question() -> Question:
    """Make a question."""
    return Question()


@contextmanager
def askers(
    query: CoalescedQuery[int], question: Question, count: int
) -> Iterator[list["Future[Any]"]]:
    """Let one ask, and while it waits for its answer let others come, so many."""
    come = threading.Semaphore(0)

    def ask() -> int:
        come.release()
        return query.get()

    with ThreadPoolExecutor(count + 1) as threads:
        first = threads.submit(query.get)
        assert question.put.acquire(timeout=5)
        others = [threads.submit(ask) for _ in range(count)]
        for _ in others:
            assert come.acquire(timeout=5)
        threading.Event().wait(0.05)
        yield [first, *others]
        question.may_be_answered.release(count + 1)


def test_all_who_come_meanwhile_share_the_next_question(question: Question) -> None:
    with askers(CoalescedQuery(question), question, ASKERS) as asked:
        pass
    assert [each.result() for each in asked] == [1] + [2] * ASKERS
    assert question.count == 2


def test_nobody_hears_the_answer_to_a_question_that_was_put_before_it_came(
    question: Question,
) -> None:
    with askers(CoalescedQuery(question), question, 1) as [first, second]:
        question.may_be_answered.release()
        assert first.result(5) == 1
        assert not second.done()
    assert second.result() == 2


def test_a_failure_is_heard_by_all_who_shared_the_question_and_by_no_others(
    question: Question,
) -> None:
    query = CoalescedQuery(question)
    question.failure = LookupError()
    with askers(query, question, ASKERS) as asked:
        pass
    assert [type(each.exception()) for each in asked] == [LookupError] * (ASKERS + 1)
    question.failure = None
    question.may_be_answered.release(10)
    assert query.get() > 1


def test_who_asks_again_asks_anew(question: Question) -> None:
    query = CoalescedQuery(question)
    question.may_be_answered.release(10)
    assert [query.get() for _ in range(3)] == [1, 2, 3]


def test_what_others_knew_at_any_time_is_never_older_than_who_asks() -> None:
    written = 0

    def write_and_ask(_: int) -> bool:
        nonlocal written
        with lock:
            written += 1
            mine = written
        return query.get() >= mine

    lock, query = threading.Lock(), CoalescedQuery(lambda: written)
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(write_and_ask, range(2000)))


@pytest.mark.parametrize("after", ["0", "0.02"])
@pytest.mark.parametrize("victim", ["0", "1", "3"])
def test_a_killed_greenlet_takes_nobody_along(victim: str, after: str) -> None:
    command = [sys.executable, "-c", PROGRAM, victim, after]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, timeout=30)
    assert done.stdout.split() == ["True", "True"]

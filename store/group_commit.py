"""One commit for all that wait: an fsync costs the same for one event as for a hundred."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from eventsourcing.persistence import IntegrityError, OperationalError

T = TypeVar("T")


class Session(Protocol):
    """What a database does for a group: a transaction that can take back one member's part."""

    def begin(self) -> Any: ...
    def attempt(self, work: Callable[[Any], T]) -> T: ...
    def commit(self) -> None: ...
    def abandon(self) -> None: ...


class _Job(Generic[T]):
    """One caller's work, and how it ended."""

    def __init__(self, work: Callable[[Any], T]) -> None:
        self.work = work
        self.done = False
        self.result: T
        self.error: Exception | None = None

    def outcome(self) -> T:
        if self.error is not None:
            raise self.error
        return self.result


class GroupCommit:
    """Run the work of many callers in few transactions; each caller returns after its own commit.

    Whoever gets the lock first leads: it yields once, so that requests already read can join, takes
    all that wait, commits once, and lets the others go. There is no flusher to start or to lose,
    and it is right for threads and greenlets alike. `observe(members, seconds)` hears of each commit.
    """

    def __init__(self, session: Session) -> None:
        self.observe: Callable[[int, float], None] = lambda members, seconds: None
        self._session = session
        self._lock = threading.Lock()
        self._waiting: list[_Job[Any]] = []

    def submit(self, work: Callable[[Any], T]) -> T:
        """Return what `work(connection)` returned, once it is durable.

        Raises IntegrityError when this work alone was refused, and OperationalError when the
        database could not be reached, locked or written: then nothing of the group was kept.
        """
        job = _Job(work)
        self._waiting.append(job)
        with self._lock:
            if not job.done:
                time.sleep(0)
                group, self._waiting = self._waiting, []
                self._commit(group)
        return job.outcome()

    def _commit(self, group: Sequence[_Job[Any]]) -> None:
        started = time.perf_counter()
        failure: Exception = OperationalError("the commit was interrupted")
        try:
            self._session.begin()
            for job in group:
                self._attempt(job)
            self._session.commit()
        except OperationalError as error:
            failure = error
        else:
            for job in group:
                job.done = True
        finally:
            # Reached with members undone by an error or by the leader being killed: none may
            # believe that it is stored, and none may wait for ever.
            if not all(job.done for job in group):
                self._session.abandon()
                for job in group:
                    job.error, job.done = failure, True
        self.observe(len(group), time.perf_counter() - started)

    def _attempt(self, job: _Job[Any]) -> None:
        try:
            job.result = self._session.attempt(job.work)
        except IntegrityError as error:
            job.error = error

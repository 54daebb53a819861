"""Run the queued work of all callers in one transaction: a sync of the disk serves a hundred as one."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from eventsourcing.persistence import OperationalError, PersistenceError, ProgrammingError

from store.jobs import Job, JobQueue
from store.unit_of_work import UnitOfWork

T = TypeVar("T")
GATHER_SECONDS = 0.005


class Session(Protocol):
    """A writing connection: one transaction after another, each with a savepoint for each job."""

    def begin(self) -> None: ...
    def prefetch_versions(self, streams: Sequence[str]) -> None: ...
    def run(self, work: Callable[[Any], T]) -> T: ...
    def flush(self) -> None: ...
    def restart(self) -> None: ...
    def run_in_savepoint(self, work: Callable[[Any], T]) -> T: ...
    def commit(self) -> None: ...
    def abandon(self) -> None: ...


class GroupCommit:
    """Queue the callers' work and run it in few transactions; each caller returns after its commit.

    A caller that finds no leader becomes the leader: it begins a transaction, takes the queue, runs
    each job, commits once, and wakes the others of its group; then the first caller that queued
    meanwhile leads. No thread of its own is needed, and threads and greenlets may be mixed.
    `observe(jobs, seconds)` is called after each commit.
    """

    def __init__(self, session: Session) -> None:
        self.observe: Callable[[int, float], None] = lambda jobs, seconds: None
        self._session = session
        self._queue = JobQueue()
        self._last_size = 0
        self._leader: int | None = None

    def submit(self, work: Callable[[UnitOfWork], T], streams: Sequence[str] = ()) -> T:
        """Return what `work` returned, once its transaction is durable.

        The versions of `streams` are fetched for the whole group at once, before any work. Work is
        run once more, alone in a savepoint, when another job of the group failed. Raises what the
        work raised, having kept nothing of it; or OperationalError when the database could not be
        reached, locked or written, having kept nothing of the group.
        """
        if self._leader == threading.get_ident():
            # It would wait for itself.
            raise ProgrammingError("work in a transaction reads and writes by its unit of work")
        job = Job(work, streams)
        self._queue.put(job)
        if not job.leads:
            self._queue.wait(job)
        if not job.done:
            self._lead(job)
        return job.outcome()

    def _lead(self, job: Job[Any]) -> None:
        group: list[Job[Any]] = []
        failure: Exception | None = OperationalError("the commit was interrupted")
        started = time.perf_counter()
        try:
            self._leader = threading.get_ident()
            self._gather()
            self._session.begin()
            group = self._queue.take()
            self._last_size = len(group)
            self._session.prefetch_versions([each for job in group for each in job.streams])
            self._run(group)
            self._session.commit()
            failure = None
        except PersistenceError as error:
            # Jobs that were queued meanwhile would only wait for the same failure.
            failure, group = error, group or self._queue.take()
        finally:
            # Also when the leader is killed: no job may count as stored, and none may wait for ever.
            self._leader = None
            if failure is not None:
                self._session.abandon()
                self._queue.remove(job)
            for each in group:
                each.finish(failure)
            self._queue.pass_lead()
        self.observe(len(group), time.perf_counter() - started)

    def _gather(self) -> None:
        """Wait for callers that are ready to queue, and for those that were just answered.

        A group far smaller than the one before would pay for a commit of its own while they send
        their next.
        """
        time.sleep(0)
        deadline = time.perf_counter() + GATHER_SECONDS
        while 2 * len(self._queue) < self._last_size and time.perf_counter() < deadline:
            time.sleep(GATHER_SECONDS / 10)

    def _run(self, group: Sequence[Job[Any]]) -> None:
        """Run all jobs; when one fails, begin again and run each in a savepoint of its own."""
        try:
            for job in group:
                job.result = self._session.run(job.work)
            self._session.flush()
        except OperationalError:
            raise
        except Exception:
            self._session.restart()
            for job in group:
                self._run_in_savepoint(job)

    def _run_in_savepoint(self, job: Job[Any]) -> None:
        try:
            job.result = self._session.run_in_savepoint(job.work)
        except OperationalError:
            raise
        except Exception as error:
            job.error = error

"""One commit for all that wait: an fsync costs the same for one event as for a hundred."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from eventsourcing.persistence import OperationalError

T = TypeVar("T")
LINGER_SECONDS = 0.005


class Session(Protocol):
    """What a database does for a group: a transaction that can take back one member's part."""

    def begin(self) -> None: ...
    def look_ahead(self, streams: Sequence[str]) -> None: ...
    def do(self, work: Callable[[Any], T]) -> T: ...
    def flush(self) -> None: ...
    def restart(self) -> None: ...
    def shield(self, work: Callable[[Any], T]) -> T: ...
    def commit(self) -> None: ...
    def abandon(self) -> None: ...


class _Job(Generic[T]):
    """One caller's work, how it ended, and the door behind which the caller waits."""

    def __init__(self, work: Callable[[Any], T], streams: Sequence[str]) -> None:
        self.work = work
        self.streams = streams
        self.leads = False
        self.done = False
        self.result: T
        self.error: Exception | None = None
        self.door = threading.Lock()
        self.door.acquire()

    def outcome(self) -> T:
        if self.error is not None:
            raise self.error
        return self.result


class GroupCommit:
    """Run the work of many callers in few transactions; each caller returns after its own commit.

    Whoever comes when nobody leads does: it yields once, so that requests already read can join,
    begins, takes all that wait by then, commits once, opens their doors, and hands the lead to the
    first that came meanwhile. There is no flusher to start or to lose, and it is right for threads
    and greenlets alike. `observe(members, seconds)` hears of each commit.
    """

    def __init__(self, session: Session) -> None:
        self.observe: Callable[[int, float], None] = lambda members, seconds: None
        self._session = session
        self._lock = threading.Lock()
        self._waiting: list[_Job[Any]] = []
        self._led = False
        self._last = 0

    def submit(self, work: Callable[[Any], T], streams: Sequence[str] = ()) -> T:
        """Return what `work(connection)` returned, once it is durable.

        The heads of `streams` are found for the whole group at once, before any work. Raises what
        the work raised, and then nothing of it is kept; or OperationalError when the database could
        not be reached, locked or written, and then nothing of the group is.
        """
        job = _Job(work, streams)
        with self._lock:
            self._waiting.append(job)
            job.leads, self._led = not self._led, True
        if not job.leads:
            self._wait(job)
        if not job.done:
            self._lead(job)
        return job.outcome()

    def _wait(self, job: _Job[Any]) -> None:
        try:
            job.door.acquire()
        except BaseException:
            # Killed while waiting: nobody is to lead who is not there.
            self._leave(job)
            if job.leads and not job.done:
                self._pass_on()
            raise

    def _lead(self, job: _Job[Any]) -> None:
        group: list[_Job[Any]] = []
        failure: Exception | None = OperationalError("the commit was interrupted")
        started = time.perf_counter()
        try:
            self._gather()
            self._session.begin()
            group = self._take()
            self._last = len(group)
            self._session.look_ahead([each for job in group for each in job.streams])
            self._work(group)
            self._session.commit()
            failure = None
        except OperationalError as error:
            # Those who came meanwhile would only wait for the same.
            failure, group = error, group or self._take()
        finally:
            # Reached by a leader that is killed, too: none may believe that its work is stored, and
            # none may wait for ever.
            if failure is not None:
                self._session.abandon()
                self._leave(job)
            self._open(group, failure)
            self._pass_on()
        self.observe(len(group), time.perf_counter() - started)

    def _gather(self) -> None:
        """Let those join who are there already, and those who have just been answered.

        A group that is far smaller than the one before would pay for a commit of its own, while they
        send their next.
        """
        time.sleep(0)
        deadline = time.perf_counter() + LINGER_SECONDS
        while 2 * len(self._waiting) < self._last and time.perf_counter() < deadline:
            time.sleep(LINGER_SECONDS / 10)

    def _leave(self, job: _Job[Any]) -> None:
        with self._lock:
            if job in self._waiting:
                self._waiting.remove(job)

    def _take(self) -> list[_Job[Any]]:
        with self._lock:
            group, self._waiting = self._waiting, []
        return group

    def _work(self, group: Sequence[_Job[Any]]) -> None:
        """Do all work at once; when a member's fails, begin again and shield each from the others."""
        try:
            for job in group:
                job.result = self._session.do(job.work)
            self._session.flush()
        except OperationalError:
            raise
        except Exception:
            self._session.restart()
            for job in group:
                self._shielded(job)

    def _shielded(self, job: _Job[Any]) -> None:
        try:
            job.result = self._session.shield(job.work)
        except OperationalError:
            raise
        except Exception as error:
            job.error = error

    def _open(self, group: Sequence[_Job[Any]], failure: Exception | None) -> None:
        for job in group:
            job.error, job.done = failure or job.error, True
            job.door.release()

    def _pass_on(self) -> None:
        with self._lock:
            heir = self._waiting[0] if self._waiting else None
            self._led = heir is not None
        if heir is not None:
            heir.leads = True
            heir.door.release()

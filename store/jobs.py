"""The queue of a group commit, and which of its callers leads."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Job(Generic[T]):
    """One caller's work and its outcome."""

    def __init__(self, work: Callable[[Any], T], streams: Sequence[str]) -> None:
        self.work = work
        self.streams = streams
        self.leads = False
        self.done = False
        self.result: T
        self.error: Exception | None = None
        self.wakes = threading.Lock()
        self.wakes.acquire()

    def outcome(self) -> T:
        """Return the result, or raise the error."""
        if self.error is not None:
            raise self.error
        return self.result

    def finish(self, failure: Exception | None) -> None:
        """Wake the caller; `failure` is that of its whole group."""
        self.error, self.done = failure or self.error, True
        self.wakes.release()


class JobQueue:
    """Keep jobs until a leader takes them; at most one caller leads at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Job[Any]] = []
        self._has_leader = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, job: Job[Any]) -> None:
        """Queue a job; its caller leads if nobody does."""
        with self._lock:
            self._waiting.append(job)
            job.leads, self._has_leader = not self._has_leader, True

    def wait(self, job: Job[Any]) -> None:
        """Block until the job is done, or until its caller is to lead."""
        try:
            job.wakes.acquire()
        except BaseException:
            # Killed while waiting: the lead must not go to a caller that is gone.
            self.remove(job)
            if job.leads and not job.done:
                self.pass_lead()
            raise

    def take(self) -> list[Job[Any]]:
        """Return all queued jobs, and empty the queue."""
        with self._lock:
            jobs, self._waiting = self._waiting, []
        return jobs

    def remove(self, job: Job[Any]) -> None:
        """Take one job out of the queue, if it is still there."""
        with self._lock:
            if job in self._waiting:
                self._waiting.remove(job)

    def pass_lead(self) -> None:
        """Wake the first caller in the queue to lead; without one, the next to come leads."""
        with self._lock:
            successor = self._waiting[0] if self._waiting else None
            self._has_leader = successor is not None
        if successor is not None:
            successor.leads = True
            successor.wakes.release()

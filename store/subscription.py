"""A subscription that polls: neither database is asked to notify, which would slow down every commit."""

from collections.abc import Sequence
from threading import current_thread
from typing import Any, Protocol

from eventsourcing.persistence import ListenNotifySubscription, Notification, ShutDown

POLL_SECONDS = 0.02
BATCH_EVENTS = 500
BATCH_BYTES = 4 * 1024 * 1024


class BatchReader(Protocol):
    """The part of a recorder that a subscription reads by."""

    def select_batch(
        self, after: int, *, topics: Sequence[str], limit: int, max_bytes: int
    ) -> tuple[Sequence[Notification], int]: ...


class PollingSubscription(ListenNotifySubscription[Any]):
    """Iterate over events by position, and wait for new ones.

    A thread reads batch after batch into a bounded queue; between two looks at the end of the log it
    sleeps POLL_SECONDS. `stop` ends the thread and the iteration; an error of the store does so too,
    and is raised by the iteration.
    """

    def __init__(
        self, recorder: BatchReader, gt: int | None = None, topics: Sequence[str] = ()
    ) -> None:
        self._reached = gt or 0
        super().__init__(recorder, gt, topics)

    def close(self) -> None:
        """Stop, and wait until the thread has ended."""
        self.stop()
        if self._pull_thread is not current_thread():
            self._pull_thread.join()

    def _loop_on_pull(self) -> None:
        try:
            while not self._has_been_stopped:
                self._has_been_notified.clear()
                if not self._pull_batch():
                    self._has_been_notified.wait(POLL_SECONDS)
        except BaseException as error:
            self._thread_error = error
            self.stop()

    def _pull_batch(self) -> bool:
        """Queue the next batch; tell whether there was one."""
        found, self._reached = self._recorder.select_batch(
            self._reached, topics=self._topics, limit=BATCH_EVENTS, max_bytes=BATCH_BYTES
        )
        if found:
            try:
                self._notifications_queue.put(found)
            except ShutDown:
                return False
        return bool(found)

"""The part of the event recorder that is the same on both databases."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from weakref import WeakSet

from eventsourcing.persistence import StoredEvent, Tracking

from store.event_queries import EventQueries, RecordedEvent
from store.group_commit import GroupCommit, Session
from store.stored_rows import HashedRow, StoredRow, WholeRow, check_importable, storable_rows
from store.subscription import PollingSubscription
from store.unit_of_work import UnitOfWork

T = TypeVar("T")


class EventRecorder(EventQueries):
    """Record events at rising, gapless positions, in the order in which they are committed."""

    def _open(self, session: Session) -> None:
        """Write by this session from now on."""
        self._session = session
        self._subscriptions: WeakSet[PollingSubscription] = WeakSet()
        self.group_commit = GroupCommit(session)

    def run_in_transaction(self, work: Callable[[UnitOfWork], T], streams: Sequence[str] = ()) -> T:
        """Run work while no other writer can write, and return its result once it is durable.

        The versions of `streams` are fetched for all queued work at once. See GroupCommit.submit.
        """
        return self.group_commit.submit(work, streams)

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        """Append events, all or none, and return their positions once they are on disk.

        Raises DataError for an event that can't be stored, IntegrityError when a version of a stream
        is taken, OperationalError when the database can't be reached, locked or written.
        """
        rows = storable_rows(stored_events)
        return self.group_commit.submit(lambda transaction: transaction.append(rows))

    def import_events(self, rows: Sequence[WholeRow]) -> None:
        """Append events as another ledger has them, with their positions and times: all or none.

        Raises what `insert_events` raises, and IntegrityError unless they follow the last position.
        """
        check_importable(rows)
        self.group_commit.submit(lambda transaction: transaction.copy_rows(rows))

    def keep_given_ids(self, last: Mapping[str, int]) -> None:
        """Give out no more integers of each kind up to the last one that another ledger gave out."""
        self.group_commit.submit(lambda transaction: transaction.keep_given_ids(last))

    def next_id(self, kind: str) -> int:
        """Return the next integer of its kind; each is returned once, rising, across all processes."""
        return self.group_commit.submit(lambda transaction: transaction.next_id(kind))

    @abstractmethod
    def select_batch(
        self, after: int, *, topics: Sequence[str], limit: int, max_bytes: int
    ) -> tuple[list[RecordedEvent], int]:
        """Return the events after a position, and the position up to which no other has these topics.

        At most `limit` events, and no more than `max_bytes` of state but for the last of them, so
        that the memory of a reader has a bound however large single events are. Without topics, all
        events are returned.
        """

    @abstractmethod
    def select_rows(self, after: int, *, limit: int, max_bytes: int) -> list[StoredRow]:
        """Return all columns of the events after a position; for the limits see select_batch."""

    @abstractmethod
    def select_hashed(
        self, after: int, *, limit: int, max_bytes: int
    ) -> tuple[list[HashedRow], bool]:
        """Return the events after a position with the hashes of their states, and whether they were cut.

        They are when the states that were read have `max_bytes`, as in select_batch.
        """

    @abstractmethod
    def select_by_stream(
        self, after: tuple[str, int], below: str, *, reached: int, limit: int, max_bytes: int
    ) -> list[RecordedEvent]:
        """Return the events after a stream and version, in this order, up to the position `reached`.

        Of streams that sort before `below` alone; for the limits see select_batch.
        """

    def check(self) -> None:
        """Raise OperationalError when what is open is not what the settings name any more."""

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> PollingSubscription:
        """Return an iterator over events after position `gt` that waits for new ones."""
        subscription = PollingSubscription(self, gt, topics)
        self._subscriptions.add(subscription)
        return subscription

    def close(self) -> None:
        """Stop the subscriptions and close the writing connection; to use the recorder reopens it."""
        for subscription in list(self._subscriptions):
            subscription.close()
        self._session.abandon()


class EventProcessRecorder(EventRecorder):
    """Record events together with the position of the event that caused them."""

    @abstractmethod
    def _track(self, transaction: UnitOfWork, tracking: Tracking) -> None:
        """Insert a tracking record; raises IntegrityError when it is not ahead of the last one."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        tracking: Tracking | None = None,
        **_: Any,
    ) -> Sequence[int]:
        """Append events and, if it is given, a tracking record: all or none."""
        rows = storable_rows(stored_events)

        def work(transaction: UnitOfWork) -> list[int]:
            if tracking is not None:
                self._track(transaction, tracking)
            return transaction.append(rows)

        return self.run_in_transaction(work)

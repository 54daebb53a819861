"""The transaction in which a use case reads and writes while no other writer can."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from eventsourcing.persistence import StoredEvent

from store.event_queries import KEEP_IDS, NEXT_ID, EventQueries
from store.stored_rows import Row, WholeRow, storable_rows


class UnitOfWork(EventQueries):
    """Read and write in one transaction; what it reads includes what it has written.

    It is handed to the work that a group commit runs, and is valid until that work returns.
    """

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        """Append events and return their positions.

        Raises DataError for an event that can't be stored, IntegrityError when a version of a stream
        is taken: at once, or when the group is written.
        """
        return self.append(storable_rows(stored_events))

    def next_id(self, kind: str) -> int:
        """Return the next integer of its kind; each is returned once, rising, across all processes."""
        return int(self._query(NEXT_ID, [kind])[0][0])

    def keep_given_ids(self, last: Mapping[str, int]) -> None:
        """Give out no more integers of each kind up to the last one that another ledger gave out."""
        for kind, given in last.items():
            self._query(KEEP_IDS, [kind, given])

    @abstractmethod
    def append(self, rows: Sequence[Row]) -> list[int]:
        """Append rows that are checked already, and return their positions."""

    @abstractmethod
    def copy_rows(self, rows: Sequence[WholeRow]) -> None:
        """Write rows as they are elsewhere; raises IntegrityError unless they follow the last position."""

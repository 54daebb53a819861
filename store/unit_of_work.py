"""The transaction in which a use case reads and writes while no other writer can."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from eventsourcing.persistence import StoredEvent

from store.event_queries import NEXT_ID, EventQueries
from store.stored_rows import Row, storable_rows


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

    @abstractmethod
    def append(self, rows: Sequence[Row]) -> list[int]:
        """Append rows that are checked already, and return their positions."""

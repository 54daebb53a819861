"""Queries on stored events, in statements that both databases understand."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Notification, StoredEvent

from store.stored_rows import check_stream_id

SELECT = "SELECT position, originator_id, originator_version, topic, state FROM stored_events "
SELECT_HEAD = "SELECT coalesce(max(position), 0) FROM stored_events"
NEXT_ID = """INSERT INTO given_ids VALUES (?, 1)
ON CONFLICT (kind) DO UPDATE SET last = given_ids.last + 1 RETURNING last"""


class EventQueries(ABC):
    """Read events by stream and by position; subclasses run the statements on their database."""

    @abstractmethod
    def _query(self, statement: str, values: Sequence[Any] = ()) -> Sequence[Any]:
        """Return the rows of a statement in which `?` stands for each value."""

    @abstractmethod
    def stream_versions(self, stream_ids: Sequence[str]) -> dict[str, int]:
        """Return the last version of each stream; those that don't exist have version 0 or are missing."""

    def select_stream(self, stream_id: str) -> list[Notification]:
        """Return a stream's events with their positions, oldest first."""
        where = "WHERE originator_id = ? ORDER BY originator_version"
        return notifications(self._query(SELECT + where, [stream_id]))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> list[StoredEvent]:
        """Return a stream's events; see eventsourcing's AggregateRecorder."""
        where, values = "WHERE originator_id = ?", [check_stream_id(originator_id)]
        bounds = [("AND originator_version > ?", gt), ("AND originator_version <= ?", lte)]
        order = f"ORDER BY originator_version {'DESC' if desc else 'ASC'}"
        where, values = _with_bounds(where, values, bounds)
        where, values = _with_bounds(f"{where} {order}", values, [("LIMIT ?", limit)])
        return [StoredEvent(*columns) for _, *columns in self._query(SELECT + where, values)]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> list[Notification]:
        """Return events by rising position; see eventsourcing's ApplicationRecorder."""
        where = f"WHERE position {'>=' if inclusive_of_start else '>'} ?"
        where, values = _with_bounds(where, [start or 0], [("AND position <= ?", stop)])
        if topics:
            where += f" AND topic IN ({','.join('?' * len(topics))})"
            values += topics
        rows = self._query(f"{SELECT}{where} ORDER BY position LIMIT ?", [*values, limit])
        return notifications(rows)

    def max_notification_id(self) -> int:
        """Return the head: the last position, 0 in an empty store."""
        return int(self._query(SELECT_HEAD)[0][0])


def notifications(rows: Iterable[Any]) -> list[Notification]:
    """Return the notifications of rows that SELECT gave."""
    return [
        Notification(stream, version, topic, state, position)
        for position, stream, version, topic, state in rows
    ]


def _with_bounds(
    where: str, values: Sequence[Any], bounds: Iterable[tuple[str, int | None]]
) -> tuple[str, list[Any]]:
    """Add the conditions whose bound is given."""
    given = [(condition, bound) for condition, bound in bounds if bound is not None]
    return " ".join([where, *(condition for condition, _ in given)]), [
        *values,
        *(bound for _, bound in given),
    ]

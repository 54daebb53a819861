"""Queries on stored events, in statements that both databases understand."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Notification, StoredEvent

from store.log_queries import LogFilter
from store.stored_rows import COLUMNS, StoredRow, check_stream_id

SELECT = """SELECT position, originator_id, originator_version, topic, state, recorded_at
FROM stored_events """
SELECT_WHOLE = f"SELECT position, {', '.join(COLUMNS)} FROM stored_events "  # noqa: S608
SELECT_TIME = """SELECT recorded_at FROM stored_events
WHERE position <= ? ORDER BY position DESC LIMIT 1"""
# With a plus, so that no database reads the table by its position, and sorts it.
SELECT_STREAMS = f"""{SELECT}WHERE (originator_id, originator_version) > (?, ?) AND originator_id < ?
AND +position <= ? ORDER BY originator_id, originator_version LIMIT ?"""
SELECT_HEAD = "SELECT coalesce(max(position), 0) FROM stored_events"
# From each topic to the next by a seek of an index, past all their events.
SELECT_TOPICS = """WITH RECURSIVE found (topic) AS (
    SELECT min(topic) FROM stored_events
    UNION ALL SELECT (SELECT min(topic) FROM stored_events WHERE topic > found.topic)
    FROM found WHERE found.topic IS NOT NULL)
SELECT topic FROM found WHERE topic IS NOT NULL"""
SELECT_STREAM_OF_TOPIC = """SELECT originator_id FROM stored_events
WHERE topic = ? ORDER BY topic, "by", has_reason, position LIMIT 1"""
NEXT_ID = """INSERT INTO given_ids VALUES (?, 1)
ON CONFLICT (kind) DO UPDATE SET last = given_ids.last + 1 RETURNING last"""

KEEP_IDS = """INSERT INTO given_ids VALUES (?, ?)
ON CONFLICT (kind) DO UPDATE SET last = excluded.last WHERE excluded.last > given_ids.last"""


@dataclass(frozen=True)
class RecordedEvent(Notification):
    """A stored event with its position, and the time of its recording in microseconds since 1970."""

    recorded_at: int


STREAMS_PER_QUERY = 500


class EventQueries(ABC):
    """Read events by stream and by position; subclasses run the statements on their database."""

    @abstractmethod
    def _query(self, statement: str, values: Sequence[Any] = ()) -> Sequence[Any]:
        """Return the rows of a statement in which `?` stands for each value."""

    @abstractmethod
    def _among(self, column: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        """Return the condition that a column has one of some values, and the values for its `?`."""

    @abstractmethod
    def stream_versions(self, stream_ids: Sequence[str]) -> dict[str, int]:
        """Return the last version of each stream; those that don't exist have version 0 or are missing."""

    @abstractmethod
    def seek_log(self, wanted: LogFilter, after: int, until: int, limit: int) -> list[int]:
        """Return the positions that `select_log` returns the events of."""

    def select_stream(self, stream_id: str) -> list[RecordedEvent]:
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
        rows = self._query(SELECT + where, values)
        return [StoredEvent(*columns) for _, *columns, _ in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> list[RecordedEvent]:
        """Return events by rising position; see eventsourcing's ApplicationRecorder."""
        where = f"WHERE position {'>=' if inclusive_of_start else '>'} ?"
        where, values = _with_bounds(where, [start or 0], [("AND position <= ?", stop)])
        if topics:
            # Not by an index on topics, but by rising position.
            where += f" AND topic || '' IN ({','.join('?' * len(topics))})"
            values += topics
        rows = self._query(f"{SELECT}{where} ORDER BY position LIMIT ?", [*values, limit])
        return notifications(rows)

    def select_streams(self, stream_ids: Sequence[str], until: int) -> list[RecordedEvent]:
        """Return the events of several streams up to a position, by stream and version."""
        found: list[RecordedEvent] = []
        for start in range(0, len(stream_ids), STREAMS_PER_QUERY):
            some = stream_ids[start : start + STREAMS_PER_QUERY]
            among, values = self._among("originator_id", some)
            where = f"WHERE {among} AND position <= ? ORDER BY originator_id, originator_version"
            found += notifications(self._query(SELECT + where, [*values, until]))
        return found

    def select_log(
        self, wanted: LogFilter, after: int, until: int, limit: int
    ) -> list[RecordedEvent]:
        """Return the first events after a position, and up to another, that a filter lets through."""
        found = self.seek_log(wanted, after, until, limit) if wanted.topics else []
        if not found:
            return []
        among, values = self._among("position", found)
        return notifications(self._query(f"{SELECT}WHERE {among} ORDER BY position", values))

    def select_rows_at(self, positions: Sequence[int]) -> list[StoredRow]:
        """Return all columns of the events at some positions."""
        among, values = self._among("position", positions)
        return list(self._query(f"{SELECT_WHOLE}WHERE {among}", values))

    def kinds_of_given_ids(self) -> list[str]:
        """Return the kinds of which integers were given out."""
        return [kind for (kind,) in self._query("SELECT kind FROM given_ids ORDER BY kind")]

    def topics(self) -> list[str]:
        """Return the topics of all events, those that only another version knows too."""
        return [topic for (topic,) in self._query(SELECT_TOPICS)]

    def stream_of_topic(self, topic: str) -> str:
        """Return the name of a stream that has an event of a topic."""
        return str(self._query(SELECT_STREAM_OF_TOPIC, [topic])[0][0])

    def max_notification_id(self) -> int:
        """Return the head: the last position, 0 in an empty store."""
        return int(self._query(SELECT_HEAD)[0][0])

    def position_at(self, time: int) -> int:
        """Return the last position that was recorded at a time or before, in microseconds since 1970.

        Recorded times never fall, so it is found by bisection.
        """
        below, above = 0, self.max_notification_id() + 1
        while above - below > 1:
            middle = (below + above) // 2
            found = self._query(SELECT_TIME, [middle])
            if found and found[0][0] > time:
                above = middle
            else:
                below = middle
        return below


def notifications(rows: Iterable[Any]) -> list[RecordedEvent]:
    """Return the events of rows that SELECT gave."""
    return [
        RecordedEvent(stream, version, topic, state, position, recorded_at)
        for position, stream, version, topic, state, recorded_at in rows
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

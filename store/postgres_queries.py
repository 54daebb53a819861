"""Query stored events on PostgreSQL."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from psycopg.rows import tuple_row

from store.connections import Connection
from store.event_queries import EventQueries
from store.log_queries import LogFilter, actors_of_topics, lateral_seek

VERSIONS = """SELECT stream,
    (SELECT max(originator_version) FROM stored_events WHERE originator_id = stream)
FROM unnest(?::text[]) AS stream"""

TYPES = {"originator_id": "text", "position": "bigint"}


def run(connection: Connection, statement: str, values: Sequence[Any] = ()) -> list[Any]:
    """Run a statement in which `?` stands for each value, and return its rows, if it has any."""
    cursor = connection.cursor(binary=True, row_factory=tuple_row)
    cursor.execute(_marked(statement), values, prepare=bool(values))
    return cursor.fetchall() if cursor.description else []


@lru_cache(maxsize=256)
def _marked(statement: str) -> str:
    return statement.replace("?", "%s")


class PostgresQueries(EventQueries):
    """Query stored events on the connection that a subclass gives."""

    def _among(self, column: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        """Return a condition that is the same for any number of values: one prepared statement."""
        return f"{column} = ANY(?::{TYPES[column]}[])", [list(values)]

    def stream_versions(self, stream_ids: Sequence[str]) -> dict[str, int]:
        """Return the last version of each stream, 0 for those that don't exist."""
        rows = self._query(VERSIONS, [list(stream_ids)])
        return {stream: version or 0 for stream, version in rows}

    def seek_log(self, wanted: LogFilter, after: int, until: int, limit: int) -> list[int]:
        """Return the first positions in a part of the log, by one statement for all ranges."""
        ranges = wanted.ranges(wanted.named() or self._actors(wanted))
        if not ranges:
            return []
        arrays = [list(values) for values in zip(*ranges, strict=True)]
        rows = self._query(lateral_seek(wanted.columns, limit), [*arrays, after, until])
        return [position for (position,) in rows]

    def _actors(self, wanted: LogFilter) -> list[tuple[str, str]]:
        """Return each topic that a filter wants with each actor that it has."""
        first = [] if wanted.organization is None else [wanted.organization]
        statement = actors_of_topics(of_organization=bool(first))
        return list(self._query(statement, [list(wanted.topics), *first * 2]))

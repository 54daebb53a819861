"""Open connections to the SQLite file of the ledger, and query stored events on them."""

import sqlite3
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from store.errors import translated_errors
from store.event_queries import STREAMS_PER_QUERY, EventQueries
from store.log_queries import LogFilter, actors, range_seek
from store.sqlite_file import SqliteFile

CHECKPOINT_PAGES = 32_000
"""How long the write-ahead log may grow, about 128 MiB, before a commit pays for copying it back."""
PAGE_BYTES = 4096
CACHE_KIB = 16 * 1024
VERSIONS = "SELECT originator_id, max(originator_version) FROM stored_events WHERE originator_id IN"


def connect(file: SqliteFile) -> sqlite3.Connection:
    """Open a connection that never waits for a lock, and whose commits wait for the disk."""
    connection = file.connect(
        timeout=0, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    # A log that a reader has let grow beyond that is cut when it begins anew.
    connection.execute(f"PRAGMA journal_size_limit = {CHECKPOINT_PAGES * PAGE_BYTES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return connection


class SqliteQueries(EventQueries):
    """Query stored events on the connection that a subclass gives."""

    @abstractmethod
    def _connected(self) -> sqlite3.Connection:
        """Return the connection."""

    def _query(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        with translated_errors:
            return self._connected().execute(statement, values).fetchall()

    def _among(self, column: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        return f"{column} IN ({','.join('?' * len(values))})", values

    def stream_versions(self, stream_ids: Sequence[str]) -> dict[str, int]:
        """Return the last version of each stream that exists."""
        found: dict[str, int] = {}
        for start in range(0, len(stream_ids), STREAMS_PER_QUERY):
            some = stream_ids[start : start + STREAMS_PER_QUERY]
            marks = ",".join("?" * len(some))
            found.update(self._query(f"{VERSIONS} ({marks}) GROUP BY originator_id", some))
        return found

    def _actors(self, wanted: LogFilter) -> list[tuple[str, str]]:
        """Return each topic that a filter wants with each actor that it has."""
        first = () if wanted.organization is None else (wanted.organization,)
        statement = actors(of_organization=bool(first))
        return [
            (topic, actor)
            for topic in wanted.topics
            for (actor,) in self._query(statement, (*first, topic) * 2)
        ]

    def seek_log(self, wanted: LogFilter, after: int, until: int, limit: int) -> list[int]:
        """Return the first positions in a part of the log: to search range by range costs least here."""
        statement = range_seek(wanted.columns)
        found: list[int] = []
        for values in wanted.ranges(wanted.named() or self._actors(wanted)):
            rows = self._query(statement, [*values, after, until, limit])
            found += [position for (position,) in rows]
        return sorted(found)[:limit]

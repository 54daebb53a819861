"""The embedded store: one SQLite file in WAL mode, written by one group commit a process."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from eventsourcing import sqlite
from eventsourcing.persistence import Notification, StoredEvent

from store.exclusive import Exclusive
from store.mapper import Mapper
from store.sqlite_session import Session, connect, translated

T = TypeVar("T")

TABLES = (
    """CREATE TABLE IF NOT EXISTS stored_events (
        position INTEGER PRIMARY KEY,
        originator_id TEXT NOT NULL,
        originator_version INTEGER NOT NULL,
        topic TEXT NOT NULL,
        state BLOB NOT NULL,
        UNIQUE (originator_id, originator_version))""",
    """CREATE TRIGGER IF NOT EXISTS stored_events_refuse_update BEFORE UPDATE ON stored_events
        BEGIN SELECT RAISE(ABORT, 'stored events are never updated'); END""",
    """CREATE TRIGGER IF NOT EXISTS stored_events_refuse_delete BEFORE DELETE ON stored_events
        BEGIN SELECT RAISE(ABORT, 'stored events are never deleted'); END""",
    # INSERT OR REPLACE deletes without asking the trigger above.
    """CREATE TRIGGER IF NOT EXISTS stored_events_refuse_replace BEFORE INSERT ON stored_events
        WHEN EXISTS (SELECT 1 FROM stored_events WHERE position = NEW.position
            OR (originator_id = NEW.originator_id AND originator_version = NEW.originator_version))
        BEGIN SELECT RAISE(ABORT, 'stored events are never replaced'); END""",
    "CREATE TABLE IF NOT EXISTS given_ids (kind TEXT PRIMARY KEY, last INTEGER NOT NULL)",
)
INSERT = "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (?, ?, ?, ?)"
HEADS = "SELECT originator_id, max(originator_version) FROM stored_events WHERE originator_id IN"
SELECT = "SELECT position, originator_id, originator_version, topic, state FROM stored_events "
NEXT_ID = "INSERT INTO given_ids VALUES (?, 1) ON CONFLICT (kind) DO UPDATE SET last = last + 1 RETURNING last"


class Recorder(sqlite.SQLiteApplicationRecorder):
    """Record events at rising, gapless positions that survive a VACUUM."""

    def __init__(self, datastore: sqlite.SQLiteDatastore) -> None:
        super().__init__(datastore)
        self._session = Session(datastore.pool.db_name)
        self._reader: sqlite3.Connection | None = None
        self._exclusive = Exclusive(self._session)
        self.group_commit = self._exclusive.group_commit

    def construct_create_table_statements(self) -> list[str]:
        """Give the table with its position as the key, and the triggers that keep it append-only."""
        return list(TABLES)

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        """Append events, all or none, and return their positions once they are on disk.

        Raises IntegrityError when one of their places in a stream is taken, OperationalError when
        the file can't be locked or written.
        """
        rows = [(e.originator_id, e.originator_version, e.topic, e.state) for e in stored_events]

        def append(connection: sqlite3.Connection) -> list[int]:
            return [connection.execute(INSERT, row).lastrowid or 0 for row in rows]

        return self._write(append)

    def next_id(self, kind: str) -> int:
        """Give out the next integer of its kind: once, rising, across all processes."""

        def take(connection: sqlite3.Connection) -> int:
            return int(connection.execute(NEXT_ID, (kind,)).fetchone()[0])

        return self._write(take)

    def exclusively(self, decide: Callable[[], T], streams: Sequence[str] = ()) -> T:
        """Run a use case while nobody else can write; see Exclusive."""
        return self._exclusive.run(decide, streams)

    def heads(self, originator_ids: Sequence[str]) -> dict[str, int]:
        """Return the last version of each stream that exists."""
        found: dict[str, int] = {}
        for start in range(0, len(originator_ids), 500):
            some = originator_ids[start : start + 500]
            marks = ",".join("?" * len(some))
            found.update(self._read(f"{HEADS} ({marks}) GROUP BY originator_id", some).fetchall())
        return found

    def select_stream(self, originator_id: str) -> list[Notification]:
        """Return a stream's events with their positions, oldest first."""
        return self._notifications(
            "WHERE originator_id = ? ORDER BY originator_version", [originator_id]
        )

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
        first = (start or 0) + (0 if inclusive_of_start else 1)
        where = "WHERE position >= ? "
        values: list[int | str] = [first]
        if stop is not None:
            where += "AND position <= ? "
            values.append(stop)
        if topics:
            where += f"AND topic IN ({','.join('?' * len(topics))}) "
            values += topics
        return self._notifications(f"{where} ORDER BY position LIMIT ?", [*values, limit])

    def select_batch(
        self, after: int, *, topics: Sequence[str], limit: int, max_bytes: int
    ) -> tuple[list[Notification], int]:
        """Return what follows a position, and the position that this reaches.

        At most `limit` events, and no more than `max_bytes` of state but for the last of them: so
        that the memory of a reader has a bound, however large single events are.
        """
        found: list[Notification] = []
        size = 0
        reached = self.max_notification_id()
        where = f"WHERE position > ? AND topic IN ({','.join('?' * len(topics))})"
        with translated():
            for row in self._read(
                f"{SELECT}{where} ORDER BY position LIMIT ?", [after, *topics, limit]
            ):
                found.append(_notification(*row))
                size += len(row[4])
                if len(found) == limit or size >= max_bytes:
                    return found, found[-1].id
        # The second statement may have seen more than the first.
        return found, max(reached, found[-1].id if found else 0)

    def max_notification_id(self) -> int:
        """Return the last position, 0 in an empty store."""
        return self._read("SELECT max(position) FROM stored_events").fetchone()[0] or 0

    def _notifications(self, where: str, values: Sequence[int | str]) -> list[Notification]:
        return [_notification(*row) for row in self._read(SELECT + where, values)]

    def _read(self, statement: str, values: Sequence[int | str] = ()) -> sqlite3.Cursor:
        """Run a query on this process's one reading connection, which waits for no writer."""
        with translated():
            own: sqlite3.Connection | None = self._exclusive.held()
            if own is None and self._reader is None:
                self._reader = connect(self.datastore.pool.db_name)
            connection = own or self._reader
            assert connection is not None, "opened above"
            return connection.execute(statement, values)

    def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with translated():
            return self._exclusive.write(work)

    def close(self) -> None:
        """Close both connections; the pool of the library closes its own."""
        self._session.abandon()
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _notification(
    position: int, stream: str, version: int, topic: str, state: bytes
) -> Notification:
    return Notification(stream, version, topic, state, position)


class Factory(sqlite.SQLiteFactory):
    """Build the embedded store's parts for eventsourcing's Application."""

    application_recorder_class: type[sqlite.SQLiteApplicationRecorder] = Recorder

    def mapper(self, transcoder: Any = None, mapper_class: Any = None) -> Any:
        """Return the fast mapper, whatever transcoder the application brings."""
        return super().mapper(transcoder, mapper_class or Mapper)

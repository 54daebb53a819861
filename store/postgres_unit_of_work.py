"""One transaction of the writing connection to PostgreSQL, written in few round trips."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg import Cursor
from psycopg.rows import DictRow, dict_row

from store import stored_rows
from store.connections import Connection
from store.errors import translated_errors
from store.postgres_queries import PostgresQueries, run
from store.unit_of_work import UnitOfWork

INSERT = f"""INSERT INTO stored_events (position, {", ".join(stored_rows.COLUMNS)})
SELECT *, %b::bigint FROM unnest(%b::bigint[], %b::text[], %b::bigint[], %b::text[], %b::bytea[],
    %b::text[], %b::boolean[], %b::bigint[])"""  # noqa: S608 constants only

COPY = f"""INSERT INTO stored_events (position, {", ".join(stored_rows.COLUMNS)})
SELECT * FROM unnest(%b::bigint[], %b::text[], %b::bigint[], %b::text[], %b::bytea[],
    %b::text[], %b::boolean[], %b::bigint[], %b::bigint[])"""  # noqa: S608 constants only


class PlacedRow(NamedTuple):
    """A row of the table: a stored event and its position."""

    position: int
    originator_id: str
    originator_version: int
    topic: str
    state: bytes
    by: str
    has_reason: bool
    organization: int | None


class _State(NamedTuple):
    last_position: int
    versions: dict[str, int]
    last_written: PlacedRow | None


class PostgresUnitOfWork(PostgresQueries, UnitOfWork):
    """Collect the rows that a group appends, and write them at once, or before the next query.

    Positions are given out by counting, under the lock that lets nobody else append.
    `last_written` is the row by which the transaction is found again if its answer is lost.
    """

    def __init__(self, connection: Connection, last_position: int, last_time: int) -> None:
        self.connection = connection
        self._recorded_at = stored_rows.recording_time(last_time)
        self.last_written: PlacedRow | None = None
        self._last_position = last_position
        self._versions: dict[str, int] = {}
        self._pending: list[PlacedRow] = []

    @property
    def known_streams(self) -> list[str]:
        """Return the streams whose versions were prefetched."""
        return list(self._versions)

    def prefetch_versions(self, streams: Sequence[str]) -> None:
        """Fetch the last versions of these streams, in one round trip."""
        if streams:
            self._versions = super().stream_versions(list(set(streams)))

    def stream_versions(self, stream_ids: Sequence[str]) -> dict[str, int]:
        """Return the last version of each of these streams, 0 for those that don't exist."""
        if all(stream in self._versions for stream in stream_ids):
            return {stream: self._versions[stream] for stream in stream_ids}
        return super().stream_versions(stream_ids)

    def append(self, rows: Sequence[stored_rows.Row]) -> list[int]:
        """Collect rows, and return their positions; `flush` raises IntegrityError for them."""
        placed = [PlacedRow(self._last_position + 1 + i, *row) for i, row in enumerate(rows)]
        self._pending += placed
        self._last_position += len(placed)
        for row in placed:
            if row.originator_id in self._versions:
                self._versions[row.originator_id] = row.originator_version
        return [row.position for row in placed]

    def copy_rows(self, rows: Sequence[stored_rows.WholeRow]) -> None:
        """Write rows as they are elsewhere; raises IntegrityError unless they follow the last position."""
        self.flush()
        stored_rows.check_successive(rows, self._last_position)
        self.execute(COPY, [list(column) for column in zip(*rows, strict=True)])
        self.last_written = PlacedRow(*rows[-1][:-1])
        self._last_position = rows[-1].position

    def flush(self) -> None:
        """Write the collected rows; raises IntegrityError when a version of a stream is taken."""
        rows, self._pending = self._pending, []
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            self.execute(INSERT, [self._recorded_at, *columns])
            self.last_written = rows[-1]

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """Run a statement past the collected rows, and return its rows."""
        with translated_errors:
            return run(self.connection, statement, values)

    def cursor(self) -> Cursor[DictRow]:
        """Return a cursor for what the library writes by itself."""
        return self.connection.cursor(row_factory=dict_row)

    def save_state(self) -> _State:
        """Return what a rollback to a savepoint is to restore."""
        return _State(self._last_position, dict(self._versions), self.last_written)

    def restore_state(self, state: _State) -> None:
        """Take back what was appended since."""
        self._last_position, self._versions, self.last_written = state
        self._pending = []

    def _query(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        self.flush()
        return self.execute(statement, values)

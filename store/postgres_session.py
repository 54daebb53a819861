"""The writing connection of a process to PostgreSQL: group after group, each in few round trips."""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import psycopg
from eventsourcing.persistence import OperationalError
from psycopg.rows import tuple_row

from store.connections import PATIENCE_SECONDS, Connection, connect, translated

T = TypeVar("T")
LOCKS = 0x6B69746C
"""The first half of every advisory lock of ours; the second says what is locked."""
APPENDING = 1
RESOLVE_SECONDS = 3.0

MIGRATING = f"SELECT pg_advisory_xact_lock({LOCKS}, 2)"
LOCK = f"SELECT pg_advisory_xact_lock({LOCKS}, {APPENDING})"
# One writer at a time, across all hosts: so positions rise in the order of commits, without gaps, and
# no follower can skip one. A writer that falls silent is put out. A server that is set up not to wait
# for its disk or its standby is made to. Several statements without parameters are one round trip.
BEGIN = f"""BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL lock_timeout = '{PATIENCE_SECONDS:.0f}s';
SET LOCAL idle_in_transaction_session_timeout = '{2 * PATIENCE_SECONDS:.0f}s';
SELECT set_config('synchronous_commit', 'on', true)
    WHERE current_setting('synchronous_commit') IN ('off', 'local');
{LOCK};
SELECT coalesce(max(position), 0), current_setting('synchronous_standby_names') <> ''
FROM stored_events"""  # noqa: S608 constants only
HEADS = """SELECT stream, (SELECT max(originator_version) FROM stored_events WHERE originator_id = stream)
FROM unnest(%s::text[]) AS stream"""
INSERT = """INSERT INTO stored_events (position, originator_id, originator_version, topic, state)
SELECT * FROM unnest(%b::bigint[], %b::text[], %b::bigint[], %b::text[], %b::bytea[])"""
KEPT = """SELECT 1 FROM stored_events
WHERE position = %s AND originator_id = %s AND originator_version = %s AND state = %b"""
# A transaction that writes nothing would wait for no standby.
MARK = "SELECT pg_logical_emit_message(true, 'kitledger', '')"


class Row(NamedTuple):
    """A stored event, as it stands in the table."""

    position: int
    originator_id: str
    originator_version: int
    topic: str
    state: bytes


class Session:
    """Gather what a group writes, and write it at once; positions are given out under the lock."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._last = 0
        self._heads: dict[str, int] = {}
        self._pending: list[Row] = []
        self._evidence: Row | None = None
        self._notices: list[str] = []
        self._awaited = False

    def begin(self) -> None:
        """Begin a transaction in which nobody else writes; raises OperationalError."""
        with translated():
            kept, self._connection = self._connection, self._connection or self._connect()
            try:
                self._last = self._begin()
            except psycopg.OperationalError:
                if not kept or not self._connection.closed:
                    raise
                # It was lost while it was idle: by a restart, by a failover.
                self._connection = self._connect()
                self._last = self._begin()
        self._heads, self._pending, self._evidence = {}, [], None

    def look_ahead(self, streams: Sequence[str]) -> None:
        """Find the last versions of these streams, in one round trip."""
        if streams:
            self._heads = self._find(streams)

    def do(self, work: Callable[["Session"], T]) -> T:
        """Do one member's work; a refusal, here or in `flush`, spoils the transaction for all."""
        return work(self)

    def append(self, events: Sequence[tuple[str, int, str, bytes]]) -> list[int]:
        """Take rows to be written, and return their positions."""
        rows = [Row(self._last + 1 + i, *event) for i, event in enumerate(events)]
        self._pending += rows
        self._last += len(rows)
        for row in rows:
            if row.originator_id in self._heads:
                self._heads[row.originator_id] = row.originator_version
        return [row.position for row in rows]

    def heads(self, streams: Sequence[str]) -> dict[str, int]:
        """Return the last version of each of these streams, 0 for those that don't exist."""
        if all(stream in self._heads for stream in streams):
            return {stream: self._heads[stream] for stream in streams}
        return self._find(streams)

    def run(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """Run any other statement, which sees what was appended before, and return its rows."""
        self.flush()
        return self._run(query, values)

    def flush(self) -> None:
        """Write what is pending; raises IntegrityError when a place in a stream is taken."""
        rows, self._pending = self._pending, []
        if rows:
            self._run(INSERT, [list(column) for column in zip(*rows, strict=True)])
            self._evidence = rows[-1]

    def restart(self) -> None:
        """Take back what was done, and begin again; the lock may be another's for a moment."""
        known = list(self._heads)
        with translated():
            self._opened().execute("ROLLBACK")
        self.begin()
        self.look_ahead(known)

    def shield(self, work: Callable[["Session"], T]) -> T:
        """Do one member's work; a refusal takes back its part and no other's."""
        before, evidence = (self._last, dict(self._heads)), self._evidence
        self._run("SAVEPOINT member")
        kept = False
        try:
            result = work(self)
            self.flush()
            kept = True
        finally:
            if not kept:
                (self._last, self._heads), self._evidence, self._pending = before, evidence, []
                self._run("ROLLBACK TO member")
            self._run("RELEASE member")
        return result

    def commit(self) -> None:
        """Return when the transaction is on disk, and on the standby that the server waits for.

        A commit whose answer never came is looked for, not guessed. Raises OperationalError.
        """
        self._notices.clear()
        if self._awaited and self._evidence is None:
            # What is only read again is promised, too: it may not be on the standby yet.
            self._run(MARK)
        try:
            self._commit()
        except OperationalError as lost:
            if lost.__cause__ is None or self._evidence is None:
                raise
            # A server that ends the connection may say so first, and have committed all the same.
            self._opened().close()
            if not self._found(self._evidence):
                raise OperationalError(f"nothing was committed: {lost}") from lost

    def abandon(self) -> None:
        """Roll back by closing."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> Connection:
        connection = connect(self._url)
        connection.add_notice_handler(self._notice)
        return connection

    def _notice(self, said: psycopg.errors.Diagnostic) -> None:
        # A server that ends the connection just after an answer says so in the same way, but FATAL.
        if said.severity_nonlocalized == "WARNING":
            self._notices.append(said.message_primary or "")

    def _begin(self) -> int:
        cursor = self._opened().cursor(row_factory=tuple_row).execute(BEGIN)
        while cursor.nextset():
            pass
        ((last, self._awaited),) = cursor.fetchall()
        return int(last)

    def _commit(self) -> None:
        with translated():
            done = self._opened().execute("COMMIT").statusmessage
        if done != "COMMIT":
            raise OperationalError(f"the server answered the commit with {done}")
        if self._notices:
            # The wait for the standby was cut short: it is on one disk only, so it can't be promised.
            raise OperationalError("; ".join(self._notices))

    def _found(self, row: Row) -> bool:
        """Look whether a row of a commit whose answer never came is stored.

        The lock is free only once that transaction has ended, one way or the other; by what it wrote
        it is known, since a standby that was promoted gives its transactions numbers of its own. It may
        be there though its wait for the standby was cut short; to commit is to wait anew, behind it.
        """
        deadline = time.monotonic() + RESOLVE_SECONDS
        values = (row.position, row.originator_id, row.originator_version, row.state)
        while True:
            asking = Session(self._url)
            try:
                asking.begin()
                found = asking.run(KEPT, values)
                asking.commit()
                return bool(found)
            except OperationalError as error:
                if time.monotonic() > deadline:
                    raise OperationalError(
                        f"whether the last commit was made could not be found out yet: {error}"
                    ) from error
                time.sleep(0.1)
            finally:
                asking.abandon()

    def _find(self, streams: Sequence[str]) -> dict[str, int]:
        return {stream: head or 0 for stream, head in self.run(HEADS, [list(set(streams))])}

    def _run(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with translated():
            cursor = self._opened().cursor(binary=True, row_factory=tuple_row)
            cursor.execute(query, values, prepare=bool(values))
            return cursor.fetchall() if cursor.description else []

    def _opened(self) -> Connection:
        assert self._connection is not None, "begin() comes first"
        return self._connection

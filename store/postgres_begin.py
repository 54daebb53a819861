"""The begin of a transaction that may append on PostgreSQL."""

from typing import NamedTuple

from psycopg.rows import tuple_row

from store.advisory_locks import APPEND_LOCK
from store.connections import Connection

APPEND_LOCK_SECONDS = 3.0
"""How long a group waits for another process's transaction before its jobs fail."""
# One writer at a time, across all hosts: so positions rise in the order of commits, without gaps, and
# no follower can skip one. A writer that falls silent is disconnected. A server that is set up not to
# wait for its disk or its standby is made to. Several statements without parameters are one round trip.
JOIN = f"""SET LOCAL lock_timeout = '{APPEND_LOCK_SECONDS:.0f}s';
SET LOCAL idle_in_transaction_session_timeout = '{2 * APPEND_LOCK_SECONDS:.0f}s';
SELECT set_config('synchronous_commit', 'on', true)
    WHERE current_setting('synchronous_commit') IN ('off', 'local');
{APPEND_LOCK};
SELECT coalesce(max(position), 0), current_setting('synchronous_standby_names') <> '',
    coalesce((SELECT recorded_at FROM stored_events ORDER BY position DESC LIMIT 1), 0)
FROM stored_events"""  # noqa: S608 constants only
READ_COMMITTED = "BEGIN ISOLATION LEVEL READ COMMITTED"
"""Begins a transaction whose statements see what was committed before each of them."""


class Begun(NamedTuple):
    """The last position, whether commits wait for a standby, and when the last event was recorded."""

    head: int
    has_standby: bool
    last_time: int


def begin(connection: Connection) -> Begun:
    """Begin a transaction in which nobody else appends; raises psycopg.Error."""
    return _ask(connection, f"{READ_COMMITTED}; {JOIN}")


def join(connection: Connection) -> Begun:
    """Let nobody else append while an open transaction lasts, begun by READ_COMMITTED; raises psycopg.Error."""
    return _ask(connection, JOIN)


def _ask(connection: Connection, statements: str) -> Begun:
    cursor = connection.cursor(row_factory=tuple_row).execute(statements)
    while cursor.nextset():
        pass
    (begun,) = cursor.fetchall()
    return Begun(*begun)

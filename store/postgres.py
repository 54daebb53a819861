"""The store beyond one machine: a PostgreSQL table that any number of hosts append to."""

from collections.abc import Sequence
from typing import Any, cast

from eventsourcing import persistence
from eventsourcing import postgres as library
from eventsourcing.utils import strtobool
from psycopg.rows import tuple_row

from store import factory
from store.advisory_locks import MIGRATION_LOCK
from store.coalesced_query import CoalescedQuery
from store.errors import translated_errors
from store.event_queries import (
    SELECT,
    SELECT_HEAD,
    SELECT_STREAMS,
    SELECT_WHOLE,
    RecordedEvent,
    notifications,
)
from store.postgres_datastore import Datastore
from store.postgres_queries import PostgresQueries, run
from store.postgres_session import PostgresSession
from store.postgres_snapshots import AggregateRecorder
from store.postgres_tables import ADDED, EXISTS, IS_CURRENT, TABLES
from store.postgres_unit_of_work import PostgresUnitOfWork
from store.recorder import EventProcessRecorder, EventRecorder
from store.stored_rows import COLUMNS, HashedRow, StoredRow
from store.unit_of_work import UnitOfWork

POOL_SIZE = 4
# Large states lie beside the table: to sum up their lengths does not read them.
FIRST = """SELECT {columns} FROM (
    SELECT *, sum(octet_length(state)) OVER (ORDER BY {order}) - octet_length(state) AS before
    FROM ({wanted}) AS next
) AS batch WHERE before < ? ORDER BY {order}"""
EVENT = "position, originator_id, originator_version, topic, state, recorded_at"
BATCH = f"{SELECT} WHERE position > ? {{among}} ORDER BY position LIMIT ?"
BATCH_OF_ALL = FIRST.format(columns=EVENT, order="position", wanted=BATCH.format(among=""))
# `topic || ''` keeps the planner from the indexes on topics, by which it would sort the whole log.
AMONG = "AND topic || '' = ANY(?)"
BATCH_OF_TOPICS = FIRST.format(columns=EVENT, order="position", wanted=BATCH.format(among=AMONG))
ROWS = FIRST.format(
    columns=f"position, {', '.join(COLUMNS)}",
    order="position",
    wanted=f"{SELECT_WHOLE} WHERE position > ? ORDER BY position LIMIT ?",
)
# The server hashes: no state comes here, however large, so there is no bound of their bytes.
HASHED = """SELECT position, recorded_at, originator_id, originator_version, topic,
    encode(sha256(state), 'hex')
FROM stored_events WHERE position > ? ORDER BY position LIMIT ?"""
STREAMS = FIRST.format(
    columns=EVENT, order="originator_id, originator_version", wanted=SELECT_STREAMS
)


class Recorder(PostgresQueries, EventRecorder, library.PostgresApplicationRecorder):
    """Record events under a lock that all hosts share, and read them on connections of a pool."""

    def __init__(self, datastore: Datastore, **names: Any) -> None:
        super().__init__(datastore, **names)
        self.sql_create_statements.clear()
        self._connections = datastore.connections
        self._open(PostgresSession(datastore.url))
        self._head = CoalescedQuery(lambda: int(self._query(SELECT_HEAD)[0][0]))

    def create_table(self) -> None:
        """Make the tables that are missing; of several that try at once, one does and the others wait."""
        with self.datastore.get_connection() as connection, connection.transaction():
            connection.execute(MIGRATION_LOCK)
            cursor = connection.cursor(row_factory=tuple_row)
            if cursor.execute(EXISTS).fetchone() == (False,):
                connection.execute(TABLES)
            elif cursor.execute(IS_CURRENT).fetchone() == (False,):
                connection.execute(ADDED)
        if self.sql_create_statements:
            super().create_table()

    def select_batch(
        self, after: int, *, topics: Sequence[str], limit: int, max_bytes: int
    ) -> tuple[list[RecordedEvent], int]:
        """Return the events after a position, and the position that they reach; see EventRecorder."""
        reached = self.max_notification_id()
        statement, among = (BATCH_OF_TOPICS, [list(topics)]) if topics else (BATCH_OF_ALL, [])
        found = notifications(self._query(statement, [after, *among, limit, max_bytes]))
        if len(found) == limit or sum(len(each.state) for each in found) >= max_bytes:
            return found, found[-1].id
        # The second statement may have seen more than the first.
        return found, max(reached, found[-1].id if found else 0)

    def select_rows(self, after: int, *, limit: int, max_bytes: int) -> list[StoredRow]:
        """Return all columns of the events after a position; see EventRecorder."""
        return self._query(ROWS, [after, limit, max_bytes])

    def select_hashed(
        self, after: int, *, limit: int, max_bytes: int
    ) -> tuple[list[HashedRow], bool]:
        """Return the events after a position with the hashes of their states; see EventRecorder."""
        return self._query(HASHED, [after, limit]), False

    def select_by_stream(
        self, after: tuple[str, int], below: str, *, reached: int, limit: int, max_bytes: int
    ) -> list[RecordedEvent]:
        """Return the events after a stream and version, in this order; see EventRecorder."""
        values = [*after, below, reached, limit, max_bytes]
        return notifications(self._query(STREAMS, values))

    def max_notification_id(self) -> int:
        """Return the head; it is queried once for all callers that ask at the same time."""
        return self._head.get()

    def _query(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        return self._connections.ask(lambda connection: run(connection, statement, values))


class ProcessRecorder(EventProcessRecorder, library.PostgresProcessRecorder, Recorder):
    """Record events together with tracking records, in the library's own table for those."""

    def _track(self, transaction: UnitOfWork, tracking: persistence.Tracking) -> None:
        with translated_errors:
            self._insert_tracking(cast(PostgresUnitOfWork, transaction).cursor(), tracking)


class Factory(factory.StoreFactory, library.PostgresFactory):
    """Build the store's parts for eventsourcing's Application, from POSTGRES_URL."""

    aggregate_recorder_class: type[library.PostgresAggregateRecorder] = AggregateRecorder
    application_recorder_class: type[library.PostgresApplicationRecorder] = Recorder
    process_recorder_class: type[library.PostgresProcessRecorder] = ProcessRecorder

    def __init__(self, env: Any) -> None:
        # Past the library's own, which knows one host only.
        super(library.BasePostgresFactory, self).__init__(env)
        url = self.env.get("POSTGRES_URL")
        if not url:
            raise OSError("POSTGRES_URL names no database")
        self.datastore = Datastore(
            url,
            int(self.env.get("POSTGRES_POOL_SIZE") or POOL_SIZE),
            single_row_tracking=strtobool(self.env.get("SINGLE_ROW_TRACKING") or "yes"),
        )

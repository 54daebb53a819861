"""The store beyond one machine: a PostgreSQL table that any number of hosts append to."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from eventsourcing import postgres
from eventsourcing.persistence import Notification, StoredEvent
from psycopg.rows import tuple_row

from store.connections import Connection, Connections
from store.exclusive import Exclusive
from store.mapper import Mapper
from store.postgres_session import HEADS, LOCK, MIGRATING, Session
from store.together import Together

T = TypeVar("T")
URL, POOL_SIZE = "POSTGRES_URL", "POSTGRES_POOL_SIZE"

TABLES = f"""
CREATE TABLE stored_events (
    position bigint PRIMARY KEY,
    originator_id text COLLATE "C" NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    UNIQUE (originator_id, originator_version));
CREATE FUNCTION stored_events_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'stored events are never changed: % refused', TG_OP; END $$;
CREATE TRIGGER stored_events_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON stored_events
    FOR EACH STATEMENT EXECUTE FUNCTION stored_events_refuse();
CREATE FUNCTION stored_events_in_turn() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM {LOCK.removeprefix("SELECT ")}; RETURN NULL; END $$;
CREATE TRIGGER stored_events_in_turn BEFORE INSERT ON stored_events
    FOR EACH STATEMENT EXECUTE FUNCTION stored_events_in_turn();
-- Not even for one who says to be a replica.
ALTER TABLE stored_events ENABLE ALWAYS TRIGGER stored_events_refuse;
ALTER TABLE stored_events ENABLE ALWAYS TRIGGER stored_events_in_turn;
CREATE TABLE given_ids (kind text PRIMARY KEY, last bigint NOT NULL);
"""
EXISTS = "SELECT to_regclass('stored_events') IS NOT NULL"
NEXT_ID = """INSERT INTO given_ids VALUES (%s, 1)
ON CONFLICT (kind) DO UPDATE SET last = given_ids.last + 1 RETURNING last"""
HEAD = "SELECT coalesce(max(position), 0) FROM stored_events"
SELECT = "SELECT position, originator_id, originator_version, topic, state FROM stored_events "
# Large states lie beside the table: to sum up their lengths does not read them.
BATCH = f"""SELECT position, originator_id, originator_version, topic, state FROM (
    SELECT *, sum(octet_length(state)) OVER (ORDER BY position) - octet_length(state) AS before
    FROM ({SELECT} WHERE position > %s AND topic = ANY(%s) ORDER BY position LIMIT %s) AS next
) AS batch WHERE before < %s ORDER BY position"""  # noqa: S608 constants only


class Datastore(postgres.PostgresDatastore):
    """eventsourcing's datastore on a URL of any number of hosts, and on a pool with a bound."""

    def __init__(self, url: str, pool_size: int) -> None:
        super().__init__("", "", "", "", "", originator_id_type="text")
        self.url = url
        self.connections = Connections(url, pool_size)

    def register_type_adapters(self) -> None:
        """Register nothing: no composite type is used, and nothing is to connect before it must."""

    @contextmanager
    def get_connection(self) -> Iterator[Connection]:
        """Lend a connection, to what the library asks by itself."""
        with self.connections.one() as connection:
            yield connection

    def close(self) -> None:
        """Close the idle connections."""
        # The library calls it from __del__, too, which may be before __init__ came this far.
        if hasattr(self, "connections"):
            self.connections.close()


class Recorder(postgres.PostgresApplicationRecorder):
    """Record events at rising, gapless positions, in the order in which they are committed."""

    def __init__(self, datastore: Datastore, **names: Any) -> None:
        super().__init__(datastore, **names)
        self._connections = datastore.connections
        self._session = Session(datastore.url)
        self._exclusive = Exclusive(self._session)
        self.group_commit = self._exclusive.group_commit
        self._head = Together(lambda: int(self._ask(HEAD)[0][0]))

    def create_table(self) -> None:
        """Make the tables, if they are missing; of any that try at once, one does and the others wait."""
        with self.datastore.get_connection() as connection, connection.transaction():
            connection.execute(MIGRATING)
            made = connection.cursor(row_factory=tuple_row).execute(EXISTS).fetchone()
            if made == (False,):
                connection.execute(TABLES)

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        """Append events, all or none, and return their positions once they are on disk.

        Raises IntegrityError when one of their places in a stream is taken, OperationalError when
        the server can't be reached or waited for.
        """
        rows = [(e.originator_id, e.originator_version, e.topic, e.state) for e in stored_events]
        return self._exclusive.write(lambda session: session.append(rows))

    def next_id(self, kind: str) -> int:
        """Give out the next integer of its kind: once, rising, across all hosts."""
        return self._exclusive.write(lambda session: int(session.run(NEXT_ID, (kind,))[0][0]))

    def exclusively(self, decide: Callable[[], T], streams: Sequence[str] = ()) -> T:
        """Run a use case while nobody else can write; see Exclusive."""
        return self._exclusive.run(decide, streams)

    def heads(self, originator_ids: Sequence[str]) -> dict[str, int]:
        """Return the last version of each stream, 0 for those that don't exist."""
        held: Session | None = self._exclusive.held()
        if held is not None:
            return held.heads(originator_ids)
        return {stream: head or 0 for stream, head in self._ask(HEADS, [list(originator_ids)])}

    def select_stream(self, originator_id: str) -> list[Notification]:
        """Return a stream's events with their positions, oldest first."""
        where = "WHERE originator_id = %s ORDER BY originator_version"
        return _notifications(self._ask(SELECT + where, [originator_id]))

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
        where = "WHERE position >= %s "
        values: list[Any] = [(start or 0) + (not inclusive_of_start)]
        if stop is not None:
            where += "AND position <= %s "
            values.append(stop)
        if topics:
            where += "AND topic = ANY(%s) "
            values.append(list(topics))
        return _notifications(
            self._ask(f"{SELECT}{where} ORDER BY position LIMIT %s", [*values, limit])
        )

    def select_batch(
        self, after: int, *, topics: Sequence[str], limit: int, max_bytes: int
    ) -> tuple[list[Notification], int]:
        """Return what follows a position, and the position that this reaches.

        At most `limit` events, and no more than `max_bytes` of state but for the last of them: so
        that the memory of a reader has a bound, however large single events are.
        """
        reached = self.max_notification_id()
        rows = self._ask(BATCH, [after, list(topics), limit, max_bytes])
        found = _notifications(rows)
        full = len(found) == limit or sum(len(each.state) for each in found) >= max_bytes
        if full:
            return found, found[-1].id
        # The second statement may have seen more than the first.
        return found, max(reached, found[-1].id if found else 0)

    def max_notification_id(self) -> int:
        """Return the last position, 0 in an empty store; asked once for all that ask at the same time."""
        return self._head.get() if self._exclusive.held() is None else self._ask(HEAD)[0][0]

    def _ask(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        held: Session | None = self._exclusive.held()
        if held is not None:
            return held.run(query, values)

        def question(connection: Connection) -> list[Any]:
            cursor = connection.cursor(binary=True, row_factory=tuple_row)
            return cursor.execute(query, values, prepare=True).fetchall()

        return self._connections.ask(question)

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Any:
        """Refuse: followers ask by select_batch, and no writer sends the notices to wait for."""
        raise NotImplementedError("follow the store with select_batch")

    def close(self) -> None:
        """Close the writing connection; the datastore closes the others."""
        self._session.abandon()


def _notifications(rows: Sequence[Any]) -> list[Notification]:
    return [
        Notification(stream, version, topic, state, position)
        for position, stream, version, topic, state in rows
    ]


class Factory(postgres.PostgresFactory):
    """Build the store's parts for eventsourcing's Application, from POSTGRES_URL."""

    application_recorder_class: type[postgres.PostgresApplicationRecorder] = Recorder

    def __init__(self, env: Any) -> None:
        # Past the library's own, which knows one host only.
        super(postgres.BasePostgresFactory, self).__init__(env)
        self.datastore = Datastore(self.env[URL], int(self.env[POOL_SIZE]))

    def mapper(self, transcoder: Any = None, mapper_class: Any = None) -> Any:
        """Return the fast mapper, whatever transcoder the application brings."""
        return super().mapper(transcoder, mapper_class or Mapper)

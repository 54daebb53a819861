"""Record snapshots of aggregates in a table of their own on PostgreSQL."""

from collections.abc import Sequence
from typing import Any

from eventsourcing import postgres as library
from eventsourcing.persistence import StoredEvent
from psycopg import Cursor
from psycopg.sql import SQL, Identifier

from store.stored_rows import storable_rows

INSERT = """INSERT INTO {schema}.{table} (originator_id, originator_version, topic, state)
SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::bytea[])"""


class AggregateRecorder(library.PostgresAggregateRecorder):
    """Use the library's own table, without the composite type that it makes beside it."""

    def __init__(self, datastore: library.PostgresDatastore, **names: Any) -> None:
        super().__init__(datastore, **names)
        self.sql_create_statements = [
            statement
            for statement in self.sql_create_statements
            if "CREATE TYPE" not in statement.as_string()
        ]
        self._insert = SQL(INSERT).format(
            schema=Identifier(datastore.schema), table=Identifier(self.events_table_name)
        )

    def _insert_stored_events(
        self, curs: Cursor[Any], stored_events: Sequence[StoredEvent], **_: Any
    ) -> None:
        rows = [row[:4] for row in storable_rows(stored_events)]
        curs.execute(self._insert, [list(column) for column in zip(*rows, strict=True)])

"""Making the tables of the read models, anew where they are those of another version."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from sqlalchemy import Connection, Inspector, Table, delete, insert, inspect

from projections.databases import Database
from projections.slot_tables import SlotTables, metadata
from projections.tables import projections, projector, skipped


class HasTables(Protocol):
    """A projection as far as its tables go."""

    name: ClassVar[str]
    tables: ClassVar[tuple[SlotTables, ...]]


def migrate(connection: Connection, database: Database, models: Sequence[HasTables]) -> None:
    """Make missing tables, and a row for each projection.

    A projection whose tables are those of another version begins anew at position 0, with new tables.
    """
    database.prepare(connection)
    metadata.create_all(connection, [projections, skipped, projector])
    inspector = inspect(connection)
    for model in models:
        tables = [table for slots in model.tables for table in slots]
        if not all(_is_current(inspector, table, database.schema) for table in tables):
            metadata.drop_all(connection, tables)
            metadata.create_all(connection, tables)
            connection.execute(delete(projections).where(projections.c.name == model.name))
            connection.execute(insert(projections).values(name=model.name, slot=0, position=0))


def _is_current(inspector: Inspector, table: Table, schema: str | None) -> bool:
    """Say whether a table exists with the columns that this version gives it."""
    return inspector.has_table(table.name, schema) and table.columns.keys() == [
        column["name"] for column in inspector.get_columns(table.name, schema)
    ]

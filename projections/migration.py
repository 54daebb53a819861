"""Creating the tables of the read models, and replacing those of another version."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from sqlalchemy import Connection, Inspector, Table, delete, insert, inspect

from projections.databases import Database
from projections.slot_tables import SlotTables, all_tables, metadata
from projections.tables import projections, projector, skipped


class HasTables(Protocol):
    """The parts of a projection that a migration needs."""

    name: ClassVar[str]
    tables: ClassVar[tuple[SlotTables, ...]]


def migrate(connection: Connection, database: Database, models: Sequence[HasTables]) -> None:
    """Create missing tables, and a row for each projection.

    A projection with tables of another version gets new tables, and starts again at position 0.
    """
    database.prepare(connection)
    metadata.create_all(connection, [projections, skipped, projector])
    _add_fingerprint(connection, database.schema)
    inspector = inspect(connection)
    for model in models:
        tables = [table for slots in all_tables(model.tables) for table in slots]
        if not all(_is_current(inspector, table, database.schema) for table in tables):
            metadata.drop_all(connection, tables)
            metadata.create_all(connection, tables)
            connection.execute(delete(projections).where(projections.c.name == model.name))
            connection.execute(insert(projections).values(name=model.name, slot=0, position=0))


def _add_fingerprint(connection: Connection, schema: str | None) -> None:
    """Add the column that earlier versions did not have, and keep their rows."""
    present = {column["name"] for column in inspect(connection).get_columns("projections", schema)}
    if "fingerprint" not in present:
        table = "projections" if schema is None else f"{schema}.projections"
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN fingerprint VARCHAR")


def _is_current(inspector: Inspector, table: Table, schema: str | None) -> bool:
    """Say whether a table exists with this version's columns."""
    return inspector.has_table(table.name, schema) and table.columns.keys() == [
        column["name"] for column in inspector.get_columns(table.name, schema)
    ]

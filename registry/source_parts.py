"""The parts of a source's settings that only some sources have, a row for each."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from registry.tables import source_parts

PARTS = (
    "preset",
    "signed",
    "digest",
    "encoding",
    "header_form",
    "timestamp_header",
    "id_from",
    "type_from",
    "time_from",
    "data_from",
)


def load_parts(connection: Connection) -> dict[str, dict[str, str]]:
    """Return the parts of each source that has any."""
    found: dict[str, dict[str, str]] = {}
    for row in connection.execute(select(source_parts)):
        found.setdefault(row.source, {})[row.part] = row.value
    return found


def set_parts(connection: Connection, source: str, parts: Mapping[str, str | None]) -> None:
    """Replace the parts of a source."""
    connection.execute(delete(source_parts).where(source_parts.c.source == source))
    for part, value in parts.items():
        if value is not None:
            row = {"source": source, "part": part, "value": value}
            connection.execute(insert(source_parts).values(row))

"""The fields of a source's envelopes that don't count when two bodies are compared."""

import re
from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from registry.keys import SourceError
from registry.tables import ignored_fields

LONGEST_POINTER = 256
_POINTER = re.compile(r"(/([^/~]|~[01])*)+")


def load_ignored(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Return the JSON pointers of each source that has any."""
    found: dict[str, tuple[str, ...]] = {}
    for row in connection.execute(select(ignored_fields)):
        found[row.source] = (*found.get(row.source, ()), row.pointer)
    return {source: tuple(sorted(pointers)) for source, pointers in found.items()}


def set_ignored(connection: Connection, source: str, pointers: Sequence[str]) -> list[str]:
    """Replace the JSON pointers of a source, and return them; raises SourceError for what is none."""
    for pointer in pointers:
        fits = len(pointer) <= LONGEST_POINTER and pointer.isprintable()
        if not (fits and _POINTER.fullmatch(pointer)):
            raise SourceError(
                "a field to ignore is a JSON pointer such as /attempt or /data/attempt"
            )
    connection.execute(delete(ignored_fields).where(ignored_fields.c.source == source))
    for pointer in dict.fromkeys(pointers):
        connection.execute(insert(ignored_fields).values(source=source, pointer=pointer))
    return sorted(set(pointers))

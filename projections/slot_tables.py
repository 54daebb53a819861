"""Tables with two slots: readers use one slot while a rebuild fills the other."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Index, MetaData, String, Table
from sqlalchemy.dialects import postgresql

SLOTS = (0, 1)
INNER = {"inner": True}
"""The info of a column that only the projection reads."""
SlotTables = tuple[Table, ...]
metadata = MetaData()

Word = String().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text that is sorted by code points, whatever the server's locale."""


def slot_tables(
    name: str, columns: Callable[[], Sequence[Column[Any]]], indexes: Iterable[Sequence[str]] = ()
) -> SlotTables:
    """Define a table for each slot; `columns` makes its columns, `indexes` names columns."""
    tables = []
    for slot in SLOTS:
        table = Table(f"{name}_{slot}", metadata, *columns())
        for index in indexes:
            Index(f"{name}_{slot}_{'_'.join(index)}", *(table.c[column] for column in index))
        tables.append(table)
    return tuple(tables)

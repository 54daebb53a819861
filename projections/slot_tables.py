"""Tables with two slots: readers use one slot while a rebuild fills the other.

Versioned tables keep superseded rows, so that their rows as of any position can be read.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table
from sqlalchemy.dialects import postgresql

SLOTS = (0, 1)
INNER = {"inner": True}
"""The info of a column that only the projection reads."""
SlotTables = tuple[Table, ...]
metadata = MetaData()


class VersionedTables(tuple[Table, ...]):
    """The tables of rows that hold now, from the position `since`.

    `past` are those of rows that held before: from `since`, and no longer at the position `until`.
    """

    past: SlotTables


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


def versioned_tables(
    name: str, columns: Callable[[], Sequence[Column[Any]]], indexes: Sequence[Sequence[str]] = ()
) -> VersionedTables:
    """Define tables whose superseded rows are kept; see slot_tables for the arguments."""
    live = slot_tables(name, lambda: [*columns(), _position("since")], indexes)
    made = VersionedTables(live)
    made.past = slot_tables(
        f"{name}_past",
        lambda: [*columns(), _position("since", primary_key=True), _position("until")],
        indexes,
    )
    return made


def with_past(models_tables: Iterable[SlotTables]) -> Iterator[SlotTables]:
    """Yield the tables, and after versioned ones those of their past."""
    for tables in models_tables:
        yield tables
        if isinstance(tables, VersionedTables):
            yield tables.past


def _position(name: str, *, primary_key: bool = False) -> Column[Any]:
    return Column(
        name,
        BigInteger,
        primary_key=primary_key,
        autoincrement=False,
        nullable=False,
        info=INNER,
    )

"""Tables with two slots: readers use one slot while a rebuild fills the other.

Versioned tables keep superseded rows, so that their rows as of any position can be read.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table, and_
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

SLOTS = (0, 1)
BLOCK_POSITIONS = 4096
INNER = {"inner": True}
"""The info of a column that only the projection reads."""
SPARSE = {"sparse": True}
"""The info of a column that most rows leave empty: its indexes have only the others."""
WITHIN = "within"
"""The info of a table: its index on positions begins with these columns; None where there is none."""
SlotTables = tuple[Table, ...]
metadata = MetaData()


class VersionedTables(tuple[Table, ...]):
    """The tables of rows that hold now, from the position `since`.

    `past` are those of rows that held before: from `since`, and no longer at the position `until`. For
    a key that mostly rises with positions, `bounds` limit the search for rows as of a position.
    """

    past: SlotTables
    rising: str | None
    bounds: SlotTables | None


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
            _add_index(f"{name}_{slot}_{'_'.join(index)}", [table.c[column] for column in index])
        tables.append(table)
    return tuple(tables)


def _add_index(name: str, columns: Sequence[Column[Any]]) -> None:
    present = [column.is_not(None) for column in columns if "sparse" in column.info]
    where = and_(*present) if present else None
    Index(name, *columns, sqlite_where=where, postgresql_where=where)


def versioned_tables(
    name: str,
    columns: Callable[[], Sequence[Column[Any]]],
    indexes: Sequence[Sequence[str]] = (),
    rising: str | None = None,
    bounds: SlotTables | None = None,
    within: Sequence[str] | None = (),
) -> VersionedTables:
    """Define tables whose superseded rows are kept; see slot_tables for the arguments.

    `rising` names the column by which they are listed, if its values mostly rise with positions;
    `bounds` are those of other tables with such a column. Lists are `within` rows with equal values of
    these columns; None when they are always short, so that they need no index on positions.
    """
    since, until = ([] if within is None else [(*within, each)] for each in ("since", "until"))
    live = slot_tables(name, lambda: [*columns(), _position("since")], [*indexes, *since])
    made = VersionedTables(live)
    made.past = slot_tables(
        f"{name}_past",
        lambda: [*columns(), _position("since", primary_key=True), _position("until")],
        [*indexes, *since, *until],
    )
    made.rising = rising
    made.bounds = bounds if rising is None else bounds_tables(name, live[0].c[rising].type)
    for table in (*live, *made.past):
        table.info[WITHIN] = within
    return made


def bounds_tables(name: str, key_type: TypeEngine[Any]) -> SlotTables:
    """Define tables of the greatest key of each block of positions."""
    return slot_tables(
        f"{name}_bounds",
        lambda: [
            Column("block", BigInteger, primary_key=True, autoincrement=False),
            Column("greatest", key_type, nullable=False),
        ],
    )


def block_of(position: int) -> int:
    """Return the number of a position's block."""
    return position // BLOCK_POSITIONS


def all_tables(live: Iterable[SlotTables]) -> Iterator[SlotTables]:
    """Yield the tables, and after versioned ones those of their past and their bounds."""
    for tables in live:
        yield tables
        if isinstance(tables, VersionedTables):
            yield tables.past
            if tables.rising and tables.bounds:
                yield tables.bounds


def _position(name: str, *, primary_key: bool = False) -> Column[Any]:
    return Column(
        name,
        BigInteger,
        primary_key=primary_key,
        autoincrement=False,
        nullable=False,
        info=INNER,
    )

"""The tables of the read models of observed aggregates."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, LargeBinary, SmallInteger

from projections.slot_tables import INNER, SlotTables, Word, bounds_tables, slot_tables


class ObservedTables(NamedTuple):
    """The things; the statuses that they had besides the present one; and the bounds of their keys."""

    things: SlotTables
    statuses: SlotTables
    bounds: SlotTables


def observed_tables(
    name: str,
    key: Callable[[], Column[Any]],
    own: Callable[[], Sequence[Column[Any]]] = tuple,
) -> ObservedTables:
    """Define the tables of an observed read model; `own` makes the columns of its own fields.

    All observations, also those that count no longer, are in the row of their thing, in the order of
    their positions: with millions of things, a row in another table would be another page that is not
    in memory. `born` is the position of the first one. `counts` is 0 when none counts any more.
    """
    things = slot_tables(
        name,
        lambda: [
            key(),
            Column("status", Word, nullable=False),
            *own(),
            Column("reason", Word),
            Column("created_at", BigInteger, nullable=False),
            Column("modified_at", BigInteger, nullable=False),
            Column("observations", LargeBinary, nullable=False, info=INNER),
            Column("born", BigInteger, nullable=False, info=INNER),
            Column("counts", SmallInteger, nullable=False, info=INNER),
        ],
        indexes=[("status", key().name), ("born",)],
    )
    statuses = slot_tables(
        f"{name}_statuses",
        lambda: [
            Column("status", Word, primary_key=True),
            key(),
            Column("since", BigInteger, nullable=False),
        ],
    )
    return ObservedTables(things, statuses, bounds_tables(name, key().type))

"""Finding events by their time of creation, in the order of their ids.

No index gives both a range of times and the order of ids. So the earliest and the latest time of each
block of neighbouring integer ids are kept. Ids and times mostly rise together, so a range of times is in
a few blocks, which are read in the order of ids. Text ids mostly say nothing of time: of many that match
some are soon found in the order of ids. If few events match, they are found by time and sorted.
"""

from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, Column, Select, Table, and_, func, select, tuple_

from domain.event_ids import EventId
from projections import lists
from projections.batch_writer import KEYS_IN_A_LIST, BatchWriter
from projections.models.events.numbers import INTEGERS, TEXTS, Kind
from projections.slot_tables import SlotTables, slot_tables
from projections.snapshots import Snapshot

BLOCK_IDS = 1024
FEW = 1000
BLOCKS = slot_tables(
    "event_blocks",
    lambda: [
        Column("block", BigInteger, primary_key=True, autoincrement=False),
        Column("earliest", BigInteger, nullable=False),
        Column("latest", BigInteger, nullable=False),
    ],
)


def widen(writer: BatchWriter) -> None:
    """Widen the blocks by `changed`: integer ids and times of events, those of replaced ones too."""
    blocks: dict[int, list[int]] = {}
    for event_id, created_at in writer.changed.values():
        blocks.setdefault(event_id // BLOCK_IDS, []).append(created_at)
    table = BLOCKS[writer.slot]
    names = list(blocks)
    for start in range(0, len(names), KEYS_IN_A_LIST):
        known = select(table).where(table.c.block.in_(names[start : start + KEYS_IN_A_LIST]))
        for block, earliest, latest in writer.connection.execute(known):
            blocks[block] += [earliest, latest]
    for block, times in blocks.items():
        writer.upsert(BLOCKS, block=block, earliest=min(times), latest=max(times))
    writer.flush()


def page(
    snapshot: Snapshot,
    tables: SlotTables,
    kind: Kind,
    *,
    since: int,
    before: int,
    limit: int,
    after: tuple[EventId, str] | None = None,
    **equal: Any,
) -> list[dict[str, Any]]:
    """Return up to `limit` events of a kind created in a range of microseconds, by rising id and source."""
    filters = {name: value for name, value in equal.items() if value is not None}
    created: lists.Filters = {"created_at>=": since, "created_at<": before}
    rows = [
        row
        for table, held in lists.holding(snapshot, tables)
        for row in _rows(snapshot, table, kind, created, held, filters, limit, after)
    ]
    return sorted(rows, key=itemgetter(*kind.order))[:limit]


def _rows(
    snapshot: Snapshot,
    events: Table,
    kind: Kind,
    created: lists.Filters,
    held: lists.Filters,
    filters: lists.Filters,
    limit: int,
    after: tuple[EventId, str] | None,
) -> list[dict[str, Any]]:
    connection, columns = snapshot.connection, events.c
    within = lists.conditions(events, created)
    if kind is TEXTS:
        # Their index on times has only them.
        within += lists.conditions(events, kind.since(None))
    # Ordered by time: else a database may scan the primary key instead of the index on times.
    soonest = select(columns.id).where(*within).order_by(columns.created_at)
    few = soonest.limit(FEW + 1).subquery()
    if (connection.scalar(select(func.count()).select_from(few)) or 0) > FEW:
        on_postgres = connection.dialect.name == "postgresql"
        blocks = BLOCKS[snapshot.slot]
        wanted = _many(events, blocks, kind, created, after, on_postgres=on_postgres)
        wanted = wanted.where(*lists.conditions(events, {**filters, **held})).limit(limit)
        return [dict(row) for row in connection.execute(wanted).mappings()]
    # By time alone: with an indexed column in the condition, a database may choose its index.
    within += lists.conditions(events, held)
    found = map(dict, connection.execute(select(*lists.shown(events)).where(*within)).mappings())
    key = itemgetter(*kind.order)
    rows = (row for row in found if (row["text_id"] is not None) is (kind is TEXTS))
    matching = (row for row in rows if filters.items() <= row.items())
    return [row for row in matching if after is None or key(row) > after]


def _many(
    events: Table,
    blocks: Table,
    kind: Kind,
    created: lists.Filters,
    after: tuple[EventId, str] | None,
    *,
    on_postgres: bool,
) -> Select[Any]:
    order = [events.c[name] for name in kind.order]
    wanted = select(*lists.shown(events))
    if kind is INTEGERS:
        first = blocks.c.block * BLOCK_IDS
        inside = and_(events.c.id >= first, events.c.id < first + BLOCK_IDS)
        wanted = wanted.join_from(blocks, events, inside).where(
            *lists.conditions(events, created),
            blocks.c.latest >= created["created_at>="],
            blocks.c.earliest < created["created_at<"],
            blocks.c.block >= (int(after[0]) // BLOCK_IDS if after else 0),
        )
        order.insert(0, blocks.c.block)
    else:
        # By the index on times, SQLite sorts all that match; PostgreSQL counts on knowing how many do.
        wanted = wanted.where(
            *lists.conditions(events, created, indexed=on_postgres),
            *lists.conditions(events, kind.since(after)),
        )
    if after is not None:
        wanted = wanted.where(tuple_(*order[-2:]) > tuple_(*after))
    return wanted.order_by(*order)

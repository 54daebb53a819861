"""Pages of observed things as of a position: what existed is folded, by rising key, until enough match."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy import select as select_columns

from projections import early_rows, rows
from projections.batch_writer import KEYS_IN_A_LIST
from projections.observed_tables import ObservedTables
from projections.rows import Filters, Wanted
from projections.snapshots import Snapshot

LARGEST_CHUNK = 4096
"""The largest number of things that are read at a time."""
Row = dict[str, Any]


def page(
    snapshot: Snapshot,
    tables: ObservedTables,
    key: str,
    folded: Callable[[Row], Row | None],
    *,
    limit: int,
    after: Sequence[Any] | None = None,
    **filters: Any,
) -> list[Row]:
    """Return up to `limit` rows by rising key; see lists.page for the other arguments.

    `folded` returns the row of a thing, from its key and observations; None if it did not exist.
    """
    wanted = {name: value for name, value in filters.items() if value is not None}
    columns, chunk, found = (key, "observations", "status"), limit, list[Row]()
    candidates = _with_status if "status" in wanted else _existing
    known = {name: value for name, value in wanted.items() if name in {key, "status"}}
    while len(found) < limit:
        asked = Wanted((key,), chunk, after, known, columns)
        things, last = candidates(snapshot, tables, asked)
        found += [
            row for row in map(folded, things) if row is not None and wanted.items() <= row.items()
        ]
        if last is None:
            break
        after, chunk = (last,), min(4 * chunk, LARGEST_CHUNK)
    return found[:limit]


def _existing(
    snapshot: Snapshot, tables: ObservedTables, wanted: Wanted
) -> tuple[list[Row], Any | None]:
    """Return things that existed, and the last of their keys if there may be more."""
    born, table = {"born<=": snapshot.as_of}, tables.things[snapshot.slot]
    found = early_rows.select(snapshot, table, wanted, born, tables.bounds)
    return found, _last(wanted, found)


def _with_status(
    snapshot: Snapshot, tables: ObservedTables, wanted: Wanted
) -> tuple[list[Row], Any | None]:
    """Return things that may have had a status: that have it now, or had it once."""
    (key,), connection = wanted.order, snapshot.connection
    now, last = _existing(snapshot, tables, wanted)
    statuses: Filters = {**wanted.filters, "since<=": snapshot.as_of}
    had = Wanted(wanted.order, wanted.limit, wanted.after, statuses, (key,))
    once = rows.select(connection, tables.statuses[snapshot.slot], had)
    last_once = _last(wanted, once)
    keys = {row[key] for row in once} - {row[key] for row in now}
    found = now + _by_keys(snapshot, tables.things[snapshot.slot], wanted, sorted(keys))
    ends = [each for each in (last, last_once) if each is not None]
    if not ends:
        return sorted(found, key=lambda row: row[key]), None
    end = min(ends)
    return sorted((row for row in found if row[key] <= end), key=lambda row: row[key]), end


def _last(wanted: Wanted, found: Sequence[Row]) -> Any | None:
    return found[-1][wanted.order[0]] if len(found) == wanted.limit else None


def _by_keys(snapshot: Snapshot, table: Table, wanted: Wanted, keys: Sequence[Any]) -> list[Row]:
    columns, found = table.c, list[Row]()
    for start in range(0, len(keys), KEYS_IN_A_LIST):
        some = keys[start : start + KEYS_IN_A_LIST]
        statement = select_columns(*(columns[name] for name in wanted.columns)).where(
            columns[wanted.order[0]].in_(some)
        )
        found += map(dict, snapshot.connection.execute(statement).mappings())
    return found

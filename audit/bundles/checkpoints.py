"""The checkpoints and time stamps that a bundle takes from a ledger, and those that it brings to one."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, insert, select

from audit.bundles.errors import BundleError
from audit.tlog.checkpoints import Checkpoint, parse_note
from audit.tlog.storage import TlogStorage
from audit.tlog.tables import checkpoints, stamps

AT_ONCE = 500


class Saved(NamedTuple):
    """A checkpoint that was saved: its signed note, and its time stamp of RFC 3161, if it has one."""

    checkpoint: Checkpoint
    note: str
    token: bytes | None


def covering(storage: TlogStorage, last: int | None) -> Saved:
    """Return the first checkpoint of the present origin that covers a position, or its newest one.

    Raises BundleError when there is none.
    """
    newest = storage.newest()
    if newest is None:
        raise BundleError(
            "there is no checkpoint under which events could be proven:"
            " `kitledger audit key` makes the key that signs one"
        )
    checkpoint, _ = parse_note(newest)
    if last is None:
        last = checkpoint.size
    for found in saved(storage, checkpoint.origin, last):
        return found
    raise BundleError(
        f"no checkpoint covers position {last}, the newest ends at {checkpoint.size}:"
        " `kitledger audit checkpoint` signs one"
    )


def saved(storage: TlogStorage, origin: str, first: int, last: int = 2**63 - 1) -> Iterator[Saved]:
    """Yield the checkpoints of an origin whose size lies between two, by rising size."""
    own = checkpoints.outerjoin(
        stamps, (stamps.c.origin == checkpoints.c.origin) & (stamps.c.size == checkpoints.c.size)
    )
    while first <= last:
        wanted = (
            select(checkpoints.c.size, checkpoints.c.note, stamps.c.token)
            .select_from(own)
            .where(checkpoints.c.origin == origin, checkpoints.c.size.between(first, last))
            .order_by(checkpoints.c.size)
            .limit(AT_ONCE)
        )
        with storage.reading() as connection:
            rows = connection.execute(wanted).all()
        for _, note, token in rows:
            yield Saved(parse_note(note)[0], note, token)
        if len(rows) < AT_ONCE:
            return
        first = rows[-1][0] + 1


def save(storage: TlogStorage, found: Sequence[Saved]) -> None:
    """Keep checkpoints and their stamps, but for those that are kept already."""
    now = time.time_ns() // 1000
    notes = [{**vars(each.checkpoint), "note": each.note, "signed_at": now} for each in found]
    tokens = [
        {
            "origin": each.checkpoint.origin,
            "size": each.checkpoint.size,
            "url": "",
            "token": each.token,
        }
        for each in found
        if each.token is not None
    ]
    with storage.writing() as connection:
        _add(connection, checkpoints, notes)
        _add(connection, stamps, tokens)


def _add(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    sizes = [row["size"] for row in rows]
    # Those nearby alone: of all, each of many calls would read as many as there are.
    near = table.c.size.between(min(sizes, default=0), max(sizes, default=0))
    kept = set(map(tuple, connection.execute(select(table.c.origin, table.c.size).where(near))))
    new = [row for row in rows if (row["origin"], row["size"]) not in kept]
    if new:
        connection.execute(insert(table), new)

"""The status of the projections, and skipping an event that a projection can't apply."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from projections.read_database import ReadDatabase
from projections.tables import projections, skipped
from projections.times import from_microseconds


@dataclass(frozen=True)
class Status:
    """The status of a projection; `lag` is in positions, `error` is None unless it has stopped."""

    name: str
    position: int
    lag: int
    stopped_at: datetime | None
    error: str | None


class NotStopped(Exception):
    """The projection has not stopped at an event."""


def statuses(read_database: ReadDatabase, head: int) -> list[Status]:
    """Return the status of each projection; `head` is the ledger's last position."""
    with read_database.engine.connect() as connection:
        rows = connection.execute(select(projections).order_by(projections.c.name)).all()
    return [
        Status(
            row.name,
            row.position,
            max(0, head - row.position),
            None if row.stopped_at is None else from_microseconds(row.stopped_at),
            row.error,
        )
        for row in rows
    ]


def skip(read_database: ReadDatabase, name: str, record: Callable[[int, str | None], None]) -> int:
    """Skip, for good, the event at which a projection has stopped; return its position.

    Rebuilds skip it too. `record(position, error)` is called before. Raises NotStopped.
    """
    with read_database.transaction() as connection:
        row = connection.execute(select(projections).where(projections.c.name == name)).one()
        if row.stopped_at is None:
            raise NotStopped(f"{name} has not stopped at an event")
        position = int(row.position) + 1
        record(position, row.error)
        connection.execute(insert(skipped).values(name=name, position=position, error=row.error))
        connection.execute(
            update(projections)
            .where(projections.c.name == name)
            .values(stopped_at=None, error=None)
        )
    return position

"""What an operator asks of the projections: where they are, and to pass a poisonous event."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from projections.projection import moment
from projections.projector import AHEAD
from projections.views import Views, projections, skipped


@dataclass(frozen=True)
class Status:
    """Where a projection is; `lag` counts positions, `error` says why it stopped, if it did."""

    name: str
    position: int
    lag: int
    stopped_at: datetime | None
    error: str | None


class NotStopped(Exception):
    """There is no event to pass: the projection goes on by itself."""


def statuses(views: Views, head: int) -> list[Status]:
    """Return the status of each projection, `head` being the ledger's last position."""
    with views.engine.connect() as connection:
        rows = connection.execute(select(projections).order_by(projections.c.name)).all()
    return [
        Status(
            row.name,
            row.position,
            max(0, head - row.position),
            None if row.stopped_at is None else moment(row.stopped_at),
            row.error,
        )
        for row in rows
    ]


def skip(views: Views, name: str) -> int:
    """Pass the event at which a projection has stopped, for good, and return its position.

    A rebuild passes it too. Raises NotStopped.
    """
    with views.writing() as connection:
        row = connection.execute(select(projections).where(projections.c.name == name)).one()
        if row.stopped_at is None or row.error == AHEAD:
            why = "" if row.error is None else f": {row.error}"
            raise NotStopped(f"{name} has not stopped at an event{why}")
        position = int(row.position) + 1
        connection.execute(insert(skipped).values(name=name, position=position, error=row.error))
        connection.execute(
            update(projections)
            .where(projections.c.name == name)
            .values(stopped_at=None, error=None)
        )
    return position

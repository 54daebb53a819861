"""The events that sources announced, as they sent them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, String, Text, select, tuple_

from domain.delivery import Delivery
from projections.projection import Projection, Rows, handles, micros, moment, slots
from projections.views import View


@dataclass(frozen=True)
class EventFilter:
    """Which events are wanted; None means any. `since` is included, `before` is not."""

    type: str | None = None
    source: str | None = None
    since: datetime | None = None
    before: datetime | None = None


class Events(Projection):
    """Every recorded envelope, by the id that its source gave it."""

    name = "events"
    events = slots(
        "events",
        lambda: [
            Column("id", BigInteger, primary_key=True, autoincrement=False),
            Column("source", String, primary_key=True),
            Column("type", String, nullable=False),
            Column("created_at", BigInteger, nullable=False),
            Column("data", Text, nullable=False),
        ],
        indexes=[("type", "id", "source"), ("source", "id"), ("created_at",)],
    )
    tables = (events,)

    @handles(Delivery.Recorded)
    def recorded(self, rows: Rows, event: Delivery.Recorded, position: int) -> None:
        """List an envelope."""
        rows.upsert(
            self.events,
            id=event.event_id,
            source=event.source,
            type=event.type,
            created_at=micros(event.created_at),
            data=json.dumps(json.loads(event.body)["data"], separators=(",", ":")),
        )

    @handles(Delivery.Replaced)
    def replaced(self, rows: Rows, event: Delivery.Replaced, position: int) -> None:
        """List the envelope that stands now in the place of the one before."""
        self.recorded(rows, event, position)

    def page(
        self, view: View, *, after: tuple[int, str] | None, limit: int, wanted: EventFilter
    ) -> list[dict[str, Any]]:
        """Return up to `limit` events by rising id and source, from the first after `after`."""
        columns = self.events[view.slot].c
        where: list[ColumnElement[bool]] = []
        if after is not None:
            where.append(tuple_(columns.id, columns.source) > tuple_(*after))
        if wanted.type is not None:
            where.append(columns.type == wanted.type)
        if wanted.source is not None:
            where.append(columns.source == wanted.source)
        if wanted.since is not None:
            where.append(columns.created_at >= micros(wanted.since))
        if wanted.before is not None:
            where.append(columns.created_at < micros(wanted.before))
        return self._select(view, where, limit)

    def _select(
        self, view: View, where: Sequence[ColumnElement[bool]], limit: int
    ) -> list[dict[str, Any]]:
        columns = self.events[view.slot].c
        wanted = (
            select(columns.id, columns.source, columns.type, columns.created_at, columns.data)
            .where(*where)
            .order_by(columns.id, columns.source)
            .limit(limit)
        )
        return [
            {
                "id": row.id,
                "source": row.source,
                "created_at": moment(row.created_at),
                "type": row.type,
                "data": json.loads(row.data),
            }
            for row in view.connection.execute(wanted)
        ]

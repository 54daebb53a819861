"""Deliveries in quarantine: held, released or discarded."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, func, select

from domain.aggregates.quarantine import Quarantine
from projections import lists
from projections.batch_writer import BatchWriter
from projections.projection import Projection, handles
from projections.slot_tables import Word, slot_tables
from projections.snapshots import Snapshot
from projections.times import from_microseconds, to_microseconds


class Quarantined(Projection):
    """Every delivery that was held, by its position."""

    name = "quarantine"
    held = slot_tables(
        "quarantine",
        lambda: [
            Column("id", BigInteger, primary_key=True, autoincrement=False),
            Column("stream", Word, nullable=False),
            Column("source", Word, nullable=False),
            Column("reason", Word, nullable=False),
            Column("event_id", BigInteger),
            Column("text_id", Word),
            Column("received_at", BigInteger, nullable=False),
            Column("bytes", BigInteger, nullable=False),
            Column("state", Word, nullable=False),
        ],
        indexes=[("stream",), ("state", "id")],
    )
    tables = (held,)

    @handles(Quarantine.Held)
    def add_held(self, writer: BatchWriter, event: Quarantine.Held, position: int) -> None:
        """Add the row of a held delivery."""
        writer.upsert(
            self.held,
            id=position,
            stream=event.originator_id,
            source=event.source,
            reason=event.reason,
            event_id=None if isinstance(event.event_id, str) else event.event_id,
            text_id=event.event_id if isinstance(event.event_id, str) else None,
            received_at=to_microseconds(event.timestamp),
            bytes=len(event.body),
            state="held",
        )

    @handles(Quarantine.Released)
    def released(self, writer: BatchWriter, event: Quarantine.Released, position: int) -> None:
        """Mark the row as released."""
        self._end(writer, event.originator_id, "released")

    @handles(Quarantine.Discarded)
    def discarded(self, writer: BatchWriter, event: Quarantine.Discarded, position: int) -> None:
        """Mark the row as discarded."""
        self._end(writer, event.originator_id, "discarded")

    def _end(self, writer: BatchWriter, stream: str, state: str) -> None:
        writer.change(self.held, {"stream": stream}, state=state)

    def all(
        self, snapshot: Snapshot, *, before: datetime | None = None, **filters: str | None
    ) -> list[dict[str, Any]]:
        """Return deliveries by rising id: those received `before`, and of a state, source or reason."""
        times: dict[str, Any] = {"received_at<": before and to_microseconds(before)}
        rows = lists.page(snapshot, self.held, ("id",), lists.ALL, **times, **filters)
        return [_shown(row) for row in rows]

    def counts(self, snapshot: Snapshot) -> list[tuple[str, str, int]]:
        """Return how many deliveries are held, by source and reason."""
        table = self.held[snapshot.slot]
        held = select(table.c.source, table.c.reason, func.count()).where(table.c.state == "held")
        found = snapshot.connection.execute(held.group_by(table.c.source, table.c.reason))
        return [(source, reason, count) for source, reason, count in found]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    event_id = row["event_id"] if row["text_id"] is None else row["text_id"]
    shown = {**row, "event_id": event_id, "received_at": from_microseconds(row["received_at"])}
    del shown["text_id"]
    return shown


PROJECTION = Quarantined()

"""What is held in quarantine, and what became of it."""

from typing import Any

from sqlalchemy import BigInteger, Column, update

from domain.delivery import Quarantine
from projections import lists
from projections.projection import Projection, Rows, Word, handles, micros, moment, slots
from projections.views import View


class Quarantined(Projection):
    """Everything that was ever held, by the position at which it was."""

    name = "quarantine"
    held = slots(
        "quarantine",
        lambda: [
            Column("id", BigInteger, primary_key=True, autoincrement=False),
            Column("stream", Word, nullable=False),
            Column("source", Word, nullable=False),
            Column("reason", Word, nullable=False),
            Column("event_id", BigInteger),
            Column("received_at", BigInteger, nullable=False),
            Column("bytes", BigInteger, nullable=False),
            Column("state", Word, nullable=False),
        ],
        indexes=[("stream",), ("state", "id")],
    )
    tables = (held,)

    @handles(Quarantine.Held)
    def put_aside(self, rows: Rows, event: Quarantine.Held, position: int) -> None:
        """List what is held."""
        rows.upsert(
            self.held,
            id=position,
            stream=event.originator_id,
            source=event.source,
            reason=event.reason,
            event_id=event.event_id,
            received_at=micros(event.timestamp),
            bytes=len(event.body),
            state="held",
        )

    @handles(Quarantine.Released)
    def released(self, rows: Rows, event: Quarantine.Released, position: int) -> None:
        """Show that it was released."""
        self._end(rows, event.originator_id, "released")

    @handles(Quarantine.Discarded)
    def discarded(self, rows: Rows, event: Quarantine.Discarded, position: int) -> None:
        """Show that it was discarded."""
        self._end(rows, event.originator_id, "discarded")

    def _end(self, rows: Rows, stream: str, state: str) -> None:
        table = self.held[rows.slot]
        rows.change(update(table).where(table.c.stream == stream).values(state=state))

    def all(self, view: View, *, state: str | None) -> list[dict[str, Any]]:
        """Return everything in this state, or in any, by rising id."""
        rows = lists.page(view.connection, self.held[view.slot], ("id",), lists.ALL, state=state)
        return [{**row, "received_at": moment(row["received_at"])} for row in rows]

"""The expected rows of deliveries in quarantine."""

from collections.abc import Mapping
from typing import Any

from audit.reconcile.expectation import Expectation, Wanted
from audit.reconcile.log import Log, Stream
from audit.reconcile.versions import Values, timeline
from domain.aggregates.quarantine import Quarantine
from projections.models.quarantine import PROJECTION
from projections.slot_tables import SlotTables
from projections.times import to_microseconds


class HeldDeliveries(Expectation):
    """One row for each delivery that was held, by the position at which it was."""

    category = Quarantine.category
    parts = ((PROJECTION.held, ("id",)),)

    def expect(self, log: Log, stream: Stream, *wanted: Wanted) -> None:
        """Add the row of a held delivery."""
        (rows,) = wanted
        states: list[tuple[int, Values]] = []
        for position, _, state in stream.states(Quarantine):
            held = state.held
            if held is None:
                continue
            first = states[0][0] if states else position
            row = {
                "id": first,
                "stream": stream.name,
                "source": held.source,
                "reason": held.reason,
                "event_id": None if isinstance(held.event_id, str) else held.event_id,
                "text_id": held.event_id if isinstance(held.event_id, str) else None,
                "received_at": to_microseconds(held.timestamp),
                "bytes": len(held.body),
                "state": state.ended or "held",
            }
            rows.keys.add((first,))
            states.append((position, rows.columns.values(row)))
        rows.add(timeline(states))

    def origins(self, log: Log, tables: SlotTables, row: Mapping[str, Any]) -> list[str]:
        """Return the stream that a row names."""
        return [row["stream"]]

"""The events of all sources, with their data as sent."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Text

from domain.aggregates.delivery import Delivery
from projections import lists
from projections.batch_writer import BatchWriter
from projections.models.events import blocks
from projections.projection import Projection, handles
from projections.slot_tables import Word, versioned_tables
from projections.snapshots import Snapshot
from projections.times import from_microseconds, to_microseconds

ORDER = ("id", "source")
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Events(Projection):
    """Every recorded envelope, by event id and source."""

    name = "events"
    events = versioned_tables(
        "events",
        lambda: [
            Column("id", BigInteger, primary_key=True, autoincrement=False),
            Column("source", Word, primary_key=True),
            Column("type", Word, nullable=False),
            Column("created_at", BigInteger, nullable=False),
            Column("data", Text, nullable=False),
        ],
        indexes=[
            ("type", "id", "source"),
            ("source", "id"),
            ("source", "type", "id"),
            ("created_at",),
        ],
        rising="id",
    )
    tables = (events, blocks.BLOCKS)

    @handles(Delivery.Recorded)
    def recorded(self, writer: BatchWriter, event: Delivery.Recorded, position: int) -> None:
        """Add the row of an envelope."""
        created_at = to_microseconds(event.created_at)
        writer.changed[position] = event.event_id, created_at
        writer.upsert(
            self.events,
            id=event.event_id,
            source=event.source,
            type=event.type,
            created_at=created_at,
            data=_data(event.body),
        )

    @handles(Delivery.Replaced)
    def replaced(self, writer: BatchWriter, event: Delivery.Replaced, position: int) -> None:
        """Replace the row of an envelope."""
        columns = self.events[writer.slot].c
        which = (columns.id == event.event_id, columns.source == event.source)
        writer.retire(self.events, *which)
        self.recorded(writer, event, position)

    def finish_batch(self, writer: BatchWriter) -> None:
        """Widen the time ranges of the blocks of ids."""
        blocks.widen(writer)

    def page(
        self,
        snapshot: Snapshot,
        *,
        since: datetime | None = None,
        before: datetime | None = None,
        **wanted: Any,
    ) -> list[dict[str, Any]]:
        """Return events by rising id and source, created at `since` or later and before `before`.

        See lists.page for the other arguments.
        """
        if since is None and before is None:
            rows = lists.page(snapshot, self.events, ORDER, **wanted)
        else:
            times: dict[str, Any] = {
                "since": to_microseconds(since or FIRST),
                "before": to_microseconds(before or LAST) + (not before),
            }
            rows = blocks.page(snapshot, self.events, **times, **wanted)
        return [_shown(row) for row in rows]


class _Envelope(msgspec.Struct):
    data: msgspec.Raw


def _data(body: bytes) -> str:
    """Return the data of an envelope, as it was sent."""
    try:
        return bytes(_envelope.decode(body).data).decode()
    except msgspec.DecodeError:
        # Python's parser accepted the body at its receipt, so it has the last word.
        return json.dumps(json.loads(body)["data"])


_envelope = msgspec.json.Decoder(_Envelope)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "created_at": from_microseconds(row["created_at"]),
        "data": json.loads(row["data"]),
    }


PROJECTION = Events()

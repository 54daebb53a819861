"""The events of all sources, with their data as sent."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Text, select

from domain.aggregates.delivery import Delivery
from projections import lists
from projections.batch_writer import BatchWriter
from projections.models.events import blocks
from projections.models.events.numbers import event_id_of, number_of
from projections.projection import Projection, handles
from projections.slot_tables import SPARSE, Word, versioned_tables
from projections.snapshots import Snapshot
from projections.times import from_microseconds, to_microseconds

ORDER = ("id", "source")
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Events(Projection):
    """Every recorded envelope, by the number of its id and by source: see numbers.py."""

    name = "events"
    events = versioned_tables(
        "events",
        lambda: [
            Column("id", BigInteger, primary_key=True, autoincrement=False),
            Column("source", Word, primary_key=True),
            Column("text_id", Word, info=SPARSE),
            Column("type", Word, nullable=False),
            Column("created_at", BigInteger, nullable=False),
            Column("data", Text, nullable=False),
        ],
        indexes=[
            ("type", "id", "source"),
            ("source", "id"),
            ("source", "type", "id"),
            ("created_at",),
            ("text_id", "source"),
        ],
        rising="id",
    )
    tables = (events, blocks.BLOCKS)

    @handles(Delivery.Recorded)
    def recorded(self, writer: BatchWriter, event: Delivery.Recorded, position: int) -> None:
        """Add the row of an envelope."""
        self._write(writer, event, position, number_of(event.event_id, position))

    @handles(Delivery.Replaced)
    def replaced(self, writer: BatchWriter, event: Delivery.Replaced, position: int) -> None:
        """Replace the row of an envelope."""
        columns = self.events[writer.slot].c
        number = event.event_id
        if isinstance(number, str):
            writer.flush()
            known = (columns.text_id == number, columns.source == event.source)
            number = writer.connection.execute(select(columns.id).where(*known)).scalar_one()
        writer.retire(self.events, columns.id == number, columns.source == event.source)
        self._write(writer, event, position, number)

    def _write(
        self, writer: BatchWriter, event: Delivery.Recorded, position: int, number: int
    ) -> None:
        created_at = to_microseconds(event.created_at)
        writer.changed[position] = number, created_at
        writer.upsert(
            self.events,
            id=number,
            source=event.source,
            text_id=event.event_id if isinstance(event.event_id, str) else None,
            type=event.type,
            created_at=created_at,
            data=_data(event.body) if event.data_from is None else json.dumps(event.data()),
        )

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
        """Return events by rising number and source, created at `since` or later and before `before`.

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
        "number": row["id"],
        "id": event_id_of(row),
        "source": row["source"],
        "type": row["type"],
        "created_at": from_microseconds(row["created_at"]),
        "data": json.loads(row["data"]),
    }


PROJECTION = Events()

"""The events of all sources, with their data as sent."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Text, select

from domain.aggregates.delivery import Delivery
from domain.event_ids import EventId
from projections import lists
from projections.batch_writer import BatchWriter
from projections.models.events import blocks
from projections.models.events.numbers import INTEGERS, TEXTS, Kind, event_id_of, number_of
from projections.projection import Projection, handles
from projections.slot_tables import SPARSE, Word, versioned_tables
from projections.snapshots import Snapshot
from projections.times import from_microseconds, to_microseconds

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Events(Projection):
    """Every recorded envelope: by rising integer id, then by text id, and by source."""

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
            ("text_id", "source", "created_at"),
            ("type", "text_id", "source"),
            ("source", "text_id"),
            ("source", "type", "text_id"),
            ("created_at", "text_id"),
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
            found = writer.connection.scalar(select(columns.id).where(*known))
            # There is none when the first record was skipped.
            number = number_of(event.event_id, position) if found is None else found
        writer.retire(self.events, columns.id == number, columns.source == event.source)
        self._write(writer, event, position, number)

    def _write(
        self, writer: BatchWriter, event: Delivery.Recorded, position: int, number: int
    ) -> None:
        created_at = to_microseconds(event.created_at)
        if number >= 0:
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
        """Widen the time ranges of the blocks of integer ids."""
        blocks.widen(writer)

    def page(
        self,
        snapshot: Snapshot,
        *,
        limit: int,
        after: tuple[EventId, str] | None = None,
        **wanted: Any,
    ) -> list[dict[str, Any]]:
        """Return events by rising id and source, created at `since` or later and before `before`.

        Integer ids come first, then text by code points. See lists.page for the other arguments.
        """
        in_text = after is not None and isinstance(after[0], str)
        rows = [] if in_text else self._page(snapshot, INTEGERS, limit, after, **wanted)
        if len(rows) < limit:
            after, limit = after if in_text else None, limit - len(rows)
            rows += self._page(snapshot, TEXTS, limit, after, **wanted)
        return [_shown(row) for row in rows]

    def _page(
        self,
        snapshot: Snapshot,
        kind: Kind,
        limit: int,
        after: tuple[EventId, str] | None,
        *,
        since: datetime | None = None,
        before: datetime | None = None,
        **equal: Any,
    ) -> list[dict[str, Any]]:
        asked: dict[str, Any] = {"limit": limit, "after": after, **equal}
        if since is None and before is None:
            asked.update(kind.since(after))
            return lists.page(snapshot, self.events, kind.order, **asked)
        asked["since"] = to_microseconds(since or FIRST)
        asked["before"] = to_microseconds(before or LAST) + (not before)
        return blocks.page(snapshot, self.events, kind, **asked)


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
        "id": event_id_of(row),
        "source": row["source"],
        "type": row["type"],
        "created_at": from_microseconds(row["created_at"]),
        "data": json.loads(row["data"]),
    }


PROJECTION = Events()

"""The events that sources announced, as they sent them."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Text

from domain.delivery import Delivery
from projections import event_times, lists
from projections.projection import Projection, Rows, Word, handles, micros, moment, slots
from projections.views import View

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Events(Projection):
    """Every recorded envelope, by the id that its source gave it."""

    name = "events"
    events = slots(
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
    )
    tables = (events, event_times.BLOCKS)

    @handles(Delivery.Recorded)
    def recorded(self, rows: Rows, event: Delivery.Recorded, position: int) -> None:
        """List an envelope."""
        created_at = micros(event.created_at)
        rows.touched[event.event_id, event.source] = created_at
        rows.upsert(
            self.events,
            id=event.event_id,
            source=event.source,
            type=event.type,
            created_at=created_at,
            data=_data(event.body),
        )

    @handles(Delivery.Replaced)
    def replaced(self, rows: Rows, event: Delivery.Replaced, position: int) -> None:
        """List the envelope that stands now in the place of the one before."""
        self.recorded(rows, event, position)

    def settle(self, rows: Rows) -> None:
        """Write which times the blocks of ids span."""
        event_times.widen(rows)

    def page(
        self,
        view: View,
        *,
        since: datetime | None = None,
        before: datetime | None = None,
        **wanted: Any,
    ) -> list[dict[str, Any]]:
        """Return events by rising id and source, created at `since` or later and before `before`.

        See lists.page for what else can be wanted.
        """
        table = self.events[view.slot]
        if since is None and before is None:
            rows = lists.page(view.connection, table, ("id", "source"), **wanted)
        else:
            blocks = event_times.BLOCKS[view.slot]
            times: dict[str, Any] = {
                "since": micros(since or FIRST),
                "before": micros(before or LAST) + (not before),
            }
            rows = event_times.page(view.connection, table, blocks, **times, **wanted)
        return [_shown(row) for row in rows]


class _Envelope(msgspec.Struct):
    data: msgspec.Raw


def _data(body: bytes) -> str:
    """Cut the data out of an envelope, as it was sent."""
    try:
        return bytes(_envelope.decode(body).data).decode()
    except msgspec.DecodeError:
        # Python's parser took it when it came; so it is that one's word that counts.
        return json.dumps(json.loads(body)["data"])


_envelope = msgspec.json.Decoder(_Envelope)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "created_at": moment(row["created_at"]), "data": json.loads(row["data"])}

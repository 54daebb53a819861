"""The events that sources announced, as they sent them."""

import json
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, String, Text

from domain.delivery import Delivery
from projections import lists
from projections.projection import Projection, Rows, handles, micros, moment, slots
from projections.views import View


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
            data=_data(event.body),
        )

    @handles(Delivery.Replaced)
    def replaced(self, rows: Rows, event: Delivery.Replaced, position: int) -> None:
        """List the envelope that stands now in the place of the one before."""
        self.recorded(rows, event, position)

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
        times: dict[str, Any] = {
            "created_at>=": since and micros(since),
            "created_at<": before and micros(before),
        }
        table = self.events[view.slot]
        rows = lists.page(view.connection, table, ("id", "source"), **times, **wanted)
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

"""GET /api/v1/events/: the events of all sources, with their data as sent."""

from typing import Any

from flask import Response
from marshmallow import Schema, fields

from domain.event_ids import EventId
from projections.models.events import PROJECTION
from receiver import pages
from receiver.access import requires
from receiver.blueprint import Blueprint
from receiver.consistency import consistent_snapshot
from receiver.date_fields import QueryDateTime, SpacedDateTime
from receiver.fields import Text

blueprint = Blueprint(
    "events", __name__, url_prefix="/api/v1/events", description="The events of all sources."
)


class EventSchema(Schema):
    """An event as its source sent it. Source: seeds, events."""

    class Meta:
        fields = ("id", "created_at", "type", "data")

    id = fields.Raw(
        required=True,
        metadata={"oneOf": [{"type": "integer"}, {"type": "string"}], "example": 3514},
    )
    created_at = SpacedDateTime(required=True, metadata={"example": "2017-11-24 10:00:00"})
    type = fields.String(required=True)
    data = fields.Raw(
        required=True,
        metadata={"description": "An object, unless the source has an envelope of its own."},
    )


_many = EventSchema(many=True)


class EventsQuery(pages.PageSchema):
    """The arguments of the list; dates are ISO 8601 or YYYY-MM-DD HH:MM:SS, naive means UTC."""

    type = Text(128, load_default=None)
    source = Text(64, load_default=None)
    since = QueryDateTime(data_key="created_at__gte", load_default=None)
    before = QueryDateTime(data_key="created_at__lt", load_default=None)
    after = pages.Cursor([EventId, str], load_default=None)


@blueprint.route("/")
@requires("reader")
@blueprint.query(EventsQuery)
@blueprint.response(200, EventSchema(many=True))
def list_events(query: dict[str, Any]) -> Response:
    """List events by id

    Integers come first, then text by code points.
    """
    with consistent_snapshot(PROJECTION.name) as snapshot:
        rows = PROJECTION.page(snapshot, **pages.one_more(query))
    return pages.page(rows, query["limit"], _many.dump, ["id", "source"])

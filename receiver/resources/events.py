"""GET /api/v1/events/: what sources announced, as they sent it."""

from typing import Any

from flask import Response
from marshmallow import Schema, fields

from projections.events import Events
from receiver import pages
from receiver.access import requires
from receiver.blueprint import Blueprint
from receiver.fields import QueryMoment, SpacedMoment, Text

blueprint = Blueprint(
    "events", __name__, url_prefix="/api/v1/events", description="What sources announced."
)
EVENTS = Events()


class EventSchema(Schema):
    """An event as its source sent it. Source: seeds, events."""

    class Meta:
        fields = ("id", "created_at", "type", "data")

    id = fields.Integer(required=True)
    created_at = SpacedMoment(required=True, metadata={"example": "2017-11-24 10:00:00"})
    type = fields.String(required=True)
    data = fields.Dict(required=True)


_many = EventSchema(many=True)


class EventsQuery(pages.PageSchema):
    """The arguments of the list; dates are ISO 8601 or YYYY-MM-DD HH:MM:SS, naive means UTC."""

    type = Text(128, load_default=None)
    source = Text(64, load_default=None)
    since = QueryMoment(data_key="created_at__gte", load_default=None)
    before = QueryMoment(data_key="created_at__lt", load_default=None)
    after = pages.Cursor([int, str], load_default=None)


@blueprint.route("/")
@requires("reader")
@blueprint.arguments(EventsQuery, location="query", error_status_code=400)
@blueprint.response(200, EventSchema(many=True))
def list_events(query: dict[str, Any]) -> Response:
    """List events by id"""
    with pages.reading(EVENTS.name) as view:
        rows = EVENTS.page(view, **pages.one_more(query))
    return pages.page(rows, query["limit"], _many.dump, ["id", "source"])

"""The routes …/history/ of all things: their events, and what each has changed."""

from collections.abc import Callable
from typing import Any

from flask import Response, abort
from marshmallow import Schema, fields

from audit.entries import Entry
from audit.history import Histories
from receiver import pages
from receiver.access import requires
from receiver.blueprint import Blueprint
from receiver.consistency import last_position
from receiver.current import services
from receiver.date_fields import MicrosecondDateTime
from receiver.shown_values import show

_KEY = fields.Raw(required=True, metadata={"type": ["string", "integer"]})


class ActorSchema(Schema):
    """The source, client or operator that caused an event."""

    class Meta:
        fields = ("kind", "id", "name")

    kind = fields.String(required=True, metadata={"enum": ["source", "client", "operator"]})
    id = _KEY
    name = fields.String(required=True, allow_none=True)


class ChangeSchema(Schema):
    """A value before and after an event; null where there is none."""

    class Meta:
        fields = ("field", "before", "after")

    field = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class DeliverySchema(Schema):
    """The delivery that an event came from, and where it is recorded."""

    class Meta:
        fields = ("position", "source", "event_id", "webhook_id")

    position = fields.Integer(required=True)
    source = fields.String(required=True)
    event_id = fields.Raw(
        required=True, allow_none=True, metadata={"type": ["string", "integer", "null"]}
    )
    webhook_id = fields.String(required=True, allow_none=True)


class EntrySchema(Schema):
    """One event of a history."""

    class Meta:
        fields = (
            "position",
            "recorded_at",
            "event",
            "by",
            "why",
            "request_id",
            "changes",
            "delivery",
        )

    position = fields.Integer(required=True)
    recorded_at = MicrosecondDateTime(
        required=True,
        metadata={
            "description": "Given by the ledger; it never falls.",
            "example": "2017-11-24T10:00:00.123456+00:00",
        },
    )
    event = fields.String(required=True, metadata={"example": "Kit.Observed"})
    by = fields.Nested(ActorSchema, required=True, allow_none=True)
    why = fields.String(required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)
    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    delivery = fields.Nested(DeliverySchema, required=True, allow_none=True)


_many = EntrySchema(many=True)


def histories() -> Histories:
    """Return the reader of histories."""
    return Histories(services().ledger, show)


def answer_entries(entries: list[Entry], limit: int, schema: Schema = _many) -> Response:
    """Return a page of entries; one more than `limit` shows that there is a next page."""
    return pages.page([vars(each) for each in entries], limit, schema.dump, ["position"])


def add_history(
    blueprint: Blueprint, path: str, stream_of: Callable[..., str], thing: str, **options: Any
) -> None:
    """Add the route that answers the history of a thing.

    `stream_of` returns the name of its stream from the arguments in the path; it may raise NotFound. A
    stream without events is answered 404, too.
    """

    def get_history(query: dict[str, Any], **names: Any) -> Response:
        stream, until = stream_of(**names), last_position()
        wanted = {"after": (query["after"] or (0,))[0], "limit": query["limit"] + 1}
        found = histories().of_stream(stream, until=until, **wanted)
        if not found and query["after"] is None:
            abort(404, f"there is no such {thing}")
        return answer_entries(found, query["limit"])

    get_history.__name__ = f"get_history_of_{thing.replace(' ', '_')}"
    get_history.__doc__ = f"Get the history of one {thing}"
    shown = blueprint.response(200, EntrySchema(many=True))
    route = requires("auditor")(blueprint.query(pages.IdPageSchema)(shown(get_history)))
    blueprint.route(path, **options)(route)

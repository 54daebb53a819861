"""What the routes of kits and of reports share."""

from collections.abc import Callable
from typing import Any

from flask import Response, abort
from marshmallow import Schema, fields

from projections.standings import Standings
from receiver import pages
from receiver.fields import Moment, Status


class StandingSchema(Schema):
    """How something stands that sources tell of."""

    status = fields.String(required=True, metadata={"description": "Known statuses and others."})
    reason = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True, metadata={"example": "2017-11-24T10:00:00+00:00"})
    modified_at = Moment(required=True, metadata={"example": "2017-11-24T10:00:00+00:00"})


class StandingsQuery(pages.PageSchema):
    """The arguments of a list."""

    status = Status(load_default=None)


def listing(model: Standings, dump: Callable[[Any], Any], query: dict[str, Any]) -> Response:
    """Answer with a page of how things stand."""
    with pages.reading(model.name) as view:
        rows = model.page(view, **pages.one_more(query))
    return pages.page(rows, query["limit"], dump, [model.key])


def one(model: Standings, dump: Callable[[Any], Any], key: Any) -> Response:
    """Answer with how one thing stands, or with 404."""
    with pages.reading(model.name) as view:
        row = model.one(view, key)
    if row is None:
        abort(404, f"no {model.name[:-1]} of this {model.key} was ever spoken of")
    return pages.answer(dump(row))

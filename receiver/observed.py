"""The routes and payload of resources that sources observe."""

from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, missing

from domain.observed import ObservedAggregate
from projections.observed import ObservedProjection
from receiver.date_fields import UtcDateTime
from receiver.event_types import PayloadType
from receiver.resource import Resource

if TYPE_CHECKING:
    from flask import Response

    from receiver.blueprint import Blueprint


def observed_resource(
    *,
    event_types: tuple[str, ...],
    aggregate: type[ObservedAggregate],
    payload: type[Schema],
    projection: ObservedProjection,
) -> Resource:
    """Return a resource whose events have a payload, and whose routes are a list and one thing.

    `payload` is the schema of the thing in an event; an answer has the same fields and two times. Raises
    TypeError when the fields are not those of the event, or not columns of the read model.
    """
    missing_columns = payload().fields.keys() - projection.columns
    if missing_columns:
        raise TypeError(f"the table of {projection.name} has no {', '.join(missing_columns)}")
    return Resource(
        projection=projection,
        event_types=event_types,
        payload=PayloadType(aggregate, payload),
        shown={aggregate: answer_schema(aggregate, payload, of_events=True)()},
        make_blueprints=lambda: [_make_blueprint(aggregate, payload, projection)],
    )


def answer_schema(
    aggregate: type[ObservedAggregate], payload: type[Schema], *, of_events: bool = False
) -> type[Schema]:
    """Derive the schema of an answer: every field of the payload, null if it has no value.

    It shows rows of the read model, or with `of_events` the values of the aggregate.
    """
    shown = {}
    for name, field in payload().fields.items():
        output = copy(field)
        output.attribute, output.data_key = field.attribute if of_events else None, None
        output.allow_none, output.required = not field.required, True
        # Defaults and limits are for input only.
        output.load_default, output.validators = missing, []
        shown[name] = output
    for name in ("created_at", "modified_at"):
        shown[name] = UtcDateTime(required=True, metadata={"example": "2017-11-24T10:00:00+00:00"})
    return Schema.from_dict(shown, name=f"{aggregate.__name__}Schema")


def _make_blueprint(
    aggregate: type[ObservedAggregate], payload: type[Schema], projection: ObservedProjection
) -> "Blueprint":
    from receiver import pages
    from receiver.access import requires
    from receiver.blueprint import Blueprint
    from receiver.fields import Status
    from receiver.history import add_history

    name, key, key_type = aggregate.category, aggregate.key, aggregate.key_type
    schema = answer_schema(aggregate, payload)
    query = pages.PageSchema.from_dict(
        {
            "status": Status(load_default=None),
            "after": pages.Cursor([key_type], load_default=None),
        },
        name=f"{aggregate.__name__}sQuerySchema",
    )
    list_all, get_one = _routes(aggregate, projection, schema)
    list_all.__doc__ = f"List {projection.name} by {projection.key}"
    get_one.__doc__ = f"Get the current status of one {name}"
    list_all.__name__, get_one.__name__ = f"list_{projection.name}", f"get_{name}"
    blueprint = Blueprint(
        projection.name,
        __name__,
        url_prefix=f"/api/v1/{projection.name}",
        description=f"The current status of {projection.name}.",
    )
    reader = requires("reader")
    arguments = blueprint.query(query)
    blueprint.route("/")(reader(arguments(blueprint.response(200, schema(many=True))(list_all))))
    converter = "id" if key_type is int else "text"
    blueprint.route(f"/<{converter}:{key}>/")(reader(blueprint.response(200, schema)(get_one)))
    path = f"/<{converter}:{key}>/history/"
    add_history(blueprint, path, lambda **names: aggregate.create_id(names[key]), name)
    return blueprint


def _routes(
    aggregate: type[ObservedAggregate], projection: ObservedProjection, schema: type[Schema]
) -> "tuple[Callable[..., Response], Callable[..., Response]]":
    from flask import abort

    from receiver import pages
    from receiver.answers import answer
    from receiver.consistency import consistent_snapshot

    one, many = schema(), schema(many=True)

    def list_all(query: dict[str, Any]) -> "Response":
        with consistent_snapshot(projection.name) as snapshot:
            rows = projection.page(snapshot, **pages.one_more(query))
        return pages.page(rows, query["limit"], many.dump, [projection.key])

    def get_one(**path: Any) -> "Response":
        with consistent_snapshot(projection.name) as snapshot:
            row = projection.one(snapshot, path[aggregate.key])
        if row is None:
            abort(404, f"there is no {aggregate.category} with this {projection.key}")
        return answer(one.dump(row))

    return list_all, get_one

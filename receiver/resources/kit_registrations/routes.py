"""The routes of kit registrations."""

from typing import Any

from flask import Response, abort

from domain.aggregates.kit_registration import KitRegistration
from domain.times import to_seconds
from domain.use_cases import kit_registrations
from projections.models.kit_registrations import PROJECTION
from receiver import dates, pages
from receiver.access import requires
from receiver.answers import answer, preconditions
from receiver.blueprint import Blueprint
from receiver.consistency import consistent_snapshot
from receiver.current import ledger
from receiver.fields import QueryId, Text
from receiver.history import add_history
from receiver.paths import public_path
from receiver.resources.kit_registrations.schemas import (
    KitRegistrationChangeSchema,
    KitRegistrationSchema,
    NewKitRegistrationSchema,
)

_one, _many = KitRegistrationSchema(), KitRegistrationSchema(many=True)


class KitRegistrationsQuery(pages.IdPageSchema):
    """The arguments of the list."""

    customer = QueryId(load_default=None)
    kit = Text(64, load_default=None)


def list_registrations(query: dict[str, Any]) -> Response:
    """List kit registrations by id"""
    with consistent_snapshot(PROJECTION.name) as snapshot:
        rows = PROJECTION.page(snapshot, **pages.one_more(query))
    return pages.page(rows, query["limit"], _many.dump, ["id"])


def register(new: dict[str, Any]) -> Response:
    """Register a kit to a customer

    The same customer and kit again is answered 200 with the registration that exists.
    """
    check, now = preconditions(_shown), to_seconds(dates.utc_now())
    registration, made = kit_registrations.register_kit(ledger(), check, now=now, **new)
    response = answer(_shown(registration), 201 if made else 200)
    if made:
        here = public_path().rstrip("/")
        response.headers["Location"] = f"{here}/{registration.registration_id}/"
    return response


def get_registration(registration_id: int) -> Response:
    """Get one kit registration"""
    with consistent_snapshot(PROJECTION.name) as snapshot:
        row = PROJECTION.one(snapshot, registration_id)
    if row is None:
        abort(404, "there is no such kit registration")
    return answer(_one.dump(row))


def change_registration(change: dict[str, Any], registration_id: int) -> Response:
    """Set or clear the verification date of a kit registration"""
    check = preconditions(_shown)
    if "verification_date" in change:
        date, now = change["verification_date"], to_seconds(dates.utc_now())
        registration = kit_registrations.set_verification_date(
            ledger(), registration_id, date, check, now=now
        )
    else:
        registration = kit_registrations.kit_registration(ledger().streams, registration_id)
        check(registration)
    return answer(_shown(registration))


def make_blueprint(name: str) -> Blueprint:
    """Return the routes under one of their two addresses."""
    made = Blueprint(
        name,
        __name__,
        url_prefix=f"/api/v1/{name}",
        description="The registrations of kits to customers.",
    )
    query = made.query(KitRegistrationsQuery)
    one, many = (
        made.response(200, KitRegistrationSchema),
        made.response(200, KitRegistrationSchema(many=True)),
    )
    reader, registrar = requires("reader"), requires("registrar")
    routes = (
        ("/", "GET", reader(query(many(list_registrations)))),
        ("/", "POST", registrar(made.arguments(NewKitRegistrationSchema)(_posted(made)(register)))),
        ("/<id:registration_id>/", "GET", reader(one(get_registration))),
        (
            "/<id:registration_id>/",
            "PATCH",
            registrar(made.arguments(KitRegistrationChangeSchema)(one(change_registration))),
        ),
    )
    for path, method, route in routes:
        made.route(path, methods=[method])(route)
    add_history(
        made, "/<id:registration_id>/history/", KitRegistration.create_id, "kit registration"
    )
    return made


def _posted(blueprint: Blueprint) -> Any:
    made = blueprint.response(201, KitRegistrationSchema)
    known = blueprint.alt_response(
        200, schema=KitRegistrationSchema, description="It exists already"
    )
    return lambda route: made(known(route))


def _shown(registration: KitRegistration) -> Any:
    return _one.dump({**vars(registration), "id": registration.registration_id})

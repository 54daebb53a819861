"""Registrations of profiles to groups: /api/organizations/{orgID}/…. Source: seeds, registrations."""

from typing import Any

from flask import Response, abort

from audit.decoding import decoded
from domain.aggregates.registration import Registration
from domain.use_cases import registrations
from domain.use_cases.registration_lookup import RegistrationInGroup
from domain.use_cases.registrations import RegistrationChange
from projections.models.organizations import PROJECTION
from receiver import dates, pages
from receiver.access import requires
from receiver.answers import answer, preconditions
from receiver.blueprint import Blueprint
from receiver.consistency import consistent_snapshot
from receiver.current import ledger, services
from receiver.history import add_history
from receiver.paths import public_path
from receiver.resources.organizations.groups import require_group
from receiver.resources.organizations.registration_schemas import (
    NewRegistrationSchema,
    RegistrationChangeSchema,
    RegistrationSchema,
)

blueprint = Blueprint(
    "registrations",
    __name__,
    url_prefix="/api/organizations/<id:organization_id>",
    description="Profiles, registered to groups.",
)
OF_PROFILE = "/profiles/<id:profile_id>/registrations"
ONE = f"{OF_PROFILE}/<id:registration_id>"
_one, _many = RegistrationSchema(), RegistrationSchema(many=True)


@blueprint.route("/groups/<id:group_id>/registrations")
@requires("reader")
@blueprint.query(pages.IdPageSchema)
@blueprint.response(200, RegistrationSchema(many=True))
def list_below(query: dict[str, Any], organization_id: int, group_id: int) -> Response:
    """List the registrations to a group and to all below it, by id"""
    with consistent_snapshot(PROJECTION.name) as snapshot:
        require_group(snapshot, organization_id, group_id)
        rows = PROJECTION.registrations_below(
            snapshot, organization_id, group_id, **pages.one_more(query)
        )
    return pages.page(rows, query["limit"], _many.dump, ["id"])


@blueprint.route(OF_PROFILE)
@requires("reader")
@blueprint.query(pages.IdPageSchema)
@blueprint.response(200, RegistrationSchema(many=True))
def list_of_profile(query: dict[str, Any], organization_id: int, profile_id: int) -> Response:
    """List the registrations of a profile, by id"""
    with consistent_snapshot(PROJECTION.name) as snapshot:
        require_group(snapshot, organization_id, organization_id)
        rows = PROJECTION.registrations_of_profile(
            snapshot, organization_id, profile_id, **pages.one_more(query)
        )
    return pages.page(rows, query["limit"], _many.dump, ["id"])


@blueprint.route(OF_PROFILE, methods=["POST"])
@requires("registrar")
@blueprint.arguments(NewRegistrationSchema)
@blueprint.response(201, RegistrationSchema)
def register(new: dict[str, Any], organization_id: int, profile_id: int) -> Response:
    """Register a profile to a group"""
    wanted, check = RegistrationChange(**new), preconditions(_shown)
    now = dates.millis(dates.utc_now())
    made = registrations.register(ledger(), organization_id, profile_id, wanted, check, now=now)
    response = answer(_shown(made), 201)
    registration = made.registration.registration_id
    response.headers["Location"] = f"{public_path().rstrip('/')}/{registration}"
    return response


@blueprint.route(ONE)
@requires("reader")
@blueprint.response(200, RegistrationSchema)
def get_registration(organization_id: int, profile_id: int, registration_id: int) -> Response:
    """Get one registration"""
    with consistent_snapshot(PROJECTION.name) as snapshot:
        rows = PROJECTION.registrations_of_profile(
            snapshot, organization_id, profile_id, limit=1, registration_id=registration_id
        )
    if not rows:
        abort(404, "this profile has no such registration")
    return answer(_one.dump(rows[0]))


@blueprint.route(ONE, methods=["PUT"])
@requires("registrar")
@blueprint.arguments(RegistrationChangeSchema)
@blueprint.response(200, RegistrationSchema)
def change(
    change: dict[str, Any], organization_id: int, profile_id: int, registration_id: int
) -> Response:
    """Change the group or type of a registration, deactivate or reactivate it"""
    which = (organization_id, profile_id, registration_id)
    wanted = RegistrationChange(**change, sets=frozenset(change))
    now = dates.millis(dates.utc_now())
    check = preconditions(_shown)
    changed = registrations.change_registration(ledger(), *which, wanted, check, now=now)
    return answer(_shown(changed))


@blueprint.route(ONE, methods=["DELETE"])
@requires("registrar")
@blueprint.response(204)
def deactivate(organization_id: int, profile_id: int, registration_id: int) -> Response:
    """Deactivate a registration; repeating it changes nothing"""
    which = (organization_id, profile_id, registration_id)
    now = dates.millis(dates.utc_now())
    registrations.deactivate_registration(ledger(), *which, preconditions(_shown), now=now)
    response = Response(status=204)
    del response.content_type
    return response


def _stream_of(organization_id: int, profile_id: int, registration_id: int) -> str:
    """Return the stream of a registration; aborts with 404 unless it is this profile's."""
    stream = Registration.create_id(registration_id)
    repository = services().ledger.streams
    # The first event says whose it is; a later one may be of a version that is not known here.
    events = [decoded(repository, each) for each in repository.store.select_stream(stream)[:1]]
    found = Registration(stream).replay(event for event in events if event is not None)
    if not found.version or (found.organization_id, found.profile_id) != (
        organization_id,
        profile_id,
    ):
        abort(404, "there is no such registration")
    return stream


add_history(blueprint, f"{ONE}/history", _stream_of, "registration")


def _shown(found: RegistrationInGroup) -> Any:
    return _one.dump(
        {
            **vars(found.registration),
            "id": found.registration.registration_id,
            "group_name": found.group.name,
            "group_identifier": found.group.identifier,
        }
    )

"""Registrations of profiles to groups: /api/organizations/{orgID}/…. Source: seeds, registrations."""

from typing import Any

from flask import Response, abort, request
from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from domain.organizations import Registered, RegistrationChange
from projections.organizations import Organizations
from receiver import dates, pages
from receiver.access import requires
from receiver.blueprint import Blueprint
from receiver.fields import Id, MillisMoment, SpacedMillis, Text
from receiver.messages import Lenient
from receiver.parts import organizations
from receiver.resources.groups import GroupsQuery, known

blueprint = Blueprint(
    "registrations",
    __name__,
    url_prefix="/api/organizations/<id:organization_id>",
    description="Profiles, registered to groups.",
)
OF_PROFILE = "/profiles/<id:profile_id>/registrations"
ONE = f"{OF_PROFILE}/<id:registration_id>"
TYPES = ("patient", "provider")
MODEL = Organizations()


class RegistrationSchema(Schema):
    """A registration."""

    class Meta:
        fields = (
            "id",
            "profileID",
            "groupID",
            "groupName",
            "groupIdentifier",
            "type",
            "created",
            "updated",
            "deactivated",
        )

    id = fields.Integer(required=True)
    profileID = fields.Integer(required=True, attribute="profile")  # noqa: N815
    groupID = fields.Integer(required=True, attribute="group")  # noqa: N815
    groupName = fields.String(required=True, attribute="group_name")  # noqa: N815
    groupIdentifier = fields.String(  # noqa: N815
        required=True, allow_none=True, attribute="group_identifier"
    )
    type = fields.String(required=True, validate=validate.OneOf(TYPES))
    created = SpacedMillis(required=True, metadata={"example": "2018-01-01 17:30:17.829"})
    updated = SpacedMillis(required=True, metadata={"example": "2018-01-01 17:30:17.829"})
    deactivated = SpacedMillis(
        required=True, allow_none=True, metadata={"description": "null while it is active."}
    )


_one, _many = RegistrationSchema(), RegistrationSchema(many=True)


class RegistrationChangeSchema(Lenient):
    """What a registration is to be; what is not given stays as it is."""

    group = Id(data_key="groupID")
    identifier = Text(
        255, data_key="groupIdentifier", metadata={"description": "Wins over groupID."}
    )
    type = fields.String(validate=validate.OneOf(TYPES))
    deactivated = MillisMoment(
        allow_none=True,
        metadata={"description": "null reactivates; a timestamp deactivates as of then."},
    )

    @pre_load
    def identifier_wins(self, data: Any, **_: Any) -> Any:
        """Leave out what does not count: a null identifier, or the id beside a given one."""
        if not isinstance(data, dict) or "groupIdentifier" not in data:
            return data
        void = "groupIdentifier" if data["groupIdentifier"] is None else "groupID"
        return {name: value for name, value in data.items() if name != void}


class NewRegistrationSchema(RegistrationChangeSchema):
    """What makes a registration: a type, and a group by its id or identifier."""

    class Meta(RegistrationChangeSchema.Meta):
        exclude = ("deactivated",)

    type = fields.String(required=True, validate=validate.OneOf(TYPES))

    @validates_schema
    def names_a_group(self, data: Any, **_: Any) -> None:
        """Refuse when no group is named."""
        if "group" not in data and "identifier" not in data:
            raise ValidationError("Missing data for required field.", "groupID")


@blueprint.route("/groups/<id:group_id>/registrations")
@requires("reader")
@blueprint.arguments(GroupsQuery, location="query", error_status_code=400)
@blueprint.response(200, RegistrationSchema(many=True))
def list_below(query: dict[str, Any], organization_id: int, group_id: int) -> Response:
    """List the registrations to a group and to all below it, by id"""
    with pages.reading(MODEL.name) as view:
        known(view, organization_id, group_id)
        rows = MODEL.below(view, organization_id, group_id, **pages.one_more(query))
    return pages.page(rows, query["limit"], _many.dump, ["id"])


@blueprint.route(OF_PROFILE)
@requires("reader")
@blueprint.arguments(GroupsQuery, location="query", error_status_code=400)
@blueprint.response(200, RegistrationSchema(many=True))
def list_of_profile(query: dict[str, Any], organization_id: int, profile_id: int) -> Response:
    """List the registrations of a profile, by id"""
    with pages.reading(MODEL.name) as view:
        known(view, organization_id, organization_id)
        rows = MODEL.of_profile(view, organization_id, profile_id, **pages.one_more(query))
    return pages.page(rows, query["limit"], _many.dump, ["id"])


@blueprint.route(OF_PROFILE, methods=["POST"])
@requires("registrar")
@blueprint.arguments(NewRegistrationSchema)
@blueprint.response(201, RegistrationSchema)
def register(new: dict[str, Any], organization_id: int, profile_id: int) -> Response:
    """Register a profile to a group"""
    wanted = RegistrationChange(**new)
    made = organizations().register(
        organization_id, profile_id, wanted, now=dates.millis(dates.utc_now())
    )
    response = pages.answer(_shown(made), 201)
    registration = made.registration.registration
    response.headers["Location"] = f"{request.path.rstrip('/')}/{registration}"
    return response


@blueprint.route(ONE)
@requires("reader")
@blueprint.response(200, RegistrationSchema)
def get_registration(organization_id: int, profile_id: int, registration_id: int) -> Response:
    """Get one registration"""
    with pages.reading(MODEL.name) as view:
        rows = MODEL.of_profile(
            view, organization_id, profile_id, limit=1, registration=registration_id
        )
    if not rows:
        abort(404, "this profile has no such registration")
    return pages.answer(_one.dump(rows[0]))


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
    check = pages.if_match(_shown)
    return pages.answer(
        _shown(organizations().change(*which, wanted, check, now=dates.millis(dates.utc_now())))
    )


@blueprint.route(ONE, methods=["DELETE"])
@requires("registrar")
@blueprint.response(204)
def deactivate(organization_id: int, profile_id: int, registration_id: int) -> Response:
    """Deactivate a registration; again, it changes nothing"""
    which = (organization_id, profile_id, registration_id)
    organizations().deactivate(*which, pages.if_match(_shown), now=dates.millis(dates.utc_now()))
    return Response(status=204)


def _shown(found: Registered) -> Any:
    return _one.dump(
        {
            **vars(found.registration),
            "id": found.registration.registration,
            "group_name": found.group.name,
            "group_identifier": found.group.identifier,
        }
    )

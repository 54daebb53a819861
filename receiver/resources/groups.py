"""The groups of an organization: PUT and GET /api/organizations/{orgID}/groups/…."""

from typing import Any

from flask import Response, abort
from marshmallow import Schema, fields
from werkzeug.exceptions import NotFound

from domain.group import Group
from domain.organizations import GroupChange
from projections.organizations import Organizations
from projections.views import View
from receiver import dates, pages
from receiver.access import requires
from receiver.blueprint import Blueprint
from receiver.fields import Id, Text
from receiver.messages import Lenient
from receiver.pages import Cursor
from receiver.parts import organizations

blueprint = Blueprint(
    "groups",
    __name__,
    url_prefix="/api/organizations/<id:organization_id>/groups",
    description="An organization's tree of groups.",
)
MODEL = Organizations()


class GroupSchema(Schema):
    """A group, and the path from the root to it."""

    class Meta:
        fields = ("id", "name", "parentID", "parents", "groupIdentifier")

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    parentID = fields.Integer(required=True, allow_none=True, attribute="parent")  # noqa: N815
    parents = fields.List(
        fields.Integer(), required=True, metadata={"description": "Root first, itself included."}
    )
    groupIdentifier = fields.String(  # noqa: N815
        required=True, allow_none=True, attribute="identifier"
    )


_one, _many = GroupSchema(), GroupSchema(many=True)


class GroupChangeSchema(Lenient):
    """What a group is to be; an identifier or a parent that is not given stays as it is."""

    name = Text(255, required=True)
    identifier = Text(255, allow_none=True, data_key="groupIdentifier")
    parent = Id(
        allow_none=True,
        data_key="parentID",
        metadata={"description": "The root's id for a new group that names none."},
    )


class GroupsQuery(pages.PageSchema):
    """The arguments of the list."""

    after = Cursor([int], load_default=None)


@blueprint.route("/<id:group_id>", methods=["PUT"])
@requires("registrar")
@blueprint.arguments(GroupChangeSchema)
@blueprint.response(200, GroupSchema)
@blueprint.alt_response(201, schema=GroupSchema, description="It is new")
def put_group(change: dict[str, Any], organization_id: int, group_id: int) -> Response:
    """Make or change a group

    The group whose id is the organization's is its root: it makes the organization, and has no parent.
    """
    wanted = GroupChange(**change, sets=frozenset(change))
    check = pages.if_match(_shown)
    now = dates.millis(dates.utc_now())
    group, path, made = organizations().put_group(organization_id, group_id, wanted, check, now=now)
    return pages.answer(_shown(group, path), 201 if made else 200)


@blueprint.route("")
@requires("reader")
@blueprint.arguments(GroupsQuery, location="query", error_status_code=400)
@blueprint.response(200, GroupSchema(many=True))
def list_groups(query: dict[str, Any], organization_id: int) -> Response:
    """List the groups of an organization by id"""
    with pages.reading(MODEL.name) as view:
        known(view, organization_id, organization_id)
        rows = MODEL.group_page(view, organization_id, **pages.one_more(query))
    return pages.page(rows, query["limit"], _many.dump, ["id"])


@blueprint.route("/<id:group_id>")
@requires("reader")
@blueprint.response(200, GroupSchema)
def get_group(organization_id: int, group_id: int) -> Response:
    """Get one group"""
    with pages.reading(MODEL.name) as view:
        row = known(view, organization_id, group_id)
    return pages.answer(_one.dump(row))


def known(view: View, organization: int, group: int) -> dict[str, Any]:
    """Return a group; aborts with 404 when there is none, or no such organization."""
    row = MODEL.group(view, organization, group)
    if row is None:
        abort(404, NotFound.description)
    return row


def _shown(group: Group, path: list[int]) -> Any:
    return _one.dump({**vars(group), "id": group.group, "parents": path})

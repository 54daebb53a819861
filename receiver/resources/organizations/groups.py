"""The groups of an organization: PUT and GET /api/organizations/{orgID}/groups/…."""

from typing import Any

from flask import Response, abort
from werkzeug.exceptions import NotFound

from domain.aggregates.group import Group
from domain.use_cases import groups
from projections.models.organizations import PROJECTION
from projections.snapshots import Snapshot
from receiver import dates, pages
from receiver.access import requires
from receiver.answers import answer, preconditions
from receiver.blueprint import Blueprint
from receiver.consistency import consistent_snapshot
from receiver.current import ledger
from receiver.history import add_history
from receiver.paths import public_path
from receiver.resources.organizations.group_schemas import GroupChangeSchema, GroupSchema

blueprint = Blueprint(
    "groups",
    __name__,
    url_prefix="/api/organizations/<id:organization_id>/groups",
    description="An organization's tree of groups.",
)


_one, _many = GroupSchema(), GroupSchema(many=True)


@blueprint.route("/<id:group_id>", methods=["PUT"])
@requires("registrar")
@blueprint.arguments(GroupChangeSchema)
@blueprint.response(200, GroupSchema)
@blueprint.alt_response(201, schema=GroupSchema, description="It is new")
def put_group(change: dict[str, Any], organization_id: int, group_id: int) -> Response:
    """Create or change a group

    The group with the organization's id is its root: it creates the organization, and has no parent.
    """
    wanted = groups.GroupChange(**change, sets=frozenset(change))
    check = preconditions(_shown)
    now = dates.millis(dates.utc_now())
    group, path, made = groups.put_group(
        ledger(), organization_id, group_id, wanted, check, now=now
    )
    response = answer(_shown(group, path), 201 if made else 200)
    if made:
        response.headers["Location"] = public_path()
    return response


@blueprint.route("")
@requires("reader")
@blueprint.query(pages.IdPageSchema)
@blueprint.response(200, GroupSchema(many=True))
def list_groups(query: dict[str, Any], organization_id: int) -> Response:
    """List the groups of an organization by id"""
    with consistent_snapshot(PROJECTION.name) as snapshot:
        require_group(snapshot, organization_id, organization_id)
        rows = PROJECTION.group_page(snapshot, organization_id, **pages.one_more(query))
    return pages.page(rows, query["limit"], _many.dump, ["id"])


@blueprint.route("/<id:group_id>")
@requires("reader")
@blueprint.response(200, GroupSchema)
def get_group(organization_id: int, group_id: int) -> Response:
    """Get one group"""
    with consistent_snapshot(PROJECTION.name) as snapshot:
        row = require_group(snapshot, organization_id, group_id)
    return answer(_one.dump(row))


add_history(blueprint, "/<id:group_id>/history", Group.create_id, "group")


def require_group(snapshot: Snapshot, organization_id: int, group_id: int) -> dict[str, Any]:
    """Return a group; aborts with 404 when there is none, or no such organization."""
    row = PROJECTION.group(snapshot, organization_id, group_id)
    if row is None:
        abort(404, NotFound.description)
    return row


def _shown(group: Group, path: list[int]) -> Any:
    return _one.dump({**vars(group), "id": group.group_id, "parents": path})

"""The schemas of groups. Source: seeds, registrations."""

from marshmallow import Schema, fields

from receiver.fields import Id, Text
from receiver.schemas import Lenient


class GroupSchema(Schema):
    """A group, and the path from the root to it."""

    class Meta:
        fields = ("id", "name", "parentID", "parents", "groupIdentifier")

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    parentID = fields.Integer(required=True, allow_none=True, attribute="parent_id")  # noqa: N815
    parents = fields.List(
        fields.Integer(), required=True, metadata={"description": "Root first, itself included."}
    )
    groupIdentifier = fields.String(  # noqa: N815
        required=True, allow_none=True, attribute="identifier"
    )


class GroupChangeSchema(Lenient):
    """The wanted values of a group; without an identifier or a parent, these stay."""

    name = Text(255, required=True)
    identifier = Text(255, allow_none=True, data_key="groupIdentifier")
    parent_id = Id(
        allow_none=True,
        data_key="parentID",
        metadata={"description": "The root's id for a new group that names none."},
    )

"""The schemas of registrations of profiles to groups. Source: seeds, registrations."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from receiver.date_fields import MillisecondDateTime, SpacedMillisecondDateTime
from receiver.fields import Id, Text
from receiver.schemas import Lenient

TYPES = ("patient", "provider")


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
    profileID = fields.Integer(required=True, attribute="profile_id")  # noqa: N815
    groupID = fields.Integer(required=True, attribute="group_id")  # noqa: N815
    groupName = fields.String(required=True, attribute="group_name")  # noqa: N815
    groupIdentifier = fields.String(  # noqa: N815
        required=True, allow_none=True, attribute="group_identifier"
    )
    type = fields.String(required=True, validate=validate.OneOf(TYPES))
    created = SpacedMillisecondDateTime(
        required=True, metadata={"example": "2018-01-01 17:30:17.829"}
    )
    updated = SpacedMillisecondDateTime(
        required=True, metadata={"example": "2018-01-01 17:30:17.829"}
    )
    deactivated = SpacedMillisecondDateTime(
        required=True, allow_none=True, metadata={"description": "null while it is active."}
    )


class RegistrationChangeSchema(Lenient):
    """The wanted values of a registration; a missing field changes nothing."""

    group_id = Id(data_key="groupID")
    identifier = Text(
        255, data_key="groupIdentifier", metadata={"description": "Wins over groupID."}
    )
    type = fields.String(validate=validate.OneOf(TYPES))
    deactivated = MillisecondDateTime(
        allow_none=True,
        metadata={"description": "null reactivates; a timestamp deactivates as of then."},
    )

    @pre_load
    def identifier_wins(self, data: Any, **_: Any) -> Any:
        """Drop a null identifier, or the id beside a given identifier."""
        if not isinstance(data, dict) or "groupIdentifier" not in data:
            return data
        void = "groupIdentifier" if data["groupIdentifier"] is None else "groupID"
        return {name: value for name, value in data.items() if name != void}


class NewRegistrationSchema(RegistrationChangeSchema):
    """The fields of a new registration: a type, and a group by its id or identifier."""

    class Meta(RegistrationChangeSchema.Meta):
        exclude = ("deactivated",)

    type = fields.String(required=True, validate=validate.OneOf(TYPES))

    @validates_schema
    def names_a_group(self, data: Any, **_: Any) -> None:
        """Refuse when no group is named."""
        if "group_id" not in data and "identifier" not in data:
            raise ValidationError("Missing data for required field.", "groupID")

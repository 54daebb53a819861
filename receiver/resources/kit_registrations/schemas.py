"""The schemas of kit registrations."""

from marshmallow import Schema, fields

from receiver.date_fields import UtcDateTime
from receiver.fields import Id, Text
from receiver.schemas import Lenient


class KitRegistrationSchema(Schema):
    """The registration of a kit to a customer. Source: seeds, kit registration."""

    class Meta:
        fields = ("id", "created_at", "modified_at", "customer", "kit", "verification_date")

    id = fields.Integer(required=True)
    created_at = UtcDateTime(required=True, metadata={"example": "2017-11-24T10:00:00+00:00"})
    modified_at = UtcDateTime(required=True, metadata={"example": "2017-11-24T10:00:00+00:00"})
    customer = fields.Integer(required=True)
    kit = fields.String(required=True)
    verification_date = UtcDateTime(required=True, allow_none=True)


class NewKitRegistrationSchema(Lenient):
    """The fields of a new registration."""

    customer = Id(required=True, metadata={"example": 70})
    kit = Text(64, required=True, metadata={"example": "67"})
    verification_date = UtcDateTime(allow_none=True, load_default=None)


class KitRegistrationChangeSchema(Lenient):
    """The only field that can be changed; other fields are ignored."""

    verification_date = UtcDateTime(allow_none=True)

"""The schemas of deliveries as they were received."""

from marshmallow import Schema, fields

from receiver.date_fields import MicrosecondDateTime
from receiver.entry_schemas import SubjectSchema


class FollowedSchema(Schema):
    """An event that followed from a delivery."""

    class Meta:
        fields = ("position", "event", "subject")

    position = fields.Integer(required=True)
    event = fields.String(required=True)
    subject = fields.Nested(SubjectSchema, required=True)


class ReceivedSchema(Schema):
    """A delivery, as it was received."""

    class Meta:
        fields = (
            "position",
            "source",
            "key_id",
            "scheme",
            "received_at",
            "headers",
            "outcome",
            "event_id",
            "batch",
            "events",
            "body",
            "body_base64",
        )

    position = fields.Integer(required=True)
    source = fields.String(required=True)
    key_id = fields.String(required=True)
    scheme = fields.String(required=True, allow_none=True)
    received_at = MicrosecondDateTime(
        required=True, metadata={"description": "By the clock of the host that received it."}
    )
    headers = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "Those that the signature covers, and the signature."},
    )
    outcome = fields.String(
        required=True,
        metadata={
            "example": "recorded",
            "description": "`recorded`; `replaced`, if an operator let it replace the one before; `array`;"
            " or why it was held: `conflict`, `not-json`, `invalid`.",
        },
    )
    event_id = fields.Raw(
        required=True, allow_none=True, metadata={"type": ["string", "integer", "null"]}
    )
    batch = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The position of the array, which the signature covers."},
    )
    events = fields.List(
        fields.Nested(FollowedSchema),
        required=True,
        metadata={
            "description": "What was recorded with it, by its release, and in place of it, by position."
        },
    )
    body = fields.String(
        required=True, allow_none=True, metadata={"description": "null unless it is text."}
    )
    body_base64 = fields.String(required=True)

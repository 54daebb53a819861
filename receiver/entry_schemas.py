"""The schemas of the entries of histories."""

from marshmallow import Schema, fields

from receiver.date_fields import MicrosecondDateTime

_KEY = fields.Raw(required=True, metadata={"type": ["string", "integer"]})


class ActorSchema(Schema):
    """The source, client or operator that caused an event."""

    class Meta:
        fields = ("kind", "id", "name")

    kind = fields.String(required=True, metadata={"enum": ["source", "client", "operator"]})
    id = _KEY
    name = fields.String(required=True, allow_none=True)


class SubjectSchema(Schema):
    """The thing that an event belongs to."""

    class Meta:
        fields = ("kind", "id")

    kind = fields.String(required=True, metadata={"example": "kit"})
    id = _KEY


class ChangeSchema(Schema):
    """A value before and after an event; null where there is none."""

    class Meta:
        fields = ("field", "before", "after")

    field = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class DeliverySchema(Schema):
    """The delivery that an event came from, and where it is recorded."""

    class Meta:
        fields = ("position", "source", "event_id", "webhook_id")

    position = fields.Integer(required=True)
    source = fields.String(required=True)
    event_id = fields.Raw(
        required=True, allow_none=True, metadata={"type": ["string", "integer", "null"]}
    )
    webhook_id = fields.String(required=True, allow_none=True)


class EntrySchema(Schema):
    """One event of a history."""

    class Meta:
        fields = (
            "position",
            "recorded_at",
            "event",
            "by",
            "why",
            "request_id",
            "changes",
            "delivery",
        )

    position = fields.Integer(required=True)
    recorded_at = MicrosecondDateTime(
        required=True,
        metadata={
            "description": "Given by the ledger; it never falls.",
            "example": "2017-11-24T10:00:00.123456+00:00",
        },
    )
    event = fields.String(required=True, metadata={"example": "Kit.Observed"})
    by = fields.Nested(ActorSchema, required=True, allow_none=True)
    why = fields.String(required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)
    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    delivery = fields.Nested(DeliverySchema, required=True, allow_none=True)

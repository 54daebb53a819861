"""The schemas of reviews of the log."""

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validates

from receiver.date_fields import MicrosecondDateTime
from receiver.entry_schemas import ActorSchema
from receiver.fields import Id, Prose
from receiver.schemas import Lenient

LONGEST_FINDING = 5000


class StretchSchema(Schema):
    """Successive positions, both included."""

    class Meta:
        include: ClassVar[dict[str, fields.Field[Any]]] = {
            "from": fields.Integer(required=True, attribute="first"),
            "to": fields.Integer(required=True, attribute="last"),
        }


class ReviewSchema(StretchSchema):
    """A review of some positions of the log."""

    id = fields.Integer(required=True)
    finding = fields.String(required=True)
    by = fields.Nested(ActorSchema, required=True, allow_none=True)
    recorded_at = MicrosecondDateTime(
        required=True, metadata={"example": "2017-11-24T10:00:00.123456+00:00"}
    )
    position = fields.Integer(required=True)
    independent = fields.Boolean(
        required=True,
        metadata={"description": "Whether the reviewer changed nothing in these positions."},
    )
    organization = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Only the events of this organization were reviewed."},
    )


class ReviewsSchema(Schema):
    """A page of reviews, and all positions that nobody has reviewed yet."""

    reviews = fields.List(fields.Nested(ReviewSchema), required=True)
    unreviewed = fields.List(fields.Nested(StretchSchema), required=True)


class NewReviewSchema(Lenient):
    """The fields of a new review."""

    class Meta(Lenient.Meta):
        include: ClassVar[dict[str, fields.Field[Any]]] = {
            "from": Id(required=True, attribute="first", metadata={"example": 1}),
            "to": Id(required=True, attribute="last", metadata={"example": 7}),
        }

    finding = Prose(LONGEST_FINDING, required=True, metadata={"example": "all as it should be"})

    @validates("finding")
    def says_something(self, finding: str, **_: Any) -> None:
        """Refuse a finding that is blank."""
        if not finding.strip():
            raise ValidationError("Must not be blank.")

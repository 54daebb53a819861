"""The event types that concern an aggregate, and the payload of each."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from marshmallow import Schema, fields

from domain.messages import Payload
from domain.observed import ObservedAggregate
from receiver.date_fields import UtcDateTime
from receiver.fast_check import printable_fields, struct_type, values_of
from receiver.fields import Id, Text
from receiver.schemas import Lenient


class EnvelopeSchema(Lenient):
    """The envelope of every event. Source: seeds, events."""

    id = Id(required=True, metadata={"description": "The event's id, given by its source."})
    type = Text(128, required=True, metadata={"example": "kit.updated"})
    data = fields.Dict(keys=fields.String(), required=True)
    created_at = UtcDateTime(
        allow_none=True,
        metadata={"description": "ISO 8601 or YYYY-MM-DD HH:MM:SS; naive means UTC."},
    )


ENVELOPE = EnvelopeSchema()


class PayloadType:
    """The payload of some event types: an object in `data`, named by its aggregate's category.

    `schema` defines the fields of that object, which are the values of the Observed event.
    """

    def __init__(self, aggregate: type[ObservedAggregate], schema: type[Schema]) -> None:
        self.aggregate = aggregate
        self.schema = schema()
        self._name = aggregate.category
        nested = fields.Nested(schema, required=True)
        self._data = Lenient.from_dict({self._name: nested}, name=f"{self._name}-data")()
        struct = struct_type(self.schema, f"{self._name}-payload")
        data = msgspec.defstruct(f"{self._name}-data", [(self._name, struct)])
        self._fast = struct_type(ENVELOPE, f"{self._name}-envelope", data=data, type=str)
        self._texts = printable_fields(self.schema)
        self._values = values_of(self.schema)

    def load(self, data: Any) -> Payload:
        """Return the payload in an envelope's data; raises marshmallow's ValidationError."""
        loaded: dict[str, Any] = self._data.load(data)
        return self._payload(loaded[self._name])

    def load_fast(self, envelope: Any) -> tuple[Any, Payload] | None:
        """Return an envelope as a struct, and its payload; None when only the schema can decide."""
        try:
            checked: Any = msgspec.convert(envelope, self._fast)
        except (msgspec.ValidationError, TypeError):
            return None
        struct = getattr(checked.data, self._name)
        for name in self._texts:
            text = getattr(struct, name)
            if text is not None and not text.isprintable():
                return None
        return checked, self._payload(self._values(struct))

    def _payload(self, values: dict[str, Any]) -> Payload:
        return Payload(self.aggregate, self.aggregate.create_id(values[self.aggregate.key]), values)


@cache
def event_types() -> Mapping[str, PayloadType]:
    """Return the payload type of each event type that a resource names; others have none."""
    from receiver.resources import all_resources

    return {
        event_type: resource.payload
        for resource in all_resources()
        if resource.payload is not None
        for event_type in resource.event_types
    }

"""The event types that concern an aggregate, and the payload of each."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from marshmallow import Schema, fields

from domain.messages import Payload
from domain.observed import ObservedAggregate
from receiver.date_fields import UtcDateTime
from receiver.fast_check import FastCheck
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

    `schema` defines the fields of that object, which are the values of the Observed event. Raises
    TypeError when it has other fields, and NoFastCheck.
    """

    def __init__(self, aggregate: type[ObservedAggregate], schema: type[Schema]) -> None:
        self.aggregate = aggregate
        self.schema = schema()
        given = {each.attribute or name for name, each in self.schema.fields.items()}
        wanted = {aggregate.key, "status", "reason", *aggregate.Observed.own_fields}
        if given != wanted:
            raise TypeError(f"{schema.__name__} gives {sorted(given)}, not {sorted(wanted)}")
        self._name = aggregate.category
        nested = fields.Nested(schema, required=True)
        self._data = Lenient.from_dict({self._name: nested}, name=f"{self._name}-data")()
        self._fast = FastCheck(self.schema, f"{self._name}-payload")
        data = msgspec.defstruct(f"{self._name}-data", [(self._name, self._fast.struct)])
        self._envelope = FastCheck(ENVELOPE, f"{self._name}-envelope", data=data, type=str)

    def load(self, data: Any) -> Payload:
        """Return the payload in an envelope's data; raises marshmallow's ValidationError."""
        loaded: dict[str, Any] = self._data.load(data)
        return self._payload(loaded[self._name])

    def load_fast(self, envelope: Any) -> tuple[dict[str, Any], Payload] | None:
        """Return a loaded envelope and its payload; None when only the schema can decide."""
        try:
            loaded = self._envelope.values(msgspec.convert(envelope, self._envelope.struct))
            values = self._fast.values(getattr(loaded["data"], self._name))
        except (msgspec.ValidationError, TypeError, ValueError):
            return None
        return loaded, self._payload(values)

    def _payload(self, values: dict[str, Any]) -> Payload:
        return Payload(self.aggregate, self.aggregate.create_id(values[self.aggregate.key]), values)


@cache
def event_types() -> Mapping[str, PayloadType]:
    """Return the payload type of each event type that a resource names; others have none."""
    from receiver.resources import all_resources

    found: dict[str, PayloadType] = {}
    for resource in all_resources():
        for event_type in resource.event_types:
            if resource.payload is None or event_type in found:
                raise TypeError(f"{event_type} must have one resource, with a payload")
            found[event_type] = resource.payload
    return found

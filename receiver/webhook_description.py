"""Webhooks in the OpenAPI document: the envelope, the payload of each event type, and the answers."""

from typing import Any

from apispec import APISpec

from receiver.event_types import EnvelopeSchema
from receiver.resources import all_resources

_ONE = {
    "type": "object",
    "required": ["id", "status", "position"],
    "properties": {
        "id": {"type": ["integer", "string"]},
        "status": {"enum": ["recorded", "duplicate"]},
        "position": {"type": "integer", "description": "Where it is recorded in the ledger."},
    },
}
_EACH = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "id": {"type": ["integer", "string", "null"]},
        "status": {"enum": ["recorded", "duplicate", "conflict", "invalid"]},
        "position": {"type": "integer"},
        "quarantine": {"type": "integer", "description": "Where the refused bytes are kept."},
        "errors": {"type": "object"},
    },
}
_MANY = {
    "type": "object",
    "required": ["results"],
    "properties": {"results": {"type": "array", "items": _EACH}},
}
_EVENT = {"$ref": "#/components/schemas/Envelope"}
_ARRAY = {"type": "array", "maxItems": 1000, "items": _EVENT}


def _json(description: str, *schemas: dict[str, Any]) -> dict[str, Any]:
    schema = schemas[0] if len(schemas) == 1 else {"oneOf": list(schemas)}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


WEBHOOK: dict[str, Any] = {
    "security": [{"webhook-signature": []}],
    "requestBody": {"required": True}
    | _json(
        "The event, or an array of them; what its source sends, if that has an envelope of its own.",
        _EVENT,
        _ARRAY,
    ),
    "responses": {
        "200": _json("It was recorded before; nothing new is kept.", _ONE),
        "202": _json("It is on disk; of an array, what became of each event.", _ONE, _MANY),
        "400": {"description": "Not JSON; kept in quarantine."},
        "404": {"description": "There is no such source."},
        "401": {"description": "The signature, or a header that it needs, is missing or wrong."},
        "409": {"description": "Another content is recorded under this id; kept in quarantine."},
        "410": {"description": "The source was retired."},
        "415": {"description": "The Content-Type is not JSON."},
        "422": {"description": "It breaks the schema of its type; kept in quarantine."},
    },
}


ADDRESS: dict[str, Any] = {
    "security": [],
    "responses": {each: WEBHOOK["responses"][each] for each in ("404", "410")},
}


def describe_events(spec: APISpec) -> None:
    """Add the envelope to the document, and the payload of each event type.

    `x-payloads` of the envelope says which object an event type has in its data. It is an extension, since
    conditions (`if`, `then`) make generators of requests draw and reject for minutes.
    """
    components = spec.components
    components.schema("Envelope", schema=EnvelopeSchema)
    payloads = components.schemas["Envelope"].setdefault("x-payloads", {})
    for resource in all_resources():
        if resource.payload is None:
            continue
        aggregate = resource.payload.aggregate
        name = f"{aggregate.__name__}Payload"
        components.schema(name, schema=resource.payload.schema)
        payload = {aggregate.category: {"$ref": f"#/components/schemas/{name}"}}
        payloads.update(dict.fromkeys(resource.event_types, payload))

"""The hand-written parts of the OpenAPI document: what schemas and routes do not say."""

from typing import Any

HEADERS = {
    "ETag": ("Changes when the answer does.", "string"),
    "Ledger-Lag": (
        "How many events behind the ledger this answer is, or `unknown`; absent when none.",
        "string",
    ),
    "Link": ('The next page, if there is one: <…>; rel="next".', "string"),
}
DESCRIPTION = """Receives the webhooks of labs into an append-only event store, and answers reads of
kits, reports and registrations. A read sees every write that was acknowledged before it was asked;
when it can't within 2 s, `Ledger-Lag` says how many events behind it is, or `unknown` while the ledger
itself can't be reached. Paths work with and without
the trailing slash."""
SECURITY: list[dict[str, list[str]]] = [{"basic": []}, {"bearer": []}]
SCHEMES = {
    "basic": {"type": "http", "scheme": "basic", "description": "A client's id and key."},
    "webhook-signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks: signed with `webhook-id` and `webhook-timestamp`; or the"
        " header of the source's own hmac-sha256 scheme.",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "A client's key."},
}
_ONE = {
    "type": "object",
    "required": ["id", "status", "position"],
    "properties": {
        "id": {"type": "integer"},
        "status": {"enum": ["recorded", "duplicate"]},
        "position": {"type": "integer", "description": "Where it is recorded in the ledger."},
    },
}
_EACH = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "id": {"type": ["integer", "null"]},
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
    "requestBody": {"required": True} | _json("The event, or an array of them.", _EVENT, _ARRAY),
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

"""GET /api/v1/audit/deliveries/{position}/: what was received, byte for byte, and what became of it."""

from base64 import b64encode
from typing import Any

from flask import Response, abort, request
from marshmallow import Schema, fields

from audit.receipts import Received, received
from receiver.access import requires
from receiver.answers import answer
from receiver.blueprint import Blueprint
from receiver.consistency import last_position
from receiver.current import services
from registry.keys import HMAC_SHA256, STANDARD_WEBHOOKS

BYTES = "application/octet-stream"
blueprint = Blueprint(
    "audit-deliveries",
    __name__,
    url_prefix="/api/v1/audit/deliveries",
    description="What was received.",
)


class FollowedSchema(Schema):
    """An event that was recorded with a delivery."""

    class Meta:
        fields = ("position", "event")

    position = fields.Integer(required=True)
    event = fields.String(required=True)


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
    received_at = fields.DateTime(required=True)
    headers = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "Those that the signature covers, and the signature."},
    )
    outcome = fields.String(required=True, metadata={"example": "recorded"})
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
        metadata={"description": "What followed from it."},
    )
    body = fields.String(
        required=True, allow_none=True, metadata={"description": "null unless it is text."}
    )
    body_base64 = fields.String(required=True)


_one = ReceivedSchema()


@blueprint.route("/<id:position>/")
@requires("auditor")
@blueprint.response(200, ReceivedSchema)
def get_delivery(position: int) -> Response:
    """Get a delivery that was recorded or held

    `Accept: application/octet-stream` answers its exact bytes.
    """
    ledger, until = services().ledger, last_position()
    found = received(ledger, position, until) if position <= until else None
    if found is None:
        abort(404, "no delivery is recorded at this position")
    accepted = request.accept_mimetypes.best_match(["application/json", BYTES])
    if accepted == BYTES:
        return Response(found.body, content_type=BYTES)
    return answer(_one.dump(_shown(found)))


def _shown(found: Received) -> dict[str, Any]:
    try:
        text = found.body.decode()
    except UnicodeDecodeError:
        text = None
    encoded = b64encode(found.body).decode()
    return {**vars(found), **_signature(found), "body": text, "body_base64": encoded}


def _signature(found: Received) -> dict[str, Any]:
    """Return the scheme of a delivery, and the headers that its signature was in."""
    signed = found.signed
    if signed.webhook_id:
        names = ("webhook_id", "webhook_timestamp")
        headers = {name.replace("_", "-"): getattr(signed, name) for name in names}
        headers["webhook-signature"] = signed.signature
        return {"scheme": STANDARD_WEBHOOKS, "headers": headers}
    source = services().sources.get(found.source)
    header = source.header if source else "signature"
    return {"scheme": HMAC_SHA256, "headers": {header: signed.signature}}

"""GET /api/v1/audit/deliveries/{position}/: what was received, byte for byte, and what became of it."""

from base64 import b64encode
from typing import Any

from flask import Response, abort, request

from audit.receipts import Received, received
from receiver.access import requires
from receiver.answers import answer
from receiver.auditing.delivery_schemas import ReceivedSchema
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


_one = ReceivedSchema()


@blueprint.route("/<id:position>/")
@requires("auditor")
@blueprint.response(200, ReceivedSchema)
@blueprint.doc(responses={200: {"content": {BYTES: {"schema": {"type": "string"}}}}})
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
        response = Response(found.body, content_type=BYTES)
    else:
        response = answer(_one.dump(_shown(found)))
    response.vary.add("Accept")
    return response


def _shown(found: Received) -> dict[str, Any]:
    try:
        text = found.body.decode()
    except UnicodeDecodeError:
        text = None
    encoded = b64encode(found.body).decode()
    shown = _signature(found)
    shown["headers"] = {**(found.signed.headers or {}), **shown["headers"]}
    return {**vars(found), **shown, "body": text, "body_base64": encoded}


def _signature(found: Received) -> dict[str, Any]:
    """Return the scheme of a delivery, and the headers of its signature."""
    signed = found.signed
    if signed.webhook_id:
        names = ("webhook_id", "webhook_timestamp")
        headers = {name.replace("_", "-"): getattr(signed, name) for name in names}
        headers["webhook-signature"] = signed.signature
        return {"scheme": STANDARD_WEBHOOKS, "headers": headers}
    header = found.settings.get("header")
    if header is None:
        # Of a source that was added before the ledger had the settings of sources.
        source = services().sources.get(found.source)
        header = source.header if source else "signature"
    headers = {str(header): signed.signature}
    if timestamp_header := found.settings.get("timestamp_header"):
        headers[str(timestamp_header)] = signed.webhook_timestamp
    return {"scheme": HMAC_SHA256, "headers": headers}

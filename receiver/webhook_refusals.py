"""Refusals of webhooks, for those who operate the service: counted by reason, logged, never in silence."""

from http import HTTPStatus

import structlog
from flask import Response, g, request

from receiver.dates import utc_now
from receiver.errors import Overloaded, problem
from receiver.server.metrics import LAST_WITHOUT_ROOM, NO_ROOM, WEBHOOKS
from receiver.signatures import Unverified, claims
from registry.source import Source

REASONS = {
    400: "broken-body",
    404: "unknown-source",
    405: "wrong-method",
    408: "too-slow",
    410: "retired-source",
    413: "too-large",
    415: "not-json-type",
    503: "store-unavailable",
}
"""Reasons by status, where the status alone tells the reason."""
_ROUTE = "/webhooks/"
_LONGEST_LOGGED = 256


def count(response: Response) -> Response:
    """Count an answer to a webhook: by envelope if it was verified, else by the reason of its refusal.

    Of all answers, since those to a wrong method or path belong to no route.
    """
    if request.path.startswith(_ROUTE) and (
        request.method == "POST" or response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    ):
        source = g.get("webhook_source", "")
        unsaid = [REASONS.get(response.status_code, "other")]
        for outcome in g.get("webhook_outcomes", unsaid):
            WEBHOOKS.labels(source, outcome).inc()
    return response


def unverified(source: Source, refusal: Unverified) -> Response:
    """Answer 401, and log what helps to find the sender and its fault."""
    g.webhook_outcomes = [refusal.kind]
    structlog.get_logger().warning(
        "webhook-unverified",
        source=source.name,
        reason=str(refusal),
        peer=request.remote_addr,
        user_agent=request.headers.get("User-Agent", "")[:_LONGEST_LOGGED],
        **claims(source, request.headers, utc_now()),
    )
    response = problem(401, str(refusal))
    response.headers["WWW-Authenticate"] = f'Webhook-Signature scheme="{source.scheme}"'
    return response


def no_room(error: Overloaded) -> Response:
    """Answer 503, and warn."""
    g.webhook_outcomes = [NO_ROOM]
    LAST_WITHOUT_ROOM.set_to_current_time()
    structlog.get_logger().warning(
        "webhook-no-room",
        source=g.get("webhook_source", ""),
        reason=str(error),
        peer=request.remote_addr,
    )
    return problem(503, str(error))

"""POST /webhooks/{source}: verify, parse and record a delivery before the answer."""

from typing import Any

from flask import Response, abort, current_app, g, request

from domain.cause import SOURCE, Cause
from domain.messages import Outcome
from domain.use_cases import deliveries
from receiver import bodies, dates, envelopes, webhook_handshakes, webhook_refusals
from receiver.admission import Arrival
from receiver.answers import answer
from receiver.blueprint import Blueprint, answers_options_itself
from receiver.challenges import challenge
from receiver.current import ledger, services
from receiver.errors import Overloaded, problem
from receiver.signatures import Unverified, verify
from receiver.webhook_description import ADDRESS, WEBHOOK
from registry.source import Source

blueprint = Blueprint("webhooks", __name__, description="Sources announce events here.")
blueprint.after_app_request(webhook_refusals.count)
blueprint.register_error_handler(Overloaded, webhook_refusals.no_room)
SINGLE = {"recorded": 202, "duplicate": 200, "conflict": 409, "not-json": 400, "invalid": 422}
REFUSED = {
    "conflict": "another delivery with this source and id, but another content, is recorded",
    "not-json": "the body is not JSON; it is kept in quarantine",
    "invalid": "the event breaks its schema; it is kept in quarantine",
}


@blueprint.route("/webhooks/<source>", methods=["POST"])
@blueprint.doc(**WEBHOOK)
@answers_options_itself
def receive(source: str) -> Response:
    """Receive one event, or an array of up to 1000

    2xx means that every event answered as `recorded` is on disk. The same event again is harmless.
    """
    sender = _sender(source)
    limit = current_app.config["MAX_BODY_BYTES"]
    extensions = current_app.extensions
    with Arrival(extensions["arrivals"], request.environ["wsgi.input"]) as arrival:
        body = bodies.read(request, limit, arrival.hold)
        if unread := envelopes.unread_type(sender, request.mimetype):
            abort(415, unread)
        try:
            delivery = verify(sender, request.headers, body, dates.utc_now())
        except Unverified as refusal:
            return webhook_refusals.unverified(sender, refusal)
        services().sources.uses.note(sender.name, delivery.key_id, delivery.received_at)
    if wanted := challenge(sender, body):
        g.webhook_outcomes = ["handshake"]
        return Response(wanted, content_type="text/plain; charset=utf-8")
    g.cause = Cause.of(SOURCE, source, source, request_id=g.request_id)
    with extensions["admission"].admit(len(body)):
        if sender.has_default_envelope:
            messages, batch = envelopes.read(body)
        else:
            delivery = envelopes.with_headers(sender, delivery, request.headers)
            messages, batch = envelopes.read_delivery(sender, delivery)
        outcomes = deliveries.receive(
            ledger(), delivery, messages, batch=batch, ignored=sender.ignored
        )
    g.webhook_outcomes = [outcome.status for outcome in outcomes] or ["empty"]
    return _array(outcomes) if batch else _single(outcomes[0])


@blueprint.route("/webhooks/<source>", methods=["GET"])
@blueprint.doc(**ADDRESS)
@blueprint.response(200, description="Webhooks of this source are posted here.")
@answers_options_itself
def describe(source: str) -> Response:
    """Say whether webhooks are taken at this address

    Some senders ask before they post the first one.
    """
    _sender(source)
    return answer({"source": source, "detail": "webhooks are posted to this address"})


@blueprint.route("/webhooks/<source>", methods=["OPTIONS"])
@blueprint.doc(**ADDRESS)
@blueprint.response(200, description="The methods, and what CloudEvents' handshake asks for.")
@answers_options_itself
def shake_hands(source: str) -> Response:
    """Answer the handshake of CloudEvents' webhooks"""
    return webhook_handshakes.of_cloud_events(_sender(source), request.headers)


def _sender(name: str) -> Source:
    source = services().sources.get(name)
    if source is None:
        abort(404, "there is no such source")
    g.webhook_source = name
    if source.retired:
        abort(410, "this source was retired")
    return source


def _single(outcome: Outcome) -> Response:
    status = SINGLE[outcome.status]
    if outcome.status in REFUSED:
        return problem(
            status,
            REFUSED[outcome.status],
            errors=outcome.errors or None,
            id=outcome.event_id,
            quarantine=outcome.quarantine,
        )
    return answer(_shown(outcome), status)


def _array(outcomes: list[Outcome]) -> Response:
    return answer({"results": [_shown(outcome) for outcome in outcomes]}, 202)


def _shown(outcome: Outcome) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": outcome.event_id, "status": outcome.status}
    for name in ("position", "quarantine"):
        if getattr(outcome, name) is not None:
            shown[name] = getattr(outcome, name)
    if outcome.errors:
        shown["errors"] = outcome.errors
    return shown

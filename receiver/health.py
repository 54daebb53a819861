"""Liveness, readiness, and metrics."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from flask import Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from audit.tlog.anchor_lags import AnchorLag
from projections.models.quarantine import PROJECTION as QUARANTINE
from projections.status import statuses
from receiver.access import requires
from receiver.blueprint import Blueprint
from receiver.current import services
from receiver.dates import iso
from receiver.errors import problem
from receiver.server import metrics
from receiver.transparency import anchor_lags
from store.errors import UNAVAILABLE

ALIVE_SECONDS = 5.0
NO_SOURCE = "no source may send webhooks yet: `kitledger sources add NAME` adds one"
blueprint = Blueprint("health", __name__, description="For those who operate it.")


@blueprint.route("/healthz")
@blueprint.doc(security=[], responses={"200": {"description": "The process lives"}})
def healthz() -> Response:
    """Check that the process lives"""
    return jsonify(status="alive")


@blueprint.route("/readyz")
@blueprint.doc(
    security=[], responses={"200": {"description": "Ready; names projections that have stopped"}}
)
def readyz() -> Response:
    """Check that the store can be reached and a projector is alive

    A projection that has stopped at an event is named, and does not make the service unready:
    webhooks and the other reads go on. `no_room` says how many webhooks were refused since the start because
    there was no room for them, and when the last one was. `detail` says when no source may send.
    """
    try:
        services().ledger.store.check()
        head = services().ledger.store.max_notification_id()
        senders = services().sources.may_send()
        alive = services().read_database.projector_alive(ALIVE_SECONDS)
        stopped = {
            each.name: each.error
            for each in statuses(services().read_database, head)
            if each.stopped_at
        }
    except UNAVAILABLE as error:
        return problem(503, f"the store can't be reached: {error.__cause__ or error}")
    if not alive:
        return problem(503, f"no projector gave a sign of life in the last {ALIVE_SECONDS:.0f} s")
    hint = {} if senders else {"detail": NO_SOURCE}
    return jsonify(status="ready", position=head, stopped=stopped, no_room=_no_room(), **hint)


@blueprint.route("/metrics")
@requires("reader", as_of=False)
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
def exposition() -> Response:
    """Get the Prometheus metrics of all processes of this server"""
    text = metrics.exposition(_lags, _held, _anchors, shared=_shared())
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _no_room() -> dict[str, Any]:
    refused, last = metrics.no_room(shared=_shared())
    return {"refused": refused, "last": iso(datetime.fromtimestamp(last, UTC)) if last else None}


def _shared() -> bool:
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ


def _held() -> Iterable[tuple[str, str, int]]:
    with services().read_database.snapshot(QUARANTINE.name, None) as snapshot:
        return QUARANTINE.counts(snapshot)


def _anchors() -> Iterable[AnchorLag]:
    return anchor_lags(services())


def _lags() -> Iterable[tuple[str, int, bool]]:
    head = services().ledger.store.max_notification_id()
    return [
        (each.name, each.lag, bool(each.stopped_at))
        for each in statuses(services().read_database, head)
    ]

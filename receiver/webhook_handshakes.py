"""The handshake of the CloudEvents webhook specification."""

import re

from flask import Response
from werkzeug.datastructures import Headers

from registry.presets import CLOUDEVENTS
from registry.source import Source

METHODS = "GET, HEAD, OPTIONS, POST"
ORIGIN, RATE = "WebHook-Request-Origin", "WebHook-Request-Rate"
_RATE = re.compile(r"[1-9][0-9]{0,9}")


def of_cloud_events(source: Source, headers: Headers) -> Response:
    """Allow a sender of CloudEvents to post, at any rate; for other sources only name the methods.

    Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
    """
    response = Response(headers={"Allow": METHODS})
    origin = headers.get(ORIGIN)
    if source.preset == CLOUDEVENTS and origin:
        response.headers["WebHook-Allowed-Origin"] = origin
        response.headers["WebHook-Allowed-Rate"] = (
            rate if _RATE.fullmatch(rate := headers.get(RATE, "")) else "*"
        )
    return response

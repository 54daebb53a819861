"""JSON answers, their ETags, and the conditions of requests."""

import hashlib
from collections.abc import Callable
from typing import Any

from flask import Response, abort, current_app, request

from receiver.as_of import add_position
from receiver.consistency import add_lag


def answer(value: Any, status: int = 200) -> Response:
    """Return a response with a JSON value."""
    response = current_app.response_class(current_app.json.dumps(value), status)
    response.content_type = "application/json"
    return response


def preconditions(shown: Callable[..., Any]) -> Callable[..., None]:
    """Return a check that aborts with 412 unless a state meets the request's preconditions.

    These are If-Match and If-None-Match (RFC 9110, section 13.1). `shown` returns the JSON value that a
    GET of the state answers.
    """
    # Read here: the check may run in another request's greenlet, which leads a group commit.
    wanted, unwanted = request.if_match, request.if_none_match

    def check(*state: Any) -> None:
        tag = etag(answer(shown(*state))) if state and (wanted or unwanted) else ""
        if wanted and not (state and wanted.contains(tag)):
            abort(412, "it has changed since, or does not exist: If-Match names another ETag")
        if unwanted and state and unwanted.contains_weak(tag):
            abort(412, "it exists already, with an ETag that If-None-Match names")

    return check


def conditional(response: Response) -> Response:
    """Add ETag, Ledger-Lag and Ledger-Position; answer 304 when If-None-Match has the ETag."""
    add_lag(response)
    add_position(response)
    tagged = (
        request.method != "OPTIONS"
        and not response.is_streamed
        and response.status_code in {200, 201}
    )
    if tagged and request.path.startswith("/api/"):
        response.set_etag(etag(response))
        if request.method in {"GET", "HEAD"} and request.if_none_match:
            response.make_conditional(request)
    return response


def etag(response: Response) -> str:
    """Return the ETag of an answer: a hash of its body and its Link.

    The Link of a full last page changes when another row comes, though its body does not.
    """
    content = response.get_data() + response.headers.get("Link", "").encode()
    return hashlib.sha256(content).hexdigest()[:32]

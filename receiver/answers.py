"""JSON answers, their ETags, and the conditions of requests."""

import hashlib
from collections.abc import Callable
from typing import Any

from flask import Response, abort, current_app, request

from receiver.consistency import tell_lag


def answer(value: Any, status: int = 200) -> Response:
    """Answer with a JSON value."""
    response = current_app.response_class(current_app.json.dumps(value), status)
    response.content_type = "application/json"
    return response


def if_match(shown: Callable[..., Any]) -> Callable[..., None]:
    """Make a check that aborts with 412 when the caller's If-Match names another state.

    `shown` turns the state into the JSON value of a GET.
    """
    # Read now: the check may run in the greenlet of another request, which leads a group commit.
    wanted = request.if_match

    def check(*state: Any) -> None:
        if wanted and not (state and wanted.contains(etag(answer(shown(*state))))):
            abort(412, "it has changed since: its ETag is another one now")

    return check


def conditional(response: Response) -> Response:
    """Give an answer of the API its ETag and its lag; make it a 304 when the caller has it already."""
    tell_lag(response)
    tagged = request.method != "OPTIONS" and response.status_code in {200, 201}
    if tagged and request.path.startswith("/api/"):
        response.set_etag(etag(response))
        if request.method in {"GET", "HEAD"} and request.if_none_match:
            response.make_conditional(request)
    return response


def etag(response: Response) -> str:
    """Return the ETag of an answer: a hash of its body and its Link.

    A full last page gets a Link to the next without changing itself.
    """
    content = response.get_data() + response.headers.get("Link", "").encode()
    return hashlib.sha256(content).hexdigest()[:32]

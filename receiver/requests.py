"""Request ids, the log line of each request, and strict parsing of arguments."""

import re
import time
from random import getrandbits
from typing import Any, NoReturn

import structlog
from flask import Flask, Response, abort, current_app, g, has_request_context, request
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy

from receiver import bodies, strict_json
from receiver.paths import ESCAPED_SLASH

QUIET = {"/healthz", "/readyz", "/metrics"}
log = structlog.get_logger()
_SHORT_AND_PRINTABLE = re.compile(r"[\x21-\x7e]{1,128}")


def register(app: Flask) -> None:
    """Set an id before each request, and write a log line after it."""
    app.before_request(_begin)
    app.after_request(_end)


def add_request_id(_: Any, __: str, fields: Any) -> Any:
    """Add the id of the current request to a log line; a processor of structlog."""
    if has_request_context() and "request_id" in g:
        fields["request_id"] = g.request_id
    return fields


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _SHORT_AND_PRINTABLE.fullmatch(given) else f"{getrandbits(128):032x}"
    g.started = time.perf_counter()
    if "\0" in request.path:
        abort(404, "nothing is named with a character that not every database can keep")


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    (log.debug if request.path in QUIET else log.info)(
        "request",
        method=request.method,
        path=request.path.replace(ESCAPED_SLASH, "%2F"),
        status=response.status_code,
        seconds=round(time.perf_counter() - g.started, 6),
    )
    return response


class StrictParser(FlaskParser):
    """Parse arguments: 415 unless the Content-Type is JSON, 400 if a body or query does not parse."""

    def load_json(self, req: Any, schema: Any) -> Any:
        """Return the parsed body."""
        body = bodies.read(req, current_app.config["MAX_BODY_BYTES"])
        if not strict_json.is_json_type(req.mimetype):
            abort(415, "send JSON, with Content-Type: application/json")
        try:
            return strict_json.parse(strict_json.decode(body))
        except ValueError:
            self._not_json()

    def load_querystring(self, req: Any, schema: Any) -> Any:
        """Return the query's arguments; aborts with 400 if one is repeated."""
        doubled = [name for name, values in req.args.lists() if len(values) > 1]
        if doubled:
            abort(400, f"{', '.join(doubled)}: given more than once")
        return MultiDictProxy(req.args, schema)

    def _not_json(self) -> NoReturn:
        abort(400, "the body is not JSON")

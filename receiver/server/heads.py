"""Heads of requests: which of them gunicorn refuses, and with which problem documents."""

import json
import re
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import structlog
from gunicorn.http import errors
from gunicorn.http.message import Request

REFUSALS: dict[type[BaseException], tuple[int, str]] = {
    errors.LimitRequestLine: (414, "the request line is too long"),
    errors.LimitRequestHeaders: (431, "the head has too many fields, or one that is too long"),
    errors.ExpectationFailed: (417, "nothing but 100-continue can be expected"),
    errors.UnsupportedTransferCoding: (501, "the transfer coding is not known"),
    errors.InvalidResponseHeader: (500, "something went wrong here, not with you"),
    errors.InvalidResponseHeaderName: (500, "something went wrong here, not with you"),
    errors.ConfigurationProblem: (500, "something went wrong here, not with you"),
    errors.ParseException: (400, "the request is not well-formed HTTP"),
    BaseException: (500, "something went wrong here, not with you"),
}
_EMPTY_EXPECT = re.compile(rb"expect:[ \t]*", re.IGNORECASE)


class Head(Request):
    """Read a request as gunicorn does, but ignore an empty Expect."""

    def parse_headers(self, data: bytes, from_trailer: bool = False) -> Any:
        """Return names and values."""
        try:
            return super().parse_headers(data, from_trailer)
        except errors.ExpectationFailed as refusal:
            if refusal.expect:
                raise
            lines = [line for line in data.split(b"\r\n") if not _EMPTY_EXPECT.fullmatch(line)]
            return super().parse_headers(b"\r\n".join(lines), from_trailer) if lines else []


def refusal(error: BaseException, peer: str) -> bytes:
    """Return the answer to a request that never reached the application; log and count it."""
    # Imported late: the parent of the workers imports this module, and must not load Flask.
    from receiver.errors import PROBLEM, document
    from receiver.server.metrics import HEADS_REFUSED

    status, detail = next(REFUSALS[each] for each in type(error).__mro__ if each in REFUSALS)
    HEADS_REFUSED.labels(status).inc()
    request_id = uuid4().hex
    unexpected = error if status == HTTPStatus.INTERNAL_SERVER_ERROR else None
    structlog.get_logger().warning(
        "head-refused",
        request_id=request_id,
        status=status,
        reason=str(error)[:200],
        peer=peer,
        exc_info=unexpected,
    )
    body = json.dumps(document(status, detail)).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"Connection: close\r\nContent-Type: {PROBLEM}\r\nContent-Length: {len(body)}\r\n"
        f"X-Request-Id: {request_id}\r\n\r\n"
    )
    return head.encode() + body

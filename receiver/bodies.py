"""Request bodies: read whole or refused, within the memory of this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from flask import Request, abort
from gunicorn.http.errors import ParseException

from receiver.errors import Overloaded

MOST_REQUESTS = 512
MOST_BYTES = 16 * 1024 * 1024
DRAIN_BYTES = 16 * 1024 * 1024
"""The most that is read of a body that is too large, so that its sender receives the answer."""


class Admission:
    """Limit the requests, and the bytes of their bodies, between `recv` and `commit`."""

    def __init__(self, requests: int = MOST_REQUESTS, size: int = MOST_BYTES) -> None:
        self._requests = self._most = requests
        self._bytes = size

    @contextmanager
    def admit(self, size: int) -> Iterator[None]:
        """Reserve memory for a body of up to `size` bytes; raises Overloaded when there is none.

        A single body is always admitted, else one above the limit never would be.
        """
        idle = self._requests == self._most
        if self._requests < 1 or (self._bytes < size and not idle):
            raise Overloaded("more webhooks are waiting to be stored than fit; try again")
        self._requests -= 1
        self._bytes -= size
        try:
            yield
        finally:
            self._requests += 1
            self._bytes += size


def declared_size(request: Request, limit: int) -> int:
    """Return the most bytes that a body may have: its Content-Length, or the limit if chunked."""
    return min(limit, request.content_length if request.content_length is not None else limit)


def read(request: Request, limit: int) -> bytes:
    """Read a body whole, chunked or not; aborts with 413 beyond `limit` bytes.

    Reads up to `limit` + 1 bytes: Werkzeug's own limit would silently truncate a chunked body.
    """
    try:
        body = _whole(request.environ["wsgi.input"], request.content_length or 0, limit)
    except (ParseException, OSError):
        abort(400, "the body broke off, or its chunks are malformed")
    if body is None:
        abort(413, f"the body is larger than {limit} bytes")
    request.environ["wsgi.input"] = BytesIO(body)
    request.environ["CONTENT_LENGTH"] = str(len(body))
    return body


def is_json(request: Request) -> bool:
    """Say whether the Content-Type is JSON, or none was given."""
    return not request.mimetype or request.is_json


def _whole(stream: BytesIO, declared: int, limit: int) -> bytes | None:
    body = stream.read(limit + 1) if declared <= limit else None
    if body is None or len(body) > limit:
        _drain(stream)
        return None
    return body


def _drain(stream: BytesIO) -> None:
    left = DRAIN_BYTES
    while left > 0 and (piece := stream.read(64 * 1024)):
        left -= len(piece)

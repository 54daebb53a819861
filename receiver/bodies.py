"""Request bodies: read whole or refused, within the memory of this process."""

from collections.abc import Callable
from contextlib import suppress
from io import BytesIO

from flask import Request, abort
from gunicorn.http.errors import ParseException

from receiver.errors import Overloaded
from receiver.server.waits import PIECE_BYTES

DRAIN_BYTES = 16 * 1024 * 1024
"""The most that is read of a body that is too large, so that its sender receives the answer."""
BROKEN = "the body broke off, or its chunks are malformed"


def _uncounted(_: int) -> None:
    """Count nothing."""


def read(request: Request, limit: int, hold: Callable[[int], None] = _uncounted) -> bytes:
    """Read a body whole, chunked or not; aborts with 413 beyond `limit` bytes, and 408 if too slow.

    Reads up to `limit` + 1 bytes: Werkzeug's own limit would silently truncate a chunked body. Calls
    `hold` with the size of each full piece, never for small bodies.
    """
    declared = request.content_length or 0
    try:
        body = _whole(request.environ["wsgi.input"], declared, limit, hold)
    except TimeoutError:
        abort(408, "the body came too slowly")
    except InterruptedError:
        raise Overloaded("there is no room for a body that comes so slowly; try again") from None
    except (ParseException, OSError):
        abort(400, BROKEN)
    if body is None:
        abort(413, f"the body is larger than {limit} bytes")
    if len(body) < declared:
        abort(400, BROKEN)
    request.environ["wsgi.input"] = BytesIO(body)
    request.environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _whole(stream: BytesIO, declared: int, limit: int, hold: Callable[[int], None]) -> bytes | None:
    pieces: list[bytes] = []
    left = limit + 1 if declared <= limit else 0
    while left > 0:
        asked = min(PIECE_BYTES, left)
        pieces.append(stream.read(asked))
        if len(pieces[-1]) < asked:
            return b"".join(pieces)
        hold(asked)
        left -= asked
    _drain(stream)
    return None


def _drain(stream: BytesIO) -> None:
    left = DRAIN_BYTES
    with suppress(ParseException, OSError):
        while left > 0 and (piece := stream.read(PIECE_BYTES)):
            left -= len(piece)

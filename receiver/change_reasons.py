"""The reason of a change, in the header Change-Reason: UTF-8, or percent-encoded (RFC 3986)."""

import re
from typing import NoReturn
from urllib.parse import unquote_to_bytes

from flask import abort, request

from receiver.current import services
from receiver.errors import BY_FIELD, problem

HEADER = "Change-Reason"
LONGEST_REASON = 500
"""In characters."""
REASONED = {"PATCH", "PUT", "DELETE"}
"""The methods that need a reason when REQUIRE_REASON is set."""
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


def change_reason() -> str | None:
    """Return the reason of the current request; aborts with 422 when it can't be read, or is missing.

    A blank one counts as missing.
    """
    given = request.headers.get(HEADER, "").strip()
    reason = _decoded(given) if given else None
    if reason is None and services().settings.require_reason and request.method in REASONED:
        _refuse("This service asks for the reason of every change.")
    return reason


def _decoded(given: str) -> str | None:
    # WSGI decodes a header as Latin-1, whatever its bytes are.
    raw = given.encode("latin-1")
    try:
        reason = (unquote_to_bytes(raw) if _ESCAPE.search(given) else raw).decode().strip()
    except UnicodeDecodeError:
        _refuse("Not UTF-8, nor percent-encoded UTF-8.")
    if len(reason) > LONGEST_REASON:
        _refuse(f"Longer than {LONGEST_REASON} characters.")
    if not reason.isprintable():
        _refuse("Not printable.")
    return reason or None


def _refuse(message: str) -> NoReturn:
    abort(problem(422, BY_FIELD, errors={HEADER: [message]}))

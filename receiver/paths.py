"""The paths of requests: what a proxy has taken off, and escaped slashes, which separate nothing."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlsplit

from flask import request
from werkzeug.routing import PathConverter

ESCAPED_SLASH = "\x1f"
"""Stands for an escaped slash from here to a route: a control character, which no name may have."""
_ESCAPED = re.compile("%2f", re.IGNORECASE)


class TextConverter(PathConverter):
    """The rest of a path, in which slashes may be escaped and at its ends must be."""

    def to_python(self, value: str) -> str:
        """Return the text with its slashes."""
        return value.replace(ESCAPED_SLASH, "/")


def public_path() -> str:
    """Return the path by which the client knows what it asks for."""
    return quote(request.script_root + request.path).replace(quote(ESCAPED_SLASH), "%2F")


def prepare_paths(
    application: Callable[..., Iterable[bytes]], prefix: str
) -> Callable[..., Iterable[bytes]]:
    """Wrap a WSGI application whose URLs have a prefix that a proxy takes off.

    WSGI decodes paths, and so loses which slashes were escaped; here they are kept apart.
    """

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["SCRIPT_NAME"] = prefix
        raw = environ.get("RAW_URI", "")
        if "%2" in raw and _ESCAPED.search(raw):
            path = _ESCAPED.sub("%1F", urlsplit(raw).path)
            environ["PATH_INFO"] = unquote_to_bytes(path.encode("latin-1")).decode("latin-1")
        return application(environ, start_response)

    return wrapped

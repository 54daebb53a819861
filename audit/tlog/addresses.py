"""The addresses of anchors, as the settings have them."""

import re
from urllib.parse import urlsplit

_ADDRESS = re.compile(r"https?://[!-~]+")


def checked(url: str) -> str:
    """Return an address; raises ValueError unless it is one of HTTP, with a host, and without a fragment."""
    if not _ADDRESS.fullmatch(url) or "#" in url or not _has_place(url):
        # It is not quoted, since it may hold a password.
        raise ValueError("this is not the address of a service, such as https://example.com/path")
    return url


def _has_place(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # The port is parsed when it is asked for.
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def shown(url: str) -> str:
    """Return an address without what may be secret: its user, its password and its query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()

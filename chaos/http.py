"""One request and its answer, or the lack of one."""

import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

HANGS_SECONDS = 15.0
REQUESTS_A_CONNECTION = 20


@dataclass(frozen=True)
class Answer:
    """What came back and when; without a status the connection broke, or nothing came in time."""

    sent: float
    came: float
    status: int | None = None
    body: bytes = b""
    retry_after: float | None = None
    lags: bool = False
    hangs: bool = False


class Caller:
    """Ask one server on connections that are kept for a while, as clients do."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: HTTPConnection | None = None
        self._left = 0

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send a request and return its answer."""
        sent = time.monotonic()
        try:
            connection = self._open()
            connection.request(method, path, body or None, dict(headers))
            response = connection.getresponse()
            content = response.read()
        except TimeoutError:
            self.close()
            return Answer(sent, time.monotonic(), hangs=True)
        except (OSError, HTTPException):
            self.close()
            return Answer(sent, time.monotonic())
        after = response.headers.get("Retry-After", "")
        return Answer(
            sent,
            time.monotonic(),
            response.status,
            content,
            float(after) if after.isdigit() else None,
            "Ledger-Lag" in response.headers,
        )

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> HTTPConnection:
        if self._left == 0:
            self.close()
        if self._connection is None:
            self._connection = HTTPConnection("127.0.0.1", self._port, timeout=HANGS_SECONDS)
            self._left = REQUESTS_A_CONNECTION
        self._left -= 1
        return self._connection


def basic(credentials: tuple[str, str]) -> dict[str, str]:
    """Write the header of HTTP Basic."""
    return {"Authorization": f"Basic {b64encode(':'.join(credentials).encode()).decode()}"}

"""An HTTP client that reports broken connections and timeouts instead of raising."""

import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

TIMEOUT_SECONDS = 15.0
REQUESTS_PER_CONNECTION = 20


@dataclass(frozen=True)
class Response:
    """A response with its times; without a status the connection broke or the request timed out."""

    sent_at: float
    received_at: float
    status: int | None = None
    body: bytes = b""
    retry_after: float | None = None
    lags: bool = False
    timed_out: bool = False


class Client:
    """Send requests to one server on a connection that is replaced after some requests."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: HTTPConnection | None = None
        self._requests_left = 0

    def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Response:
        """Send a request and return its response."""
        sent_at = time.monotonic()
        try:
            connection = self._connect()
            connection.request(method, path, body or None, dict(headers))
            response = connection.getresponse()
            content = response.read()
        except TimeoutError:
            self.close()
            return Response(sent_at, time.monotonic(), timed_out=True)
        except (OSError, HTTPException):
            self.close()
            return Response(sent_at, time.monotonic())
        retry_after = response.headers.get("Retry-After", "")
        return Response(
            sent_at,
            time.monotonic(),
            response.status,
            content,
            float(retry_after) if retry_after.isdigit() else None,
            "Ledger-Lag" in response.headers,
        )

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> HTTPConnection:
        if self._requests_left == 0:
            self.close()
        if self._connection is None:
            self._connection = HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
            self._requests_left = REQUESTS_PER_CONNECTION
        self._requests_left -= 1
        return self._connection


def basic_auth(credentials: tuple[str, str]) -> dict[str, str]:
    """Return the header of HTTP Basic authentication."""
    return {"Authorization": f"Basic {b64encode(':'.join(credentials).encode()).decode()}"}

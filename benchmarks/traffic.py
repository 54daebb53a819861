"""Prepared HTTP requests as bytes: signed webhooks about distinct kits, and reads."""

import time
from base64 import b64encode
from collections.abc import Iterable
from itertools import count, islice

from receiver.signatures import sign

SOURCE = "bench"
FIRST_DAY = 1_500_000_000


class Webhooks:
    """Make the webhooks of one source, with distinct events, kits and deliveries."""

    def __init__(self, secret: str, first: int, path: str = f"/webhooks/{SOURCE}") -> None:
        self.path = path
        self._secret = secret
        self._numbers = count(first)
        self._ids = count(first)

    def singles(self, amount: int) -> list[bytes]:
        """Make deliveries of one event each, signed now."""
        return [self._signed(envelope(number)) for number in islice(self._numbers, amount)]

    def arrays(self, amount: int, size: int) -> list[bytes]:
        """Make deliveries of `size` events each, signed now."""
        return [self._signed(array(islice(self._numbers, size))) for _ in range(amount)]

    def _signed(self, body: bytes) -> bytes:
        webhook_id, timestamp = f"msg_{next(self._ids)}", str(int(time.time()))
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(self._secret, webhook_id, timestamp, body),
        }
        return post(self.path, body, headers)


def barcode(number: int) -> str:
    """Return a kit's barcode; successive numbers are far apart in an index, as with real kits."""
    return f"UL{number * 387_420_489 % 1_000_000_000:09d}"


def created_at(number: int) -> str:
    """Return the time of an event: one event each second."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(FIRST_DAY + number))


def envelope(number: int) -> bytes:
    """Return the envelope of the event with this number, which ships a kit of its own."""
    return (
        f'{{"id": {number}, "created_at": "{created_at(number)}", "type": "kit.created", "data": '
        f'{{"kit": {{"barcode": "{barcode(number)}", "status": "KIT_SHIPPED", '
        f'"shipment_id": {number // 10}}}}}}}'
    ).encode()


def array(numbers: Iterable[int]) -> bytes:
    """Return an array of envelopes."""
    return b"[%b]" % b", ".join(map(envelope, numbers))


def get(path: str, credentials: str) -> bytes:
    """Return a GET request with HTTP Basic credentials."""
    return _head("GET", path, basic_auth(credentials))


def follow(path: str, credentials: str) -> bytes:
    """Return a GET request for a stream of server-sent events."""
    return _head("GET", path, {**basic_auth(credentials), "Accept": "text/event-stream"})


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Return a POST request with a JSON body."""
    content = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return _head("POST", path, {**content, **headers}) + body


def basic_auth(credentials: str) -> dict[str, str]:
    """Return the header of HTTP Basic authentication for `id:key`."""
    return {"Authorization": f"Basic {b64encode(credentials.encode()).decode()}"}


def _head(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()

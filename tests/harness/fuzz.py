"""Conversations with a server that are made from a seed: requests as bytes, sound or broken, whole or cut."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.harness.service import Service

TARGETS = (
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs/",
    "/webhooks/lab",
    "/webhooks/nobody",
    "/api/v1/kits/",
    "/api/v1/kits/FUZZ1/",
    "/api/v1/events/?limit=3",
    "/api/v1/reports/7/",
    "/api/v1/kit-registrations/",
    "/api/organizations/1/groups",
    "/api/organizations/1/groups/2",
    "/api/organizations/1/profiles/3/registrations",
)
ODD_TARGETS = (
    "*",
    "//",
    "/%",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/api/v1/kits/%00/",
    "/api/v1/kits/%FF%FE/",
    "/api/v1/events/?type=%F4%8F%BF%BF&type=%00",
    "/" + "a" * 5000,
    "http://elsewhere.example/healthz",
    "/healthz?" + "&".join(f"q{number}=1" for number in range(300)),
    "/api/v1/kits/?after=AAAA",
    "/api/organizations/-1/groups/99999999999999999999",
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get", "G\x00T")
ODD_HEADERS = (
    b"Content-Length: -1",
    b"Content-Length: 1_0",
    b"Content-Length: 5, 5",
    b"Content-Length: 99999999999999999999",
    b"Content-Length: 3\r\nContent-Length: 4",
    b"Transfer-Encoding: chunked\r\nContent-Length: 3",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: identity",
    b"Expect:",
    b"Expect: 100-continue",
    b"Expect: the-unexpected",
    b"SCRIPT_NAME: /foo",
    b"Script-Name: /foo",
    b"Host: ",
    b"Host: [::1",
    b"No colon here",
    b": no name",
    b"Bad\xffName: 1",
    b"X-Request-Id: " + b"r" * 400,
    b"X-Request-Id: \x7f\x1b[31m",
    b"X-Forwarded-Proto: gopher",
    b"X-Long: " + b"x" * 9000,
    b"\r\n".join(b"X-Many-%d: 1" % number for number in range(120)),
    b"Authorization: Basic ====",
    b"Authorization: Basic " + base64.b64encode(b"\xff\xfe:\x00"),
    b"Authorization: Bearer \xc3\x28",
    b'If-Match: W/"1", *, "',
    b"If-None-Match: \xff",
    b"Accept: \x00",
    b"Content-Type: application/json; charset=utf-7",
    b"Content-Encoding: gzip",
    b"Connection: keep-alive, close, \x01",
    b"Upgrade: websocket\r\nConnection: Upgrade",
    b"webhook-timestamp: 1_7e9",
    b"webhook-id: \xff",
)
ODD_BODIES = (
    b"",
    b"\x00",
    b"{",
    b"[" * 3000,
    b'{"id": 1e999}',
    b"\xef\xbb\xbf{}",
    b"\xff" * 50,
    b"null",
)


@dataclass
class Conversation:
    """The pieces that are sent on one connection, and what the answers to them may say.

    `events` has the event id of each webhook that is sound, by the place of its request; after a
    broken request the server may close the connection.
    """

    pieces: list[bytes] = field(default_factory=list)
    requests: int = 0
    events: dict[int, int] = field(default_factory=dict)
    heads: set[int] = field(default_factory=set)
    cut: bool = False
    pause: float = 0.0

    def add(self, *pieces: bytes) -> None:
        """Add a request."""
        self.pieces += pieces
        self.requests += 1


def conversation(random: Random, service: Service, next_id: Callable[[], int]) -> Conversation:
    """Make one: some requests, of which the last may be broken or cut."""
    made = Conversation()
    for _ in range(random.choice((0, 0, 1, 2, 5))):
        _add_sound(made, random, service, next_id)
    if random.random() < 0.6:
        _add_odd(made, random)
    else:
        _add_sound(made, random, service, next_id)
    if random.random() < 0.1:
        made.cut = True
        made.pieces[-1] = made.pieces[-1][: random.randrange(len(made.pieces[-1]) + 1)]
        made.events.pop(made.requests - 1, None)
    if random.random() < 0.3:
        made.pieces = _cut_up(b"".join(made.pieces), random)
        made.pause = random.choice((0.0, 0.0, 0.001))
    return made


def _add_sound(
    made: Conversation, random: Random, service: Service, next_id: Callable[[], int]
) -> None:
    if random.random() < 0.5:
        event_id = next_id()
        made.events[made.requests] = event_id
        _add_webhook(made, random, service, event_id)
        return
    method = random.choice(("GET", "HEAD"))
    if method == "HEAD":
        made.heads.add(made.requests)
    made.add(_head(method, random.choice(TARGETS), [_credentials(service)]))


def _add_webhook(made: Conversation, random: Random, service: Service, event_id: int) -> None:
    kit = {
        "barcode": f"FUZZ{event_id}",
        "status": "KIT_SHIPPED",
        "reason": "x" * random.choice((0, 9)),
    }
    body = json.dumps({"id": event_id, "type": "kit.created", "data": {"kit": kit}}).encode()
    headers = [f"{name}: {value}".encode() for name, value in service.signed(body).items()]
    headers.append(b"Content-Type: application/json")
    if random.random() < 0.5:
        length = b"Content-Length: %d" % len(body)
        made.add(_head("POST", "/webhooks/lab", [*headers, length]), body)
        return
    parts = _cut_up(body, random)
    chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part]
    chunked = _head("POST", "/webhooks/lab", [*headers, b"Transfer-Encoding: chunked"])
    made.add(chunked, *chunks, b"0\r\n\r\n")


def _add_odd(made: Conversation, random: Random) -> None:
    body = random.choice(ODD_BODIES)
    headers = random.sample(ODD_HEADERS, random.choice((0, 1, 1, 2)))
    if random.random() < 0.7:
        headers.append(b"Content-Length: %d" % len(body))
    target = random.choice(TARGETS + ODD_TARGETS)
    request = _head(random.choice(METHODS), target, headers)
    if random.random() < 0.15:
        request = _spoiled(request, random)
    made.add(request, body)


def _spoiled(request: bytes, random: Random) -> bytes:
    spoiled = bytearray(request)
    for _ in range(random.choice((1, 3, 20))):
        spoiled[random.randrange(len(spoiled))] = random.randrange(256)
    return bytes(spoiled)


def _head(method: str, target: str, headers: list[bytes]) -> bytes:
    line = f"{method} {target} HTTP/1.1".encode()
    return b"\r\n".join([line, b"Host: localhost", *headers, b"", b""])


def _credentials(service: Service) -> bytes:
    return b"Authorization: Basic " + base64.b64encode(":".join(service.admin).encode())


def _cut_up(content: bytes, random: Random) -> list[bytes]:
    cuts = sorted(random.randrange(len(content) + 1) for _ in range(random.choice((1, 2, 4))))
    return [
        content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)
    ]


def answers(received: bytes, made: Conversation) -> list[tuple[int, dict[str, str], bytes]]:
    """Divide what came on a connection into answers: status, headers by lower-case name, body."""
    found: list[tuple[int, dict[str, str], bytes]] = []
    while received:
        head, separator, received = received.partition(b"\r\n\r\n")
        assert separator, f"an answer that breaks off: {head!r}"
        line, *fields = head.decode("latin-1").split("\r\n")
        version, status = line.split()[:2]
        assert version == "HTTP/1.1", line
        if status == "100":
            continue
        headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in fields)}
        silent = status in {"204", "304"} or len(found) in made.heads
        length = 0 if silent else int(headers["content-length"])
        assert len(received) >= length, "an answer whose body breaks off"
        found.append((int(status), headers, received[:length]))
        received = received[length:]
    return found


def value(body: bytes) -> Any:
    """Return the JSON value of a body."""
    return json.loads(body)

"""Requests as bytes on a socket, for what no HTTP client sends: heads without a body, pieces, pauses."""

import json
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from email.message import Message
from email.parser import Parser
from typing import Any, NamedTuple

from tests.harness.waiting import PATIENCE_SECONDS


class Answer(NamedTuple):
    """An answer as it came over a socket."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        """Return the body's value."""
        return json.loads(self.body)


def connect(port: int, host: str = "127.0.0.1") -> socket.socket:
    """Open a connection to a server on this machine."""
    return socket.create_connection((host, port), timeout=PATIENCE_SECONDS)


def connections(stack: ExitStack, port: int, number: int) -> list[socket.socket]:
    """Open some connections, which end with the stack."""
    return [stack.enter_context(connect(port)) for _ in range(number)]


def head(target: str, headers: Mapping[str, object] | None = None, method: str = "POST") -> bytes:
    """Write a request's line and headers."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(connection: socket.socket) -> Answer:
    """Read one answer, which has a Content-Length."""
    with connection.makefile("rb") as stream:
        line = stream.readline()
        assert line, "the connection was closed without an answer"
        fields = b"".join(iter(stream.readline, b"\r\n")).decode("latin-1")
        headers = Parser().parsestr(fields, headersonly=True)
        return Answer(int(line.split()[1]), headers, stream.read(int(headers["Content-Length"])))


def is_closed(connection: socket.socket) -> bool:
    """Say whether the server has closed a connection, and sent nothing more on it."""
    return connection.recv(1) == b""

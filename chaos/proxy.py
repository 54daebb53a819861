"""A proxy before PostgreSQL that cuts a connection at one moment of a commit."""

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Self

# A query; a statement that is prepared, and its name; and its execution, all in one. Source:
# https://www.postgresql.org/docs/current/protocol-message-formats.html
COMMIT = b"Q\0\0\0\x0bCOMMIT\0"
PREPARED = re.compile(rb"P....(\w+)\0COMMIT\0", re.DOTALL)
BOUND = re.compile(rb"B....\0(\w+)\0", re.DOTALL)
APPENDING = b"BEGIN ISOLATION LEVEL READ COMMITTED"
"""How the transactions begin in which the ledger is written; others begin otherwise."""
UNSENT, SENT, ANSWERED = "before it is sent", "just after it was sent", "before its answer is back"
MOMENTS = (UNSENT, SENT, ANSWERED)
CHUNK = 64 * 1024


class Link:
    """One connection, and the one behind it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.appends = False
        self.answer_is_lost = False
        self._commit: bytes | None = None

    def commits(self, chunk: bytes) -> bool:
        """Say whether this is the commit of what was appended to the ledger."""
        self.appends = self.appends or APPENDING in chunk
        if prepared := PREPARED.match(chunk):
            self._commit = prepared[1]
        bound = BOUND.match(chunk)
        return self.appends and (chunk == COMMIT or bool(bound and bound[1] == self._commit))

    def cut(self) -> None:
        """End both."""
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Proxy:
    """Pass everything on, but for the commit that is to be cut next."""

    def __init__(self, server_port: int) -> None:
        self.armed: str | None = None
        self._lock = threading.Lock()
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._links: list[Link] = []

    def __enter__(self) -> Self:
        _in_background(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            link.cut()

    def arm(self, moment: str) -> None:
        """Cut the next commit of the ledger at this moment; `armed` is None once that is done."""
        self.armed = moment

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                client.close()
                continue
            link = Link(client, server)
            self._links.append(link)
            _in_background(partial(self._pump, client, server, link, self._to))
            _in_background(partial(self._pump, server, client, link, self._fro))

    def _pump(
        self,
        source: socket.socket,
        target: socket.socket,
        link: Link,
        passes: Callable[[Link, bytes], bool],
    ) -> None:
        with suppress(OSError):
            while chunk := source.recv(CHUNK):
                if not passes(link, chunk):
                    break
                target.sendall(chunk)
        link.cut()

    def _to(self, link: Link, chunk: bytes) -> bool:
        """Say whether what a client sends is passed on, and the connection stays."""
        moment = self._taken() if link.commits(chunk) else None
        if moment == SENT:
            link.server.sendall(chunk)
        link.answer_is_lost = moment == ANSWERED
        return moment not in {UNSENT, SENT}

    def _fro(self, link: Link, chunk: bytes) -> bool:
        """Say whether what the server answers is passed on."""
        return not link.answer_is_lost

    def _taken(self) -> str | None:
        with self._lock:
            moment, self.armed = self.armed, None
        return moment


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()

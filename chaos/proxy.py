"""A TCP proxy before PostgreSQL that breaks a connection at one moment of a commit."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Self

from chaos.commit_detector import CommitDetector

UNSENT, SENT, ANSWERED = "before it is sent", "just after it was sent", "before its answer is back"
MOMENTS = (UNSENT, SENT, ANSWERED)
CHUNK = 64 * 1024


class Connection:
    """A client's connection, and its counterpart to the server."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.detector = CommitDetector()
        self.drops_answer = False

    def close(self) -> None:
        """Close both ends."""
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Proxy:
    """Forward everything, but break the connection of the next commit once armed."""

    def __init__(self, server_port: int) -> None:
        self.armed: str | None = None
        self._lock = threading.Lock()
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._connections: list[Connection] = []

    def __enter__(self) -> Self:
        _in_background(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            connection.close()

    def arm(self, moment: str) -> None:
        """Break the ledger's next commit at this moment; `armed` is None once that is done."""
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
            connection = Connection(client, server)
            self._connections.append(connection)
            _in_background(partial(_pump, client, server, connection, self._forwards_request))
            _in_background(partial(_pump, server, client, connection, _forwards_answer))

    def _forwards_request(self, connection: Connection, chunk: bytes) -> bool:
        """Return whether to forward a client's chunk and keep the connection."""
        is_commit = connection.detector.is_ledger_commit(chunk)
        moment = self._disarm() if is_commit else None
        if moment == SENT:
            connection.server.sendall(chunk)
        connection.drops_answer = moment == ANSWERED
        return moment not in {UNSENT, SENT}

    def _disarm(self) -> str | None:
        with self._lock:
            moment, self.armed = self.armed, None
        return moment


def _forwards_answer(connection: Connection, chunk: bytes) -> bool:
    """Return whether to forward the server's chunk and keep the connection."""
    return not connection.drops_answer


def _pump(
    source: socket.socket,
    target: socket.socket,
    connection: Connection,
    forwards: Callable[[Connection, bytes], bool],
) -> None:
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            if not forwards(connection, chunk):
                break
            target.sendall(chunk)
    connection.close()


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()

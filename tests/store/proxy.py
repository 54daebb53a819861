"""What stands between a client and its server, and breaks the line when it hurts most."""

import select
import socket
import threading
from contextlib import suppress
from typing import Literal
from urllib.parse import urlsplit

Moment = Literal["never", "before", "after"]
COMMIT = b"COMMIT\0"


class Proxy:
    """Pass on what a client and a PostgreSQL server say to each other, until the line is cut.

    With `cuts_commit` it is cut before the server hears of the next COMMIT, or after it has answered
    and before the client hears of that. While `refuses` is set no new line is opened.
    """

    def __init__(self, url: str) -> None:
        server = urlsplit(url)
        self._server = (server.hostname, server.port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        host, port = self._listening.getsockname()
        self.url = server._replace(netloc=f"{server.username}@{host}:{port}").geturl()
        self.cuts_commit: Moment = "never"
        self.refuses = False
        self.refuses_from_then_on = False
        self._lines: list[tuple[socket.socket, socket.socket]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Cut every line."""
        lines, self._lines = self._lines, []
        for line in lines:
            for end in line:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Pass on nothing more."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.refuses:
                client.close()
                continue
            line = (client, socket.create_connection(self._server))
            self._lines.append(line)
            threading.Thread(target=self._serve, args=line, daemon=True).start()

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        with client, server:
            try:
                while self._pass_on(client, server):
                    pass
            except OSError:
                return

    def _pass_on(self, client: socket.socket, server: socket.socket) -> bool:
        readable, _, _ = select.select([client, server], [], [])
        if server in readable:
            answer = server.recv(65536)
            client.sendall(answer)
            return bool(answer)
        said = client.recv(65536)
        if COMMIT in said and self.cuts_commit != "never":
            self._cut_commit(said, server)
            return False
        server.sendall(said)
        return bool(said)

    def _cut_commit(self, said: bytes, server: socket.socket) -> None:
        if self.cuts_commit == "after":
            server.sendall(said)
            assert b"COMMIT" in server.recv(65536)
        self.cuts_commit, self.refuses = "never", self.refuses_from_then_on

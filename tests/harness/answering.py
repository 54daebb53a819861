"""Servers of HTTP in this process, on a real socket, for what the service posts to others."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

TEXT = "text/plain; charset=utf-8"


class Reply(NamedTuple):
    """An answer; a body of several parts is sent part by part, and has no Content-Length."""

    status: int
    body: bytes | Iterable[bytes] = b""
    content_type: str = TEXT


Post = Callable[[str, bytes], Reply]
"""Takes the path and the body of a POST."""


@contextmanager
def answering(post: Post) -> Iterator[str]:
    """Answer every POST by a function, and give the server's URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            reply = post(self.path, body)
            parts = [reply.body] if isinstance(reply.body, bytes) else reply.body
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            if isinstance(reply.body, bytes):
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            try:
                for part in parts:
                    self.wfile.write(part)
            except ConnectionError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()

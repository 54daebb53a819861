"""A receiver of webhooks on a real socket, which answers as it is told."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class Receiver:
    """Keep each request; answer with these statuses in turn, and with the last one from then on."""

    def __init__(self, *statuses: int) -> None:
        self.taken: list[tuple[bytes, dict[str, str]]] = []
        given = self._answers(statuses or (200,))
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.taken.append((body, headers))
                self.send_response(next(given))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def numbers(self) -> list[int]:
        """Return the number in the data of each request."""
        return [json.loads(body)["data"]["n"] for body, _ in self.taken]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @staticmethod
    def _answers(statuses: tuple[int, ...]) -> Iterator[int]:
        yield from statuses
        while True:
            yield statuses[-1]

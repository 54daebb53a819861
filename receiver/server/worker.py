"""A gevent worker of gunicorn that stops quickly, and tells its clients so."""

import gc
import time
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.http.parser import RequestParser
from gunicorn.workers.ggevent import GeventWorker

from receiver.server import heads, listeners
from receiver.server.streams import STREAMS
from receiver.server.waits import TimedBody, Wait, interrupt_overdue

HEARTBEAT_SECONDS = 1.0
REQUEST_SECONDS = 60.0
DRAIN_SECONDS = 0.02
LINGER_SECONDS = 1.0
"""How long a stopping worker waits for one more request, or for the rest of a body."""
SPARE_PART = 10
"""One in so many connections is kept free for newcomers."""
GC_THRESHOLDS = (20_000, 20, 50)
"""Requests create little cyclic garbage; with the default thresholds, collecting took 7 % of the time."""


class Log(Logger):
    """gunicorn's log without lines for requests, since the application writes them."""

    def access(self, *_: Any) -> None:
        """Write nothing."""


class Worker(GeventWorker):
    """Serve until SIGTERM; then finish the requests that have begun."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: dict[Wait, gevent.Greenlet] = {}
        self._busy: dict[gevent.Greenlet, tuple[Any, float]] = {}
        self._ending: Event | None = None
        self._pool = Pool(self.worker_connections)

    def init_process(self) -> None:
        """Begin to serve."""
        RequestParser.mesg_class = heads.Head
        super().init_process()

    def timeout_ctx(self) -> Wait:
        """Limit the wait for the head of a request."""
        return Wait(self.cfg.keepalive, self._waiting)

    def load_wsgi(self) -> None:
        """Load the application, and exempt its objects from garbage collection."""
        super().load_wsgi()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)

    def handle(self, listener: Any, client: Any, address: Any) -> None:
        """Serve a connection; when few are free, the one that has waited longest is closed for it."""
        if self._pool.free_count() < self.worker_connections // SPARE_PART:
            longest = next((wait for wait in self._waiting if not wait.interrupted), None)
            if longest is not None:
                longest.interrupt()
        super().handle(listener, client, address)

    def handle_request(self, listener: Any, request: Any, client: Any, address: Any) -> None:
        """Handle a request, and register it as busy."""
        self._busy[gevent.getcurrent()] = (request, time.monotonic())
        body, request.body = request.body, TimedBody(request, self._waiting)
        try:
            super().handle_request(listener, request, client, address)
        finally:
            request.body = body
            del self._busy[gevent.getcurrent()]
        # Else a connection that always has a next request would be served before all others. This
        # also lets more requests share a commit.
        gevent.sleep(0)

    def handle_error(self, _: Any, client: Any, address: Any, error: BaseException) -> None:
        """Answer a request that never reached the application, and let the answer arrive."""
        with suppress(OSError):
            client.sendall(heads.refusal(error, address[0] if address else ""))
        util.close_graceful(client)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop, at once."""
        super().handle_exit(sig, frame)
        if self._ending is not None:
            self._ending.set()

    def run(self) -> None:
        """Serve; then close the listeners, and every connection after one more answer."""
        self._ending = Event()
        servers = []
        for listener in self.sockets:
            listener.setblocking(1)
            handle = partial(self.handle, listeners.ListenerName(listener))
            server = StreamServer(listener, handle=handle, spawn=self._pool)
            # Connections that come at once are spread over the workers.
            server.max_accept = 1 if self.cfg.workers > 1 else server.max_accept
            server.start()
            servers.append(server)
        while self.alive:
            self.notify()
            self._ending.wait(HEARTBEAT_SECONDS)
            interrupt_overdue(self._waiting)
            self._drop_the_stuck()
            _restore_metrics()
        for server in servers:
            listeners.close(server)
        self._drain()

    def _drop_the_stuck(self) -> None:
        """Close connections whose request takes longer than REQUEST_SECONDS, or whose stream is slow."""
        begun = time.monotonic() - REQUEST_SECONDS
        stuck = [each for each, (_, since) in self._busy.items() if since < begun]
        for greenlet in stuck:
            thread = id(greenlet)
            if thread not in STREAMS or STREAMS.is_slow(thread):
                gevent.kill(greenlet)

    def _drain(self) -> None:
        """Finish the requests that have begun; connections that stay idle are closed after a moment."""
        STREAMS.end()
        for request, _ in self._busy.values():
            request.force_close()
        begun = time.monotonic()
        deadline = begun + self.cfg.graceful_timeout
        while self._pool.free_count() < self.worker_connections and time.monotonic() < deadline:
            if time.monotonic() > begun + LINGER_SECONDS:
                for wait in self._waiting:
                    wait.interrupt()
            self.notify()
            gevent.sleep(DRAIN_SECONDS)
        self._pool.kill(block=True, timeout=1)


def _restore_metrics() -> None:
    """Make the files of this worker's metrics again if somebody has removed them."""
    # The parent of the workers imports this module before there is a folder.
    from receiver.server.metrics import FILES

    FILES.restore()

"""A gevent worker of gunicorn that stops quickly: on SIGTERM it closes idle connections."""

import gc
import time
from functools import partial
from types import FrameType, TracebackType
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.glogging import Logger
from gunicorn.workers.ggevent import GeventWorker

HEARTBEAT_SECONDS = 1.0
REQUEST_SECONDS = 60.0
DRAIN_SECONDS = 0.02
GC_THRESHOLDS = (20_000, 20, 50)
"""Requests create little cyclic garbage; with the default thresholds, collecting took 7 % of the time."""


class Log(Logger):
    """gunicorn's log without lines for requests, since the application writes them."""

    def access(self, *_: Any) -> None:
        """Write nothing."""


class Idle(gevent.Timeout):
    """A wait for the next request on a connection, which a stopping worker interrupts."""

    def __init__(self, seconds: float, waiting: "dict[Idle, gevent.Greenlet]") -> None:
        super().__init__(seconds, False)
        self._waiting = waiting

    def __enter__(self) -> Any:
        self._waiting[self] = gevent.getcurrent()
        return super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> Any:
        del self._waiting[self]
        return super().__exit__(kind, value, trace)


class Worker(GeventWorker):
    """Serve until SIGTERM; then finish the requests that have begun."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: dict[Idle, gevent.Greenlet] = {}
        self._busy: dict[gevent.Greenlet, float] = {}
        self._ending: Event | None = None

    def timeout_ctx(self) -> Idle:
        """Limit the wait for a request, and register it as idle."""
        return Idle(self.cfg.keepalive, self._waiting)

    def load_wsgi(self) -> None:
        """Load the application, and exempt its objects from garbage collection."""
        super().load_wsgi()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)

    def handle_request(self, listener: Any, request: Any, client: Any, address: Any) -> None:
        """Handle a request, and register it as busy."""
        self._busy[gevent.getcurrent()] = time.monotonic()
        try:
            super().handle_request(listener, request, client, address)
        finally:
            del self._busy[gevent.getcurrent()]
        # Else a connection that always has a next request would be served before all others. This
        # also lets more requests share a commit.
        gevent.sleep(0)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop, at once."""
        super().handle_exit(sig, frame)
        if self._ending is not None:
            self._ending.set()

    def run(self) -> None:
        """Serve; then close listeners and idle connections, and wait for busy ones."""
        self._ending = Event()
        pool = Pool(self.worker_connections)
        servers = []
        for listener in self.sockets:
            listener.setblocking(1)
            server = StreamServer(listener, handle=partial(self.handle, listener), spawn=pool)
            # Connections that come at once are spread over the workers.
            server.max_accept = 1 if self.cfg.workers > 1 else server.max_accept
            server.start()
            servers.append(server)
        while self.alive:
            self.notify()
            self._ending.wait(HEARTBEAT_SECONDS)
            self._drop_the_stuck()
            _restore_metrics()
        for server in servers:
            server.close()
        self._drain(pool)

    def _drop_the_stuck(self) -> None:
        """Close connections whose request takes longer than REQUEST_SECONDS."""
        begun = time.monotonic() - REQUEST_SECONDS
        for greenlet in [each for each, since in self._busy.items() if since < begun]:
            gevent.kill(greenlet)

    def _drain(self, pool: Pool) -> None:
        deadline = time.monotonic() + self.cfg.graceful_timeout
        while pool.free_count() < self.worker_connections and time.monotonic() < deadline:
            for idle, greenlet in list(self._waiting.items()):
                gevent.kill(greenlet, idle)
            self.notify()
            gevent.sleep(DRAIN_SECONDS)
        pool.kill(block=True, timeout=1)


def _restore_metrics() -> None:
    """Make the files of this worker's metrics again if somebody has removed them."""
    # The parent of the workers imports this module before there is a folder.
    from receiver.server.metrics import FILES

    FILES.restore()

"""gunicorn, and exactly one projector beside its workers."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from receiver.settings import KEEPALIVE_SECONDS

CONNECTIONS = 2000
GRACE_SECONDS = 30


class ProjectingArbiter(Arbiter):
    """Keep a projector process alive as gunicorn keeps its workers alive."""

    projector: subprocess.Popen[bytes] | None = None
    wanted = True
    ending = False

    def manage_workers(self) -> None:
        """Start missing workers and a missing projector; called about once a second."""
        super().manage_workers()
        if self.wanted and (self.projector is None or self.projector.poll() is not None):
            command = [sys.executable, "-m", "receiver", "project", "--parent", str(os.getpid())]
            self.projector = subprocess.Popen(command)  # noqa: S603 our own program

    def reap_workers(self) -> None:
        """Repeat SIGTERM while stopping: a worker that was starting may have missed the first."""
        super().reap_workers()
        if self.ending:
            self.kill_workers(signal.SIGTERM)

    def handle_int(self) -> None:
        """End on Ctrl-C as on SIGTERM."""
        self.handle_term()

    def stop(self, graceful: bool = True) -> None:
        """Stop the workers first, so that the projector projects their last events."""
        self.wanted, self.ending = False, True
        super().stop(graceful)
        if self.projector is not None and self.projector.poll() is None:
            self.projector.terminate()
            self.projector.wait(GRACE_SECONDS)


class Server(BaseApplication):
    """The service as one command; each worker loads the application itself."""

    def __init__(self, options: dict[str, Any], *, projector: bool) -> None:
        self._options = options
        self._projector = projector
        super().__init__()

    def load_config(self) -> None:
        """Set the options."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Import the application, in a worker, after gevent's patching."""
        from wsgi import app

        return app

    def run(self) -> None:
        """Serve until SIGTERM or Ctrl-C."""
        arbiter = ProjectingArbiter(self)
        arbiter.wanted = self._projector
        arbiter.run()


def serve(
    host: str, port: int, workers: int, level: str, *, keepalive: int, projector: bool
) -> None:
    """Serve HTTP on `host:port`, with a projector process if `projector` is set.

    The workers write their metrics into a temporary folder.
    """
    from receiver.server.logs import library_logging

    folder = tempfile.mkdtemp(prefix="kitledger-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    logging = {"logconfig_dict": library_logging(level)}
    server, parent = (
        Server(options(host, port, workers, keepalive) | logging, projector=projector),
        os.getpid(),
    )
    try:
        server.run()
    finally:
        # Workers are forked within run(), and reach this line when they end.
        if os.getpid() == parent:
            shutil.rmtree(folder, ignore_errors=True)


def options(
    host: str, port: int, workers: int, keepalive: int = KEEPALIVE_SECONDS
) -> dict[str, Any]:
    """Return gunicorn's settings; the benchmarks' reference server uses them too.

    `keepalive` is the longest wait in seconds for the next request on a connection, or for its head.
    """
    return {
        "bind": netloc(host, port),
        "workers": workers,
        "worker_class": "receiver.server.worker.Worker",
        "worker_connections": CONNECTIONS,
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 heartbeats only
        "graceful_timeout": GRACE_SECONDS,
        "keepalive": keepalive,
        # Else SCRIPT_NAME from anybody on this machine would change the path of a request.
        "forwarder_headers": "",
        "proc_name": "kitledger",
        "control_socket_disable": True,
        "logger_class": "receiver.server.worker.Log",
        "child_exit": _forget,
    }


def netloc(host: str, port: int) -> str:
    """Return a host and its port as in URLs, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _forget(_: Any, worker: Any) -> None:
    """Keep a dead worker's counters, and remove its gauges."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)

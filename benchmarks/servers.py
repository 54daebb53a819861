"""The processes to measure: the service on a store, the reference, and a projector."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.store_under_test import StoreUnderTest
from benchmarks.waiting import TimedOut, wait_until
from receiver.processors import processors

START_SECONDS = 30.0
STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Server:
    """A running server: its address, the process id of its arbiter, and its store."""

    address: str
    pid: int
    store: StoreUnderTest

    def get(self, path: str) -> httpx.Response:
        """Send a GET with the credentials of the store's client; raises for an error status."""
        client_id, _, key = self.store.credentials.partition(":")
        return httpx.get(self.address + path, auth=(client_id, key)).raise_for_status()


@contextmanager
def service(store: StoreUnderTest, *options: str) -> Iterator[Server]:
    """Serve a store by `kitledger serve`, with a projector unless an option says otherwise."""
    ready = "/healthz" if "--no-projector" in options else "/readyz"
    with _serving(store, ["-m", "receiver", "serve", *options], ready) as server:
        yield server


@contextmanager
def stock(store: StoreUnderTest) -> Iterator[Server]:
    """Serve the same routes on eventsourcing's own recorder, without a projector."""
    with _serving(store, ["-m", "benchmarks.stock_server"], "/healthz") as server:
        yield server


@contextmanager
def _serving(store: StoreUnderTest, command: Sequence[str], ready: str) -> Iterator[Server]:
    port = free_port()
    command = [*command, "--port", str(port)]
    with run_python(command, store.environment, store.folder / "server.log") as process:
        wait_for_answer(process, f"http://127.0.0.1:{port}{ready}")
        yield Server(f"http://127.0.0.1:{port}", process.pid, store)


@contextmanager
def reference(log: Path) -> Iterator[str]:
    """Serve the reference with as many workers as the service has; provide its address."""
    port = free_port()
    command = ["-m", "benchmarks.reference", str(port), str(processors())]
    with run_python(command, os.environ, log) as process:
        wait_for_answer(process, f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def projector(store: StoreUnderTest) -> Iterator[int]:
    """Run `kitledger project` on a store; provide its process id."""
    command = ["-m", "receiver", "project"]
    with run_python(command, store.environment, store.folder / "projector.log") as process:
        yield process.pid


@contextmanager
def run_python(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run this Python interpreter with its output in a log, and terminate it on exit."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *command], env=environment, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def free_port() -> int:
    """Return a port that is not in use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_answer(process: subprocess.Popen[bytes], url: str) -> None:
    """Wait until a server answers with any status below 500; raises TimedOut."""

    def answered() -> bool:
        if process.poll() is not None:
            raise TimedOut(f"the server ended with status {process.returncode}")
        try:
            return httpx.get(url).status_code < 500
        except httpx.TransportError:
            return False

    wait_until(answered, START_SECONDS)

"""Servers to measure: the service on a store, the reference beside it, and a projector alone."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.places import Place, WaitedInVain, until
from receiver.settings import processors

START_SECONDS = 30.0
STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Server:
    """A server that answers: where, its first process, and its store."""

    address: str
    pid: int
    place: Place

    def get(self, path: str) -> httpx.Response:
        """Read something, as the client of the store."""
        client_id, _, key = self.place.credentials.partition(":")
        return httpx.get(self.address + path, auth=(client_id, key)).raise_for_status()


@contextmanager
def service(place: Place, *options: str) -> Iterator[Server]:
    """Serve a store as `kitledger serve` does; its projector included, if no option says otherwise."""
    ready = "/healthz" if "--no-projector" in options else "/readyz"
    with _serving(place, ["-m", "receiver", "serve", *options], ready) as server:
        yield server


@contextmanager
def stock(place: Place) -> Iterator[Server]:
    """Serve the same routes on eventsourcing's own recorder, without a projector."""
    with _serving(place, ["-m", "benchmarks.stock_route"], "/healthz") as server:
        yield server


@contextmanager
def _serving(place: Place, command: Sequence[str], ready: str) -> Iterator[Server]:
    port = free_port()
    command = [*command, "--port", str(port)]
    with python(command, place.environment, place.folder / "server.log") as process:
        answers(process, f"http://127.0.0.1:{port}{ready}")
        yield Server(f"http://127.0.0.1:{port}", process.pid, place)


@contextmanager
def reference(log: Path) -> Iterator[str]:
    """Serve the reference with as many workers; give its address."""
    port = free_port()
    command = ["-m", "benchmarks.reference", str(port), str(processors())]
    with python(command, os.environ, log) as process:
        answers(process, f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def projector(place: Place) -> Iterator[int]:
    """Run `kitledger project` on a store; give its process."""
    command = ["-m", "receiver", "project"]
    with python(command, place.environment, place.folder / "projector.log") as process:
        yield process.pid


@contextmanager
def python(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run this Python with a command, its output to a log, and end it."""
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
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(process: subprocess.Popen[bytes], url: str) -> None:
    """Wait until a server answers, be it that it has no such page; raises WaitedInVain."""

    def answered() -> bool:
        if process.poll() is not None:
            raise WaitedInVain(f"the server ended with status {process.returncode}")
        try:
            return httpx.get(url).status_code < 500
        except httpx.TransportError:
            return False

    until(answered, START_SECONDS)

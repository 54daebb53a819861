"""Room on a disk: how to have little of it, and how to take it away."""

import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from chaos.fault import Skipped
from tests.harness.postgres import Server
from tests.harness.postgres.programs import new_folder

CHUNKS = (1024 * 1024, 4096, 1)


@contextmanager
def mounted(size: int) -> Iterator[Path]:
    """Mount a filesystem of so many bytes; raises Skipped where that is not allowed."""
    folder = new_folder()
    try:
        options = f"size={size},mode=1777"
        done = _run("mount", "-t", "tmpfs", "-o", options, "kitledger-chaos", folder)
        if done.returncode:
            raise Skipped(f"no filesystem can be mounted here: {done.stderr.splitlines()[0]}")
        try:
            yield folder
        finally:
            _run("umount", "--lazy", folder)
    finally:
        folder.rmdir()


@contextmanager
def own_server(place: Path | None = None) -> Iterator[Server]:
    """Run a PostgreSQL server that may come to harm, maybe in a given folder."""
    server = Server("harmed", place)
    try:
        yield server.create().start()
    finally:
        server.close()


def fill(balloon: Path) -> None:
    """Let a file grow until there is no room for another byte."""
    with balloon.open("ab", buffering=0) as file:
        for size in CHUNKS:
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


def limit(pids: Iterable[int], size: str, account: Mapping[str, Any]) -> None:
    """Let these processes of an account write no file beyond so many bytes, or `unlimited` again."""
    for pid in pids:
        # Only the soft limit, which whoever owns the process may raise again.
        _run("prlimit", "--pid", str(pid), f"--fsize={size}:", **account)


def _run(*command: str | Path, **account: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, **account)

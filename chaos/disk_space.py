"""Small filesystems, full disks and limits to the size of files."""

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
def small_filesystem(size: int) -> Iterator[Path]:
    """Mount a filesystem of `size` bytes; raises Skipped where that is not allowed."""
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
def dedicated_server(parent: Path | None = None) -> Iterator[Server]:
    """Run a PostgreSQL server for one experiment, which may damage it."""
    server = Server("harmed", parent)
    try:
        yield server.create().start()
    finally:
        server.close()


def fill_disk(file: Path) -> None:
    """Grow a file until its filesystem has no free byte."""
    with file.open("ab", buffering=0) as opened:
        for size in CHUNKS:
            with suppress(OSError):
                while opened.write(bytes(size)) == size:
                    pass


def limit_file_size(pids: Iterable[int], size: str, account: Mapping[str, Any]) -> None:
    """Set RLIMIT_FSIZE of processes to `size` bytes or `unlimited`, as the account that owns them."""
    for pid in pids:
        # The soft limit only: raising a hard limit needs privileges.
        _run("prlimit", "--pid", str(pid), f"--fsize={size}:", **account)


def _run(*command: str | Path, **account: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, **account)

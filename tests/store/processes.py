"""Start functions of `writers` in processes of their own, and read what they write down."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]


@dataclass
class Child:
    """A process, and the pipe on which it answers."""

    process: subprocess.Popen[bytes]
    answers: IO[bytes]

    def lines(self) -> list[str]:
        """Return every whole line that it has written, once it has ended."""
        *whole, _ = self.answers.read().decode().split("\n")
        return whole


@contextmanager
def child(function: str, *arguments: object) -> Iterator[Child]:
    """Call a function of `writers` in a process of its own, with a pipe as the last argument."""
    read, write = os.pipe()
    called = ", ".join([*map(repr, arguments), str(write)])
    program = f"from tests.store.writers import {function}; {function}({called})"
    process = subprocess.Popen([sys.executable, "-c", program], pass_fds=[write], cwd=ROOT)
    os.close(write)
    with os.fdopen(read, "rb") as answers:
        try:
            yield Child(process, answers)
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()

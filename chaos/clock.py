"""A clock that the senders and the service's processes share, and that can be set back."""

import mmap
import os
import struct
import time
from pathlib import Path

VARIABLE = "CHAOS_CLOCK"
HOOK = Path(__file__).with_name("shifted")
FORM = struct.Struct("d")


class Clock:
    """The time as `chaos/shifted/sitecustomize.py` shows it to processes that are told of its file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.write_bytes(FORM.pack(0.0))
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), FORM.size)

    @property
    def offset(self) -> float:
        """Return by how many seconds it is off."""
        return float(FORM.unpack_from(self._shared)[0])

    def now(self) -> float:
        """Return the seconds since 1970."""
        return time.time() + self.offset

    def shift(self, seconds: float) -> None:
        """Set it, for all at once."""
        FORM.pack_into(self._shared, 0, self.offset + seconds)

    def environment(self) -> dict[str, str]:
        """Return the variables that make a Python process go by this clock."""
        path = os.pathsep.join(filter(None, [str(HOOK), os.environ.get("PYTHONPATH")]))
        return {VARIABLE: str(self.file), "PYTHONPATH": path}

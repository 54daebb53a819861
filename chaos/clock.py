"""A clock that the senders and the service's processes share, and that can be set back."""

import time
from pathlib import Path


class Clock:
    """Keep by how many seconds the time is off, in a file that libfaketime reads at each question.

    What measures spans (time.monotonic and its like) stays as it is, as when a host's clock is set.
    Source: https://github.com/wolfcw/libfaketime, "Using offsets for relative dates".
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.offset = 0.0
        self._write()

    def now(self) -> float:
        """Return the seconds since 1970."""
        return time.time() + self.offset

    def shift(self, seconds: float) -> None:
        """Set it, for all at once."""
        self.offset += seconds
        self._write()

    def environment(self) -> dict[str, str]:
        """Return the variables that make a process go by this clock."""
        # Only `.[chaos]` installs it: some package indexes have its source alone, which needs a compiler.
        from libfaketime import get_reload_information

        _, preloaded = get_reload_information()
        return {**preloaded, "FAKETIME_TIMESTAMP_FILE": str(self.file), "NO_FAKE_STAT": "1"}

    def _write(self) -> None:
        """Replace the file as a whole: a process may read it at any moment."""
        written = self.file.with_suffix(".new")
        written.write_text(f"{self.offset:+.3f}\n")
        written.replace(self.file)

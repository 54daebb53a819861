"""Copying the write-ahead log of an SQLite file back into the file, while nobody waits for it."""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

LOOK_SECONDS = 1.0
LONGEST_SECONDS = 5.0
"""A log that never comes to rest is copied after so long: a page that changes often, once for all."""
RESTART_SECONDS = 0.1
Report = Callable[[str, dict[str, Any]], None]


class Checkpoints:
    """Checkpoint one file when it has come to rest, or has not for a while.

    A commit that finds the log full does the same, and keeps its group and its worker waiting for
    hundreds of pages that lie apart; this is to be there first.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._seen: int | None = None
        self._dirty: float | None = 0.0

    def look(self, now: float) -> bool:
        """Checkpoint if it is time to, at `now` in seconds of any clock; say whether it was.

        Raises sqlite3.Error when the file can't be read or written.
        """
        # Autocommit, so that no snapshot is held between two looks.
        connection = self._connection = self._connection or sqlite3.connect(
            self.path, timeout=RESTART_SECONDS, isolation_level=None
        )
        version: int = connection.execute("PRAGMA data_version").fetchone()[0]
        rests, self._seen = version == self._seen, version
        if self._dirty is None and not rests:
            self._dirty = now
        if self._dirty is None or not (rests or now >= self._dirty + LONGEST_SECONDS):
            return False
        # What there is, beside the writers; then what they added, so that the log begins anew. That
        # holds them up, but not for long; if a reader is in its way, it is for the next time.
        for mode in ("PASSIVE", "RESTART"):
            connection.execute(f"PRAGMA wal_checkpoint({mode})")
        self._dirty = None if rests else now
        return True

    def close(self) -> None:
        """Close the file; to look again opens it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def keep(paths: Sequence[Path], stop: threading.Event, report: Report) -> None:
    """Checkpoint files until `stop` is set; what goes wrong is reported, and tried again later."""
    with ExitStack() as stack:
        every = [Checkpoints(path) for path in paths]
        for each in every:
            stack.callback(each.close)
        while not stop.wait(LOOK_SECONDS):
            for each in every:
                try:
                    each.look(time.monotonic())
                except sqlite3.Error as error:
                    each.close()
                    report("checkpoint-waits", {"file": str(each.path), "error": str(error)})

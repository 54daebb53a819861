"""Copy the write-ahead log of an SQLite file back into the file, while nobody waits for it."""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from eventsourcing.persistence import OperationalError

from store.sqlite_file import SqliteFile

POLL_SECONDS = 1.0
LONGEST_SECONDS = 5.0
"""A log that never comes to rest is copied after so long: a page that changes often, once for all."""
RESTART_SECONDS = 0.1
LARGEST_LOG = 256 * 1024 * 1024
"""The size in bytes up to which a log may grow, that of the read models included."""
READER = "a program keeps a transaction open in which it reads: end it, and the log is cut"
LogEvent = Callable[[str, dict[str, Any]], None]
"""Logs an event by its name and fields."""


class WalCheckpoints:
    """Checkpoint one file when its log has come to rest, or has not for LONGEST_SECONDS.

    A commit that finds the log full does the same, and keeps its group and its worker waiting for
    hundreds of pages that lie apart. A checkpoint in time spares it that.
    """

    def __init__(self, file: SqliteFile) -> None:
        self.file = file
        self._connection: sqlite3.Connection | None = None
        self._seen: int | None = None
        self._dirty_since: float | None = 0.0
        self.put_off = False
        """Whether a reader or a writer was in the way of the last checkpoint."""

    def run_if_due(self, now: float) -> bool:
        """Checkpoint if it is time to, at `now` in seconds of any clock; return whether it was.

        Raises sqlite3.Error when the file can't be read or written, OperationalError when it is another.
        """
        if not self.file.is_current():
            self.close()
        # Autocommit, so that no snapshot is held between two calls.
        connection = self._connection = self._connection or self.file.connect(
            timeout=RESTART_SECONDS, isolation_level=None
        )
        version: int = connection.execute("PRAGMA data_version").fetchone()[0]
        rests, self._seen = version == self._seen, version
        if self._dirty_since is None and not rests:
            self._dirty_since = now
        if self._dirty_since is None or not (rests or now >= self._dirty_since + LONGEST_SECONDS):
            return False
        # PASSIVE copies beside the writers; RESTART copies what they added since and lets the log
        # begin anew. It holds them up, but not for long; a reader in its way puts it off.
        for mode in ("PASSIVE", "RESTART"):
            (put_off, *_) = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        self.put_off = bool(put_off)
        self._dirty_since = None if rests else now
        return True

    def grows(self) -> bool:
        """Say whether the log is larger than it should be, and can't begin anew."""
        return self.put_off and Path(self.file.log).stat().st_size > LARGEST_LOG

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def run_wal_checkpoints(files: Sequence[SqliteFile], stop: threading.Event, log: LogEvent) -> None:
    """Checkpoint files until `stop` is set; log errors, and try again later."""
    with ExitStack() as stack:
        every = [WalCheckpoints(file) for file in files]
        for each in every:
            stack.callback(each.close)
        while not stop.wait(POLL_SECONDS):
            for each in every:
                try:
                    if each.run_if_due(time.monotonic()) and each.grows():
                        log("log-grows", {"file": each.file.log, "error": READER})
                except (sqlite3.Error, OperationalError, OSError) as error:
                    each.close()
                    log("checkpoint-waits", {"file": each.file.path, "error": str(error)})

"""An SQLite file that exists, and stays the one that was opened first."""

import sqlite3
from pathlib import Path
from typing import Any

from eventsourcing.persistence import OperationalError

from store.file_identity import identity


class SqliteFile:
    """Open connections to a file, and notice when its path names no file or another one.

    The first connection decides which file that is, unless `expected` does, an identity. A file that
    is `replaceable` may be another one for each connection.
    """

    def __init__(self, path: str | Path, expected: str = "", *, replaceable: bool = False) -> None:
        self.path = str(path)
        self.log = f"{path}-wal"
        self._opened = expected
        self._log = ""
        self._replaceable = replaceable

    def connect(self, **options: Any) -> sqlite3.Connection:
        """Open a connection, and make no file; raises OperationalError when it is another file."""
        if self._replaceable or not self._opened:
            self._opened = identity(self.path)
        self.check()
        connection: sqlite3.Connection = sqlite3.connect(existing(self.path), uri=True, **options)
        return connection

    def is_current(self) -> bool:
        """Say whether the paths name the file that was opened, and its log, if they were."""
        return (not self._opened or identity(self.path) == self._opened) and (
            not self._log or identity(self.log) == self._log
        )

    def check(self) -> None:
        """Raise OperationalError when the path doesn't name the file that was opened."""
        if not self.is_current():
            raise OperationalError(
                f"{self.path} or its log is not the file that was opened, which was removed or "
                "replaced: put it back, or stop the service before another one takes its place"
            )

    def expect(self, identity: str) -> None:
        """Accept no other file than this one, if it is given."""
        self._opened = identity or self._opened

    def remember_log(self) -> None:
        """Require from now on that the log stays the one that a connection has just opened."""
        self._log = self._log or identity(self.log)

    def forget_log(self) -> None:
        """Let SQLite remove the log when it closes a connection, but not overlook that it is lost."""
        if self.is_current():
            self._log = ""


def existing(path: str) -> str:
    """Return the URI of a file that must exist: opened by it, SQLite makes none."""
    if path.startswith("file:"):
        return path
    escaped = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file:{escaped}?mode=rw"

"""Read models in an SQLite file."""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import DisconnectionError

from projections.databases import Damaged, Locked, StillHeld
from store.engines import Pragmas, engine
from store.file_identity import identity

NORMAL: Pragmas = {"synchronous": "NORMAL"}
"""Commits don't wait for the disk: after a power cut the projector writes the lost rows again."""
SNAPSHOT_SECONDS = 10
"""The longest query of a reader. While it runs, the log can't begin anew, and grows."""
INSTRUCTIONS = 100_000
"""How many of SQLite's instructions run between two looks at the clock."""
DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
FILE = "file"
"""The key, in the `info` of a connection, of the identity of its file."""
WRITER: Pragmas = {
    "cache_size": -32 * 1024,
    "wal_autocheckpoint": 64_000,
    "journal_size_limit": 64_000 * 4096,
}
"""In KiB, in pages, and in bytes. Large, since keys are scattered over their indexes: so a page has many
changes before it is written."""


class SqliteDatabase:
    """One SQLite file; its locks are files beside it."""

    schema: str | None = None

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self.engine = engine(url, begin="BEGIN", pragmas=NORMAL)
        # Locked from the start: a transaction that reads before it writes would fail instead of waiting.
        self.writer = engine(url, begin="BEGIN IMMEDIATE", pragmas={**NORMAL, **WRITER})
        self._path = self._url.database or ""
        self._current = ""
        for each in (self.engine, self.writer):
            event.listen(each, "connect", self._remember_file)
            event.listen(each, "checkout", self._require_file)
        self._reader = self.engine.execution_options(begin=None)
        self.isolated = self.engine

    def connect(self) -> Connection:
        """Open a connection for snapshots."""
        return self._reader.connect()

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()
        self.writer.dispose()

    def is_current(self) -> bool:
        """Say whether the path still names the file of the last connection."""
        return identity(self._path) == self._current

    def set_aside(self, error: Exception, opened: Mapping[str, str]) -> None:
        """Rename the file if an error says that it is damaged; raises Damaged then.

        `opened` is the `info` of the connection, empty if there was none. A file that another process has
        put in the place of that connection's stays.
        """
        cause = getattr(error, "orig", error)
        if getattr(cause, "sqlite_errorcode", 0) & 0xFF not in DAMAGE:
            return
        aside = f"{self._path}.damaged"
        with suppress(Locked), self.lock("set-aside"):
            if opened.get(FILE) in {None, identity(self._path)}:
                # The logs first: a new file must not find them.
                for suffix in ("-wal", "-shm", ""):
                    with suppress(FileNotFoundError):
                        Path(f"{self._path}{suffix}").replace(f"{aside}{suffix}")
        raise Damaged(
            f"{self._path} is damaged ({cause}): it is set aside as {aside}, and the read models are "
            "made anew from the ledger"
        )

    def _remember_file(self, _: Any, record: Any) -> None:
        self._current = record.info[FILE] = identity(self._path)

    def _require_file(self, _: Any, record: Any, __: Any) -> None:
        """Let the pool open another connection when the file was replaced since this one was opened."""
        if record.info[FILE] != identity(self._path):
            raise DisconnectionError

    def reusable(self, driver: Any) -> bool:
        """Say whether a connection can be used again: not in a transaction."""
        return not driver.in_transaction

    def begin_snapshot(self, driver: Any, state: str) -> tuple[Any, ...]:
        """Begin a read-only snapshot, and return the row of the query `state`.

        Its queries are interrupted after SNAPSHOT_SECONDS.
        """
        deadline = time.monotonic() + SNAPSHOT_SECONDS
        driver.set_progress_handler(lambda: time.monotonic() > deadline, INSTRUCTIONS)
        driver.execute("BEGIN")
        row: tuple[Any, ...] = driver.execute(state).fetchone()
        return row

    def prepare(self, connection: Connection) -> None:
        """Do nothing: a file needs no schema."""

    @contextmanager
    def lock(self, name: str) -> Iterator[StillHeld]:
        """Hold a lock that the kernel frees when its holder dies; raises Locked."""
        path = Path(f"{self._url.database}.{name}.lock")
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise Locked(f"another process holds {path.name}") from error
        try:
            yield lambda: True
        finally:
            os.close(handle)

    def now(self, connection: Connection) -> float:
        """Return the time in seconds since 1970."""
        return time.time()

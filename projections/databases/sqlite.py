"""Read models in an SQLite file."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, make_url

from projections.databases import Locked, StillHeld
from store.engines import Pragmas, engine

NORMAL: Pragmas = {"synchronous": "NORMAL"}
"""Commits don't wait for the disk: after a power cut the projector writes the lost rows again."""
WRITER: Pragmas = {"cache_size": -32 * 1024, "wal_autocheckpoint": 64_000}
"""In KiB, and in pages. Large, since keys are scattered over their indexes: so a page has many changes
before it is written."""


class SqliteDatabase:
    """One SQLite file; its locks are files beside it."""

    schema: str | None = None

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self.engine = engine(url, begin="BEGIN", pragmas=NORMAL)
        # Locked from the start: a transaction that reads before it writes would fail instead of waiting.
        self.writer = engine(url, begin="BEGIN IMMEDIATE", pragmas={**NORMAL, **WRITER})
        self._reader = self.engine.execution_options(begin=None)

    def connect(self) -> Connection:
        """Open a connection for snapshots."""
        return self._reader.connect()

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()
        self.writer.dispose()

    def reusable(self, driver: Any) -> bool:
        """Say whether a connection can be used again: not in a transaction."""
        return not driver.in_transaction

    def begin_snapshot(self, driver: Any, state: str) -> tuple[Any, ...]:
        """Begin a read-only snapshot, and return the row of the query `state`."""
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

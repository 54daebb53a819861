"""A copy of a ledger's SQLite file that is complete and consistent, while others write."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from store.event_queries import SELECT_HEAD
from store.sqlite_file import SqliteFile

PAGES_PER_STEP = 1000
Progress = Callable[[int, int], None]
"""Called with the pages that are copied, and with all pages."""


class BackupFailed(Exception):
    """The copy could not be made, or SQLite finds it damaged."""


def backup(source: Path, target: Path, progress: Progress) -> int:
    """Copy the ledger as it is now to a new file, and return the last position in the copy.

    The file is there only once it is complete, checked and on disk. Raises BackupFailed, sqlite3.Error or
    OSError.
    """
    check(source, target)
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(partial)) as copy:
            _copy(source, copy, progress)
            head = _checked_head(copy)
        _sync(partial)
        partial.rename(target)
        _sync(target.parent)
    finally:
        partial.unlink(missing_ok=True)
    return head


def check(source: Path, target: Path) -> None:
    """Raise BackupFailed when there is no source, or a target already."""
    if not source.exists():
        raise BackupFailed(f"there is no ledger {source}")
    if target.exists():
        raise BackupFailed(f"{target} exists already: name a new file")


def _copy(source: Path, copy: sqlite3.Connection, progress: Progress) -> None:
    with closing(SqliteFile(source).connect(isolation_level=None)) as ledger, _snapshot(ledger):
        ledger.backup(
            copy,
            pages=PAGES_PER_STEP,
            progress=lambda _, remaining, total: progress(total - remaining, total),
        )


@contextmanager
def _snapshot(ledger: sqlite3.Connection) -> Iterator[None]:
    """Hold one snapshot: without it, every commit of another process would begin the copy anew."""
    ledger.execute("BEGIN")
    ledger.execute(SELECT_HEAD).fetchone()
    yield
    ledger.execute("ROLLBACK")


def _checked_head(copy: sqlite3.Connection) -> int:
    # A copy is one file: a log beside it would be forgotten.
    copy.execute("PRAGMA journal_mode = DELETE")
    (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise BackupFailed(f"the copy is damaged, as the ledger may be: {found}")
    return int(copy.execute(SELECT_HEAD).fetchone()[0])


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)

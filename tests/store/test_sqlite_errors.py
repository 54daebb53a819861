"""When the disk is full or the file can't be written, all or nothing is kept, and work goes on later."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from eventsourcing.persistence import OperationalError

from store.group_commit import GroupCommit
from store.sqlite_file import SqliteFile
from store.sqlite_session import SqliteSession
from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain
from tests.harness.stores import writing_connection
from tests.store.stored import fill, stream

HUGE = b"\x80" * 100_000


@pytest.fixture
def url(sqlite_url: str) -> str:
    """Name a file."""
    return sqlite_url


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Let the kernel refuse to make any file of this process larger, as a full disk does."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_a_full_database_keeps_nothing_of_what_did_not_fit(
    recorder: Recorder, plain: Plain
) -> None:
    fill(recorder, 2)
    connection = writing_connection(recorder)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 3}")
    with pytest.raises(OperationalError, match="full"):
        recorder.insert_events(stream("large", range(1, 4), HUGE))
    assert [name for _, name, _ in plain.stored()] == ["s0", "s1"]
    assert recorder.insert_events(stream("large", range(1, 4), HUGE)) == [3, 4, 5]


def test_a_disk_that_takes_no_more_bytes_keeps_nothing_of_what_did_not_fit(
    recorder: Recorder, plain: Plain, tmp_path: Path
) -> None:
    fill(recorder, 2)
    largest = max(each.stat().st_size for each in tmp_path.iterdir())
    with files_limited_to(largest + 4096), pytest.raises(OperationalError):
        recorder.insert_events(stream("large", range(1, 4), HUGE))
    assert [name for _, name, _ in plain.stored()] == ["s0", "s1"]
    assert recorder.insert_events(stream("large", range(1, 4), HUGE)) == [3, 4, 5]
    assert plain.is_sound()


def test_a_file_that_is_not_there_is_an_operational_error(tmp_path: Path) -> None:
    committing = GroupCommit(SqliteSession(SqliteFile(tmp_path / "missing" / "ledger.db")))
    with pytest.raises(OperationalError, match="unable to open"):
        committing.submit(lambda transaction: transaction)


def test_a_file_that_is_no_database_is_an_operational_error(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear all, " * 1000)
    committing = GroupCommit(SqliteSession(SqliteFile(tmp_path / "letter.txt")))
    with pytest.raises(OperationalError, match="not a database"):
        committing.submit(lambda transaction: transaction)

"""A file of the ledger that was removed or replaced takes no more events, and gets no successor."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from eventsourcing.persistence import OperationalError

from store.file_identity import identity
from tests.harness.ledgers import Recorder, open_ledger, recorder_of
from tests.harness.plain import Plain
from tests.store.stored import event, fill


@pytest.fixture
def url(sqlite_url: str) -> str:
    """Name a file."""
    return sqlite_url


@pytest.fixture
def file(recorder: Recorder, tmp_path: Path) -> Path:
    """Fill the file with two events, and take a copy of it beside."""
    fill(recorder, 2)
    copy = Plain(f"sqlite:///{tmp_path / 'ledger.db'}")
    copy.query(f"VACUUM INTO '{tmp_path / 'copy.db'}'")
    copy.close()
    return tmp_path / "ledger.db"


def remove(file: Path) -> None:
    for each in file.parent.glob("ledger.db*"):
        each.unlink()


def replace(file: Path) -> None:
    file.with_name("copy.db").replace(file)


def remove_log(file: Path) -> None:
    file.with_name("ledger.db-wal").unlink()


LOSSES = [remove, replace, remove_log]


@pytest.mark.parametrize("lose", LOSSES)
def test_it_takes_no_more(recorder: Recorder, file: Path, lose: Callable[[Path], None]) -> None:
    lose(file)
    for number in range(2):
        with pytest.raises(OperationalError, match="removed or replaced"):
            recorder.insert_events([event(f"late{number}")])
    with pytest.raises(OperationalError, match="removed or replaced"):
        recorder.check()


@pytest.mark.parametrize("lose", LOSSES)
def test_one_that_is_lost_during_a_commit_is_noticed_before_anybody_is_told(
    recorder: Recorder, file: Path, lose: Callable[[Path], None]
) -> None:
    with pytest.raises(OperationalError, match="removed or replaced"):
        recorder.run_in_transaction(lambda _: lose(file))


def test_nobody_makes_another(recorder: Recorder, file: Path) -> None:
    remove(file)
    with pytest.raises(OperationalError):
        recorder.insert_events([event("late")])
    recorder.close()
    with pytest.raises(OperationalError):
        recorder.max_notification_id()
    assert not file.exists()


def test_one_that_is_put_back_goes_on(recorder: Recorder, file: Path) -> None:
    file.rename(file.with_name("away.db"))
    with pytest.raises(OperationalError, match="removed or replaced"):
        recorder.insert_events([event("late")])
    file.with_name("away.db").rename(file)
    assert recorder.insert_events([event("late")]) == [3]


def test_one_that_comes_back_before_its_log_waits_for_it(recorder: Recorder, file: Path) -> None:
    log, away = file.with_name("ledger.db-wal"), file.with_name("away.db")
    file.rename(away)
    log.rename(file.with_name("away.db-wal"))
    for _ in range(2):
        with pytest.raises(OperationalError, match="removed or replaced"):
            recorder.insert_events([event("late")])
    away.rename(file)
    with pytest.raises(OperationalError, match="removed or replaced"):
        recorder.insert_events([event("late")])
    file.with_name("away.db-wal").rename(log)
    assert recorder.insert_events([event("late")]) == [3]


def test_a_process_that_is_told_which_file_it_is_opens_no_other(
    recorder: Recorder, file: Path, url: str
) -> None:
    opened = identity(file)
    recorder.close()
    shutil.copy(file, file.with_name("another.db"))
    file.with_name("another.db").rename(file)
    ledger = open_ledger(url)
    other = recorder_of(ledger)
    other.file.expect(opened)  # type: ignore[union-attr]
    with pytest.raises(OperationalError, match="removed or replaced"):
        other.max_notification_id()
    ledger.close()

"""A closed application has no connection open, neither for reading nor for writing."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from eventsourcing.application import Application

from tests.harness.ledgers import open_ledger, recorder_of
from tests.harness.plain import Plain
from tests.harness.waiting import eventually
from tests.store.stored import event

OTHERS = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""


def open_files() -> list[str]:
    """Return what this process has open."""
    descriptors = Path("/proc/self/fd")
    return [os.path.realpath(each) for each in descriptors.iterdir()]


def is_open(url: str) -> bool:
    """Tell whether anybody but this question is connected to the database."""
    if not url.startswith("sqlite"):
        plain = Plain(url)
        ((count,),) = plain.query(OTHERS)
        plain.close()
        return bool(count)
    file = url.removeprefix("sqlite:///")
    return any(each.startswith(os.path.realpath(file)) for each in open_files())


@pytest.mark.parametrize("end", [Application.close, lambda each: each.factory.close()])
def test_it_has_no_connection_left(url: str, end: Callable[[Application[str]], None]) -> None:
    ledger = open_ledger(url)
    recorder = recorder_of(ledger)
    recorder.insert_events([event("a")])
    assert recorder.max_notification_id() == 1
    assert is_open(url)
    end(ledger)
    assert eventually(lambda: not is_open(url))
    end(ledger)

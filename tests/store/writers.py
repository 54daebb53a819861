"""Writers in processes of their own: they use the store as a worker does, and say what they were told."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, TypeVar

from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent

from projections.models import all_projections
from projections.read_database import ReadDatabase
from store import postgres_begin
from store.unit_of_work import UnitOfWork
from tests.harness.ledgers import Recorder, open_ledger, recorder_of
from tests.harness.plain import REFUSALS, Plain
from tests.harness.stores import views_beside
from tests.store.stored import event, stream

T = TypeVar("T")
GROUP = 3
"""How many events each writer appends at once, all or none."""
LARGE_GROUP = 25


def append_until_killed(url: str, name: str, threads: int, acknowledge: int) -> None:
    """Append group after group in several threads; write each one's number down once it is stored."""
    recorder = recorder_of(open_ledger(url))

    def write(thread: int) -> None:
        number = 0
        while True:
            stored = f"{name}.{thread}.{number}"
            recorder.insert_events(stream(stored, range(1, GROUP + 1), b"\x80" * 500))
            os.write(acknowledge, f"{stored}\n".encode())
            number += 1

    for thread in range(threads):
        threading.Thread(target=write, args=(thread,)).start()


def append_and_fail(url: str, name: str, turns: int, answer: int) -> None:
    """Append group after group, but fail with each twentieth; say how many events were stored."""
    recorder = recorder_of(open_ledger(url))
    failures = (_be_refused, _change_its_mind, _fall_silent)
    kept = 0
    for turn in range(turns):
        if turn % 20 == 19:
            _patiently(lambda: failures[turn // 20 % 3](recorder, url, f"{name}.{turn}"))  # noqa: B023
            continue
        group = stream(f"{name}.{turn}", range(1, LARGE_GROUP + 1))
        kept += len(_patiently(lambda: recorder.insert_events(group)))  # noqa: B023 called at once
    os.write(answer, f"{kept}\n".encode())


def _be_refused(recorder: Recorder, url: str, name: str) -> None:
    """Append what would be stored, were its last event not stored already."""
    taken = recorder.select_notifications(1, 1)[0]
    with suppress(IntegrityError):
        recorder.insert_events([*_in_vain(name), event(str(taken.originator_id))])


def _change_its_mind(recorder: Recorder, url: str, name: str) -> None:
    """Append in a transaction that comes to nothing."""

    def work(transaction: UnitOfWork) -> NoReturn:
        transaction.insert_events(_in_vain(name))
        transaction.max_notification_id()
        raise LookupError

    with suppress(LookupError):
        recorder.run_in_transaction(work)


def _fall_silent(recorder: Recorder, url: str, name: str) -> None:
    """Append in a transaction that nobody ends."""
    row = "max(position) + 1, %s, 1, 't', %s"
    plain = Plain(url)
    _hold_up(plain)
    columns = "position, originator_id, originator_version, topic, state"
    into = f"INSERT INTO stored_events ({columns})"
    plain.query(f"{into} SELECT {row} FROM stored_events", f"in vain {name}", b"")
    plain.close()


def _hold_up(plain: Plain) -> None:
    while True:
        try:
            plain.hold_up()
        except REFUSALS:
            time.sleep(0.001)
        else:
            return


def _in_vain(name: str) -> list[StoredEvent]:
    return stream(f"in vain {name}", range(1, LARGE_GROUP + 1))


def _patiently(write: Callable[[], T]) -> T:
    while True:
        try:
            return write()
        except OperationalError:
            continue


def freeze(url: str, answer: int) -> None:
    """Stop in the middle of a transaction; once woken, say how it ended."""
    usual = f"timeout = '{2 * postgres_begin.APPEND_LOCK_SECONDS:.0f}s'"
    assert usual in postgres_begin.JOIN
    postgres_begin.JOIN = postgres_begin.JOIN.replace(usual, "timeout = '1s'")
    recorder = recorder_of(open_ledger(url))

    def work(transaction: UnitOfWork) -> None:
        transaction.insert_events([event("frozen")])
        transaction.max_notification_id()
        os.write(answer, b"frozen\n")
        os.kill(os.getpid(), signal.SIGSTOP)

    try:
        recorder.run_in_transaction(work)
    except OperationalError as error:
        os.write(answer, f"{type(error).__name__}\n".encode())


def migrate(url: str, answer: int) -> None:
    """Make all tables, as everybody does who starts."""
    open_ledger(url).close()
    views = ReadDatabase(views_beside(url))
    views.migrate(all_projections())
    views.close()
    os.write(answer, b"migrated\n")


def take_ids(url: str, kind: str, count: int, answer: int) -> None:
    """Take so many ids, and write them down in the order in which they were given."""
    recorder = recorder_of(open_ledger(url))
    given = [recorder.next_id(kind) for _ in range(count)]
    os.write(answer, ("\n".join(map(str, given)) + "\n").encode())

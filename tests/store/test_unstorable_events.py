"""An event that no database takes is refused before it is queued, and harms nobody."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import DatabaseError, DataError, StoredEvent

from store.unit_of_work import UnitOfWork
from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain
from tests.store.stored import Work, event, gathered

UNSTORABLE = {
    "uuid": replace(event("a"), originator_id=UUID(int=1)),
    "NUL in a stream": event("a\0b"),
    "NUL in a topic": event("a", topic="t\0"),
    "a lone surrogate": event("a\ud800"),
    "a version beyond 64 bits": event("a", 2**63),
    "a negative one": event("a", -(2**63) - 1),
}
GOOD = 4


@pytest.mark.parametrize("unstorable", UNSTORABLE.values(), ids=UNSTORABLE)
def test_it_is_refused_before_it_is_queued(
    recorder: Recorder, plain: Plain, unstorable: StoredEvent
) -> None:
    plain.hold_up()
    with pytest.raises(DataError):
        recorder.insert_events([event("b"), unstorable])
    plain.let_go()
    assert recorder.insert_events([event("b")]) == [1]


@pytest.mark.parametrize("unstorable", UNSTORABLE.values(), ids=UNSTORABLE)
def test_it_fails_alone_in_a_group(
    recorder: Recorder, plain: Plain, unstorable: StoredEvent
) -> None:
    def work(transaction: UnitOfWork) -> None:
        transaction.insert_events([event("c"), unstorable])

    works: list[Work] = [
        lambda stream=f"s{n}": recorder.insert_events([event(stream)])  # type: ignore[misc]
        for n in range(GOOD)
    ]
    works.insert(1, lambda: recorder.run_in_transaction(work))
    assert_only_one_fails(recorder, plain, works, DataError)


@pytest.mark.parametrize(
    "row", [("a\0b\ud800", 1, "t", b""), ("a", 2**70, "t", b""), ("a", 1, "t", None)]
)
def test_what_the_database_refuses_fails_alone_too(
    recorder: Recorder, plain: Plain, row: Any
) -> None:
    works: list[Work] = [
        lambda stream=f"s{n}": recorder.insert_events([event(stream)])  # type: ignore[misc]
        for n in range(GOOD)
    ]
    stored = (*row, "", False, None)
    works.insert(1, lambda: recorder.run_in_transaction(lambda each: each.append([stored])))
    assert_only_one_fails(recorder, plain, works, (DatabaseError, OverflowError, UnicodeError))


def assert_only_one_fails(
    recorder: Recorder, plain: Plain, works: list[Work], kind: type | tuple[type, ...]
) -> None:
    """Let a group commit, of which one job fails."""
    with gathered(recorder, plain, works) as futures:
        plain.let_go()
    errors = [future.exception() for future in futures]
    assert [isinstance(error, kind) for error in errors if error] == [True]
    assert {stream for _, stream, _ in plain.stored()} == {f"s{n}" for n in range(GOOD)}

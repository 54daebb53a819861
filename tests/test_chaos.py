"""The fault matrix itself: that it runs, and that nothing that is wrong escapes it."""

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from chaos.account import Account
from chaos.deliveries import statuses
from chaos.evidence import Evidence
from chaos.fault import Fault
from chaos.faults.cuts import CommitsCut
from chaos.faults.processes import WorkerKilled
from chaos.grounds import Stored
from chaos.http import Answer
from chaos.judge import Verdict, judge
from chaos.places import Places
from chaos.row import run

EVENTS = range(1, 8)


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    """Give a place for stores."""
    with Places() as made:
        yield made


@pytest.mark.parametrize(
    ("fault", "store"),
    [(WorkerKilled, "sqlite"), (CommitsCut, "postgres")],
    ids=["a worker killed", "commits cut"],
)
def test_a_row_comes_to_a_good_end(places: Places, fault: type[Fault], store: str) -> None:
    row = run(fault(), store, places)

    assert row.verdict is not None, row.skipped
    assert row.good, row.verdict.flaws
    assert row.verdict.acknowledged == row.verdict.found > 100
    assert row.recovered is not None


def account() -> Account:
    """Give the account of senders who were told that all events are recorded."""
    made = Account()
    for event_id in EVENTS:
        tell(made, event_id, 2 * event_id)
    return made


def tell(told: Account, event_id: int, position: int) -> None:
    """Acknowledge an event at a position."""
    result: dict[str, object] = {"id": event_id, "status": "recorded", "position": position}
    told.acknowledge([result], Answer(0, 1, 202))


def evidence() -> Evidence:
    """Give what is found when all events are there."""
    stored = [row for event_id in EVENTS for row in rows(event_id)]
    return Evidence(list(EVENTS), statuses(set(EVENTS)), stored, {"kits": 0}, [])


def rows(event_id: int) -> list[Stored]:
    """Give the rows of an event: its kit's, and its own."""
    state = msgspec.msgpack.encode({"event_id": event_id})
    stream = f"delivery/lab/{event_id:016d}"
    return [
        (2 * event_id - 1, "kit/K", "Kit.Observed", b""),
        (2 * event_id, stream, "Delivery.Recorded", state),
    ]


def test_what_agrees_is_good() -> None:
    verdict = judge(account(), evidence())

    assert verdict.good, verdict.flaws
    assert verdict == Verdict(len(EVENTS), len(EVENTS), doubled=0, lost=0, flaws=[])


def test_an_event_that_is_lost_is_found_out() -> None:
    found = evidence()
    unlisted = replace(found, listed=found.listed[1:])
    unstored = replace(found, stored=found.stored[:-2])

    assert (judge(account(), unlisted).lost, judge(account(), unstored).lost) == (1, 1)
    assert not judge(account(), unlisted).good


def test_an_event_that_is_there_twice_is_found_out() -> None:
    found = evidence()
    _, (_, stream, topic, state) = rows(3)
    again = (len(found.stored) + 1, stream, topic, state)
    listed = replace(found, listed=[*found.listed, 3])
    stored = replace(found, stored=[*found.stored, again])
    told = account()
    tell(told, 3, len(found.stored) + 1)

    assert judge(account(), listed).doubled == 1
    assert judge(account(), stored).doubled == 1
    assert judge(told, found).doubled == 1
    assert not judge(told, found).good


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"stored": [(position + 1, *row) for position, *row in evidence().stored]}, "gaps"),
        ({"lags": {"kits": 1}}, "behind"),
        ({"kits": {**evidence().kits, "UL00000000": "KIT_LOST"}}, "status"),
        ({"stored": [row for row in evidence().stored if row[0] != 1]}, "half"),
    ],
    ids=["a gap", "a lag", "a wrong status", "half of a delivery"],
)
def test_what_does_not_agree_is_found_out(changes: dict[str, object], word: str) -> None:
    verdict = judge(account(), replace(evidence(), **changes))  # type: ignore[arg-type]

    assert any(word in flaw for flaw in verdict.flaws), verdict.flaws


def test_an_event_that_nobody_was_told_of_is_found_out_unless_an_answer_was_lost() -> None:
    told, silent = account(), account()
    for each in (told, silent):
        del each.positions[5]
    silent.postpone([5], refused=False)

    assert "nobody was told of" in str(judge(told, evidence()).flaws)
    assert judge(silent, evidence()).good


@pytest.mark.parametrize(
    "answer",
    [Answer(0, 1, 500), Answer(0, 1, 401), Answer(0, 1, 503), Answer(0, 15, hangs=True)],
    ids=["500", "401", "503 without Retry-After", "none in time"],
)
def test_an_answer_that_must_not_be_is_found_out(answer: Answer) -> None:
    told = account()

    assert not told.judge("webhook", answer)

    assert not judge(told, evidence()).good


def test_a_503_and_a_broken_connection_are_no_fault() -> None:
    told = account()

    assert not told.judge("webhook", Answer(0, 1, 503, retry_after=1))
    assert not told.judge("webhook", Answer(0, 1))

    assert judge(told, evidence()).good

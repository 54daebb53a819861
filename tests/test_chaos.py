"""The fault injection: an experiment passes, and its check finds every kind of problem."""

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from chaos.checker import Verdict, check
from chaos.client_log import ClientLog
from chaos.deliveries import current_statuses
from chaos.experiment import run_experiment
from chaos.fault import Fault
from chaos.faults.connections import CommitsCut
from chaos.faults.followers import FollowersCut
from chaos.faults.processes import WorkerKilled
from chaos.final_state import FinalState
from chaos.http_client import Response
from chaos.store_factory import StoreFactory
from chaos.store_under_test import StoredEvent
from tests.harness.effort import effort

EVENTS = range(1, 8)


@pytest.fixture(scope="module")
def stores() -> Iterator[StoreFactory]:
    """Provide empty stores."""
    with StoreFactory() as factory:
        yield factory


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(CommitsCut, "postgres"), (WorkerKilled, "sqlite"), (FollowersCut, "postgres")][
        : effort(1, 3)
    ],
)
def test_an_experiment_passes(stores: StoreFactory, fault: type[Fault], kind: str) -> None:
    result = run_experiment(fault(), kind, stores)

    assert result.verdict is not None, result.skipped
    assert result.passed, result.verdict.problems
    assert result.verdict.acknowledged == result.verdict.found > 100
    assert result.recovery_seconds is not None


def complete_log() -> ClientLog:
    """Return the log of clients that received an acknowledgement of each event."""
    log = ClientLog()
    for event_id in EVENTS:
        acknowledge(log, event_id, 2 * event_id)
    return log


def acknowledge(log: ClientLog, event_id: int, position: int) -> None:
    """Add the acknowledgement of an event."""
    result: dict[str, object] = {"id": event_id, "status": "recorded", "position": position}
    log.add_acknowledged([result], Response(0, 1, 202))


def complete_state() -> FinalState:
    """Return the final state that holds each event."""
    stored = [event for event_id in EVENTS for event in stored_events(event_id)]
    return FinalState(list(EVENTS), current_statuses(EVENTS), stored, {"kits": 0}, [])


def stored_events(event_id: int) -> list[StoredEvent]:
    """Return the two stored events of a delivery: the kit's, and its own."""
    state = msgspec.msgpack.encode({"event_id": event_id})
    stream = f"delivery/lab/{event_id:016d}"
    return [
        (2 * event_id - 1, "kit/K", "Kit.Observed", b""),
        (2 * event_id, stream, "Delivery.Recorded", state),
    ]


def test_a_complete_state_passes() -> None:
    verdict = check(complete_log(), complete_state())

    assert verdict.passed, verdict.problems
    assert verdict == Verdict(len(EVENTS), len(EVENTS), duplicated=0, lost=0, problems=[])


def test_a_lost_event_is_found() -> None:
    state = complete_state()
    unlisted = replace(state, listed=state.listed[1:])
    unstored = replace(state, stored=state.stored[:-2])

    assert (check(complete_log(), unlisted).lost, check(complete_log(), unstored).lost) == (1, 1)
    assert not check(complete_log(), unlisted).passed


def test_a_duplicated_event_is_found() -> None:
    state = complete_state()
    _, (_, stream, topic, content) = stored_events(3)
    repeated = (len(state.stored) + 1, stream, topic, content)
    listed_twice = replace(state, listed=[*state.listed, 3])
    stored_twice = replace(state, stored=[*state.stored, repeated])
    acknowledged_twice = complete_log()
    acknowledge(acknowledged_twice, 3, len(state.stored) + 1)

    assert check(complete_log(), listed_twice).duplicated == 1
    assert check(complete_log(), stored_twice).duplicated == 1
    assert check(acknowledged_twice, state).duplicated == 1
    assert not check(acknowledged_twice, state).passed


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        (
            {"stored": [(position + 1, *rest) for position, *rest in complete_state().stored]},
            "gaps",
        ),
        ({"lags": {"kits": 1}}, "behind"),
        ({"kits": {**complete_state().kits, "UL00000000": "KIT_LOST"}}, "status"),
        ({"stored": [each for each in complete_state().stored if each[0] != 1]}, "incomplete"),
    ],
    ids=["a gap", "a lag", "a wrong status", "half of a delivery"],
)
def test_an_inconsistent_state_is_found(changes: dict[str, object], word: str) -> None:
    verdict = check(complete_log(), replace(complete_state(), **changes))  # type: ignore[arg-type]

    assert any(word in problem for problem in verdict.problems), verdict.problems


def test_an_unacknowledged_event_is_found_unless_its_response_was_lost() -> None:
    never_sent, response_lost = complete_log(), complete_log()
    for log in (never_sent, response_lost):
        del log.positions[5]
    response_lost.add_unacknowledged([5], refused=False)

    assert "never acknowledged" in str(check(never_sent, complete_state()).problems)
    assert check(response_lost, complete_state()).passed


@pytest.mark.parametrize(
    "response",
    [
        Response(0, 1, 500),
        Response(0, 1, 401),
        Response(0, 1, 503),
        Response(0, 15, timed_out=True),
    ],
    ids=["500", "401", "503 without Retry-After", "none in time"],
)
def test_a_response_against_the_contract_is_found(response: Response) -> None:
    log = complete_log()

    assert not log.check_response("webhook", response)

    assert not check(log, complete_state()).passed


def test_a_503_and_a_broken_connection_are_no_problem() -> None:
    log = complete_log()

    assert not log.check_response("webhook", Response(0, 1, 503, retry_after=1))
    assert not log.check_response("webhook", Response(0, 1))

    assert check(log, complete_state()).passed

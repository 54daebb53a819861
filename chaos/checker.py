"""The check of an experiment: every acknowledged event exists exactly once, and all views agree."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chaos.client_log import ClientLog
from chaos.deliveries import current_statuses
from chaos.final_state import FinalState


@dataclass(frozen=True)
class Verdict:
    """Counts of events, and a description of each problem."""

    acknowledged: int
    found: int
    duplicated: int
    lost: int
    problems: list[str]

    @property
    def passed(self) -> bool:
        """Return whether there is no problem."""
        return not self.problems


def check(log: ClientLog, state: FinalState) -> Verdict:
    """Compare the responses that clients received with the final state."""
    recorded = state.recorded()
    positions = dict(recorded)
    acknowledged, found = set(log.positions), set(positions) & set(state.listed)
    lost = acknowledged - found
    duplicated = _duplicated(log, state, [event_id for event_id, _ in recorded])
    problems = [f"lost: {first_ids(lost)}"] if lost else []
    problems += [f"duplicated: {first_ids(duplicated)}"] if duplicated else []
    problems += [*_client_problems(log, positions), *_ledger_problems(state, positions)]
    problems += [*_projection_problems(state, set(positions)), *state.problems]
    return Verdict(len(acknowledged), len(found), len(duplicated), len(lost), problems)


def _duplicated(log: ClientLog, state: FinalState, recorded: Iterable[int]) -> set[int]:
    """Return the events that are stored or listed twice, or acknowledged at two positions."""
    moved = {event_id for event_id, positions in log.positions.items() if len(positions) > 1}
    return moved | _repeated(recorded) | _repeated(state.listed)


def _repeated(event_ids: Iterable[int]) -> set[int]:
    return {event_id for event_id, times in Counter(event_ids).items() if times > 1}


def _client_problems(log: ClientLog, positions: dict[int, int]) -> Iterator[str]:
    """Compare the ledger's events with the acknowledgements."""
    for violation, times in sorted(log.violations.items()):
        yield f"{violation} ({times} times)"
    acknowledged, stored = set(log.positions), set(positions)
    if unexplained := stored - acknowledged - log.unanswered:
        ids = first_ids(unexplained)
        yield f"{len(unexplained)} events are stored but were never acknowledged: {ids}"
    both = acknowledged & stored
    if misplaced := {each for each in both if positions[each] not in log.positions[each]}:
        ids = first_ids(misplaced)
        yield f"{len(misplaced)} events are stored at another position than acknowledged: {ids}"


def _ledger_problems(state: FinalState, positions: dict[int, int]) -> Iterator[str]:
    """Check the ledger by itself: consecutive positions, and both events of each delivery."""
    if [position for position, *_ in state.stored] != [*range(1, len(state.stored) + 1)]:
        yield "the positions have gaps"
    observed = sum(topic == "Kit.Observed" for _, _, topic, _ in state.stored)
    if observed != len(positions):
        yield f"{len(positions)} deliveries but {observed} kit observations: some are incomplete"


def _projection_problems(state: FinalState, stored: set[int]) -> Iterator[str]:
    """Compare the read models with the ledger."""
    if set(state.listed) != stored:
        yield f"the list shows {len(set(state.listed))} events, the ledger holds {len(stored)}"
    if not state.lags or any(state.lags.values()):
        yield f"projections are behind the ledger: {state.lags}"
    expected = current_statuses(stored)
    if wrong := {kit for kit in expected if state.kits.get(kit) != expected[kit]}:
        yield f"{len(wrong)} kits do not have the status of their last event: {sorted(wrong)[:5]}"
    if len(state.kits) != len(expected):
        yield f"the events are about {len(expected)} kits, {len(state.kits)} are listed"


def first_ids(event_ids: Iterable[int]) -> str:
    """Return the lowest five ids as text."""
    return ", ".join(map(str, sorted(event_ids)[:5]))

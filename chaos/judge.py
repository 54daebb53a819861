"""The judgement: every event that was acknowledged is there, once, and all that is shown agrees."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chaos.account import Account
from chaos.deliveries import statuses
from chaos.evidence import Evidence


@dataclass(frozen=True)
class Verdict:
    """Counts of events, and what is wrong in words."""

    acknowledged: int
    found: int
    doubled: int
    lost: int
    flaws: list[str]

    @property
    def good(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.flaws


def judge(account: Account, evidence: Evidence) -> Verdict:
    """Compare what senders were told with what is there."""
    recorded = evidence.recorded()
    at = dict(recorded)
    acknowledged, found = set(account.positions), set(at) & set(evidence.listed)
    lost = acknowledged - found
    doubled = _doubled(account, evidence, [event_id for event_id, _ in recorded])
    named = [f"lost: {some(lost)}"] if lost else []
    named += [f"doubled: {some(doubled)}"] if doubled else []
    flaws = [*named, *_flaws(account, evidence, at), *evidence.flaws]
    return Verdict(len(acknowledged), len(found), len(doubled), len(lost), flaws)


def _doubled(account: Account, evidence: Evidence, recorded: Iterable[int]) -> set[int]:
    """Return the events that are there twice, or were acknowledged at two places."""
    elsewhere = {event_id for event_id, places in account.positions.items() if len(places) > 1}
    return elsewhere | _repeated(recorded) | _repeated(evidence.listed)


def _repeated(event_ids: Iterable[int]) -> set[int]:
    return {event_id for event_id, times in Counter(event_ids).items() if times > 1}


def _flaws(account: Account, evidence: Evidence, at: dict[int, int]) -> Iterator[str]:
    """Yield what is wrong beside lost and doubled events."""
    for what, times in sorted(account.flaws.items()):
        yield f"{what} ({times} times)"
    acknowledged = set(account.positions)
    if unexplained := set(at) - acknowledged - account.silent:
        yield f"{len(unexplained)} events are there that nobody was told of: {some(unexplained)}"
    if misplaced := {e for e in acknowledged & set(at) if at[e] not in account.positions[e]}:
        yield f"{len(misplaced)} events are not at the position they were acknowledged at: {some(misplaced)}"
    if set(evidence.listed) != set(at):
        yield f"the list shows {len(set(evidence.listed))} events, the ledger holds {len(at)}"
    if [position for position, *_ in evidence.stored] != [*range(1, len(evidence.stored) + 1)]:
        yield "the positions have gaps"
    told = sum(topic == "Kit.Observed" for _, _, topic, _ in evidence.stored)
    if told != len(at):
        yield f"{len(at)} deliveries told kits of {told} events: there is half of something"
    if not evidence.lags or any(evidence.lags.values()):
        yield f"projections are behind the ledger: {evidence.lags}"
    expected = statuses(set(at))
    if wrong := {kit for kit in expected if evidence.kits.get(kit) != expected[kit]}:
        yield f"{len(wrong)} kits have not the status of their last event: {sorted(wrong)[:5]}"
    if len(evidence.kits) != len(expected):
        yield f"the events speak of {len(expected)} kits, {len(evidence.kits)} are shown"


def some(event_ids: Iterable[int]) -> str:
    """Name the first few, by their ids."""
    return ", ".join(map(str, sorted(event_ids)[:5]))

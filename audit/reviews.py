"""The reviews of the log: which positions were reviewed, by whom, and what was found."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.decoding import decoded
from audit.entries import Actor, actor, recorded_time
from audit.log import all_of
from domain.aggregates.review import Review
from domain.ledger import Ledger
from store.log_queries import LogFilter


@dataclass(frozen=True)
class Reviewed:
    """A review, and where it is recorded; `recorded_at` is aware, UTC."""

    id: int
    first: int
    last: int
    finding: str
    by: Actor | None
    recorded_at: datetime
    position: int
    independent: bool
    organization: int | None


@dataclass(frozen=True)
class Stretch:
    """Successive positions, both included."""

    first: int
    last: int


def reviews(ledger: Ledger, *, until: int, organization: int | None) -> Iterator[Reviewed]:
    """Yield the reviews up to a position, the oldest first; of an organization alone, unless it is None."""
    wanted = LogFilter([Review.Recorded.TOPIC], organization=organization)
    yield from filter(None, (_reviewed(ledger, each) for each in all_of(ledger, wanted, until)))


def review(ledger: Ledger, review_id: int, *, until: int) -> Reviewed | None:
    """Return one review, if it was recorded up to a position."""
    found = ledger.store.select_streams([Review.create_id(review_id)], until)
    return _reviewed(ledger, found[0]) if found else None


def unreviewed(
    reviews: Iterable[Reviewed], *, until: int, organization: int | None
) -> list[Stretch]:
    """Return the positions up to another that nobody has reviewed yet.

    A review for another organization, or for one where all of the log is asked about, covers only a part of
    its positions: it does not count.
    """
    found, next_one = [], 1
    whole = [each for each in reviews if each.organization == organization]
    for each in sorted(whole, key=lambda each: each.first):
        if each.first > next_one:
            found.append(Stretch(next_one, each.first - 1))
        next_one = max(next_one, each.last + 1)
    return [*found, Stretch(next_one, until)] if next_one <= until else found


def is_independent(ledger: Ledger, by: str, first: int, last: int) -> bool:
    """Say whether an actor such as client/3 caused nothing in some positions, but for reviews."""
    others = [topic for topic in ledger.store.topics() if topic != Review.Recorded.TOPIC]
    return not ledger.store.select_log(LogFilter(others, [by]), first - 1, last, 1)


def _reviewed(ledger: Ledger, stored: Any) -> Reviewed | None:
    """Return a review; None if this version can't decode it, so that its positions are reviewed again."""
    event = decoded(ledger.streams, stored)
    if not isinstance(event, Review.Recorded):
        return None
    return Reviewed(
        id=int(event.originator_id.partition("/")[2]),
        first=event.first,
        last=event.last,
        finding=event.finding,
        by=actor(event),
        recorded_at=recorded_time(stored.recorded_at, event),
        position=stored.id,
        independent=event.independent,
        organization=event.organization_id,
    )

"""Recording reviews of the log."""

from datetime import datetime

from domain.aggregates.review import Review
from domain.errors import InvalidField
from domain.ledger import CausedLedger


def check_positions(first: int, last: int, *, head: int) -> None:
    """Raise InvalidField unless these are positions of the log, in their order."""
    if first < 1:
        raise InvalidField("from", "Positions begin with 1.")
    if first > last:
        raise InvalidField("to", "Lies before the position in `from`.")
    if last > head:
        raise InvalidField("to", f"Lies beyond the end of the log, which is {head}.")


def record_review(
    ledger: CausedLedger,
    first: int,
    last: int,
    finding: str,
    *,
    independent: bool,
    organization_id: int | None,
    now: datetime,
) -> int:
    """Save a review of some positions, and return its id."""
    review_id = ledger.store.next_id("review")
    review = Review(Review.create_id(review_id))
    review.record(
        now=now,
        first=first,
        last=last,
        finding=finding,
        independent=independent,
        organization_id=organization_id,
    )
    ledger.streams.save_aggregates(review)
    return review_id

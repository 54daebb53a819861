"""A review: an auditor read a stretch of the log, and found something."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from domain.aggregate import Aggregate, Event


class Review(Aggregate):
    """One review, identified by an integer id; it never changes."""

    category = "review"
    key_type = int

    first: int
    last: int
    finding: str
    independent: bool

    @dataclass(frozen=True, kw_only=True)
    class Recorded(Event):
        """A client reviewed the positions from `first` to `last`.

        It is `independent` if the client caused nothing there but reviews. `organization_id` is the only one
        that the client may see: it reviewed the events of that one.
        """

        TOPIC: ClassVar[str] = "Review.Recorded"
        first: int
        last: int
        finding: str
        independent: bool
        organization_id: int | None

        def apply(self, aggregate: "Review") -> None:
            aggregate.first, aggregate.last = self.first, self.last
            aggregate.finding, aggregate.independent = self.finding, self.independent
            aggregate.organization_id = self.organization_id

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.organization_id: int | None = None

    @staticmethod
    def create_id(review_id: int) -> str:
        """Name the stream of a review."""
        return f"review/{review_id}"

    def values(self) -> dict[str, Any]:
        """Return what was reviewed and found, as the reviews of the API name it."""
        return {
            "from": self.first,
            "to": self.last,
            "finding": self.finding,
            "independent": self.independent,
            "organization": self.organization_id,
        }

    def record(
        self,
        *,
        now: datetime,
        first: int,
        last: int,
        finding: str,
        independent: bool,
        organization_id: int | None,
    ) -> None:
        """Record what was found in these positions."""
        self.trigger(
            self.Recorded,
            now,
            first=first,
            last=last,
            finding=finding,
            independent=independent,
            organization_id=organization_id,
        )

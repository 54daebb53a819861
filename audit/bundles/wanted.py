"""The events that a bundle is to hold, and their form."""

from dataclasses import dataclass

from audit.bundles.contents import FORMAT, Contents
from audit.bundles.errors import BundleError
from audit.bundles.formats import Format
from audit.bundles.selection import Selection
from audit.bundles.subjects import positions_of
from audit.bundles.unfinished import Plan
from audit.entries import Subject
from audit.reviews import Reviewed
from domain.ledger import Ledger


@dataclass(frozen=True)
class Wanted:
    """All events of a range, or there those of some things; or what a review is about, and itself.

    Without `last` the range ends where the newest checkpoint does.
    """

    form: Format
    first: int = 1
    last: int | None = None
    subjects: tuple[Subject, ...] = ()
    review: Reviewed | None = None

    @property
    def subject(self) -> Subject | list[Subject] | None:
        """Return what bundle.json names as the subject."""
        if self.review is not None:
            return Subject("review", self.review.id)
        return list(self.subjects) if self.subjects[1:] else next(iter(self.subjects), None)

    def end(self, begun: Plan | None) -> int | None:
        """Return the last position; that of an export that has not ended if none is wanted, or None."""
        if self.review is not None:
            return self.review.position
        return begun.contents.last if self.last is None and begun else self.last

    def selection(self, ledger: Ledger, last: int) -> Selection:
        """Return the events up to a position; raises BundleError if there are none."""
        first, positions = self.first, None
        if self.review is not None:
            first = self.review.first
            positions = [*range(first, self.review.last + 1), self.review.position]
        elif self.subjects:
            streams = [f"{each.kind}/{each.id}" for each in self.subjects]
            positions = positions_of(ledger, streams, first, last)
        if first > last or positions == []:
            raise BundleError(f"there is no such event from position {first} to {last}")
        return Selection(ledger.store, first, last, positions)

    def contents(self, selection: Selection) -> Contents:
        """Return what bundle.json says, but for the files."""
        return Contents(
            format=FORMAT,
            first=selection.first,
            last=selection.last,
            subject=self.subject,
            events=self.form.name,
            count=selection.count,
            files=[],
            given_ids={},
        )

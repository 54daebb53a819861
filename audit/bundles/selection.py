"""The events that a bundle holds, read in pages of bounded size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audit.bundles.contents import blocks, blocks_of
from audit.bundles.errors import at
from domain.ledger import Recorder
from store.stored_rows import StoredRow, WholeRow

EVENTS_AT_ONCE = 200
SOME_AT_ONCE = 20
"""Of events that are read by their positions, without a bound of their bytes."""
BYTES_AT_ONCE = 1024 * 1024
Page = tuple[Sequence[StoredRow], Sequence[int]]
"""Some rows, and the positions that they should have."""


@dataclass(frozen=True)
class Selection:
    """All events from the position `first` to `last`, or those at `positions` alone, which rise."""

    store: Recorder
    first: int
    last: int
    positions: Sequence[int] | None = None

    @property
    def count(self) -> int:
        """Return the number of events."""
        return self.last - self.first + 1 if self.positions is None else len(self.positions)

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Yield the first and the last position of each file."""
        if self.positions is None:
            return blocks(self.first, self.last)
        return blocks_of(self.positions)

    def rows(self, first: int, last: int) -> Iterator[WholeRow]:
        """Yield the rows of the events from a position to another; raises BundleError if one is missing."""
        pages = self._range if self.positions is None else self._chosen
        for page, wanted in pages(first, last):
            found = {row[0]: row for row in page}
            for position in wanted:
                if position not in found:
                    raise at(position, "the ledger has no event here, which its log has")
                row = WholeRow(*found[position])
                yield row._replace(has_reason=bool(row.has_reason))

    def _range(self, first: int, last: int) -> Iterator[Page]:
        while first <= last:
            limit = min(EVENTS_AT_ONCE, last - first + 1)
            page = self.store.select_rows(first - 1, limit=limit, max_bytes=BYTES_AT_ONCE)
            end = page[-1][0] if page else first
            yield page, range(first, end + 1)
            first = end + 1

    def _chosen(self, first: int, last: int) -> Iterator[Page]:
        wanted = [each for each in self.positions or () if first <= each <= last]
        for begin in range(0, len(wanted), SOME_AT_ONCE):
            some = wanted[begin : begin + SOME_AT_ONCE]
            yield self.store.select_rows_at(some), some

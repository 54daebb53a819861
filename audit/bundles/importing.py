"""Bringing a bundle into an empty ledger: no event is written before its leaf in the log was checked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import cast

from audit.bundles.bundle import Bundle
from audit.bundles.checkpoints import AT_ONCE, save
from audit.bundles.errors import BundleError, at
from audit.bundles.given_ids import KINDS, GivenIds
from audit.bundles.selection import BYTES_AT_ONCE, EVENTS_AT_ONCE, Selection
from audit.tlog.builder import TreeBuilder
from audit.tlog.entries import leaf_of
from audit.tlog.storage import TlogStorage
from domain.ledger import Ledger
from store.mapper import Mapper
from store.stored_rows import WholeRow

UNKNOWN = ("", False, None)
"""The facts of events that an early version recorded, without a time."""


@dataclass(frozen=True)
class Import:
    """Import a bundle into a ledger that is empty, or that holds the begin of the same bundle.

    `progress` is called with the position that is reached.
    """

    ledger: Ledger
    storage: TlogStorage
    bundle: Bundle
    progress: Callable[[int], None]

    def run(self) -> None:
        """Write what is not there yet; raises BundleError, and then nothing that is wrong was written."""
        self.bundle.check()
        contents = self.bundle.contents
        given = GivenIds((*KINDS, *contents.given_ids))
        for rows in self._batches(given):
            self.ledger.store.import_events(rows)
            self.progress(rows[-1].position)
        if given.last() != contents.given_ids:
            raise BundleError(
                f"bundle.json does not name the last ids that were given out: {given.last()}"
            )
        self.ledger.store.keep_given_ids(given.last())
        self._build_tree(contents.last)
        saved = self.bundle.saved()
        while some := list(islice(saved, AT_ONCE)):
            save(self.storage, some)

    def _batches(self, given: GivenIds) -> Iterator[list[WholeRow]]:
        """Yield the rows that are not there yet, of so many bytes."""
        head, time = self._compare(given)
        rows: list[WholeRow] = []
        size = 0
        for line in self.bundle.lines(head):
            row = line.row()
            self._check(row, time)
            given.note(row.originator_id)
            time = row.recorded_at
            rows.append(row)
            size += len(row.state)
            if size >= BYTES_AT_ONCE or len(rows) == EVENTS_AT_ONCE:
                yield rows
                rows, size = [], 0
        if rows:
            yield rows

    def _compare(self, given: GivenIds) -> tuple[int, int]:
        """Return the ledger's end and its time; raises BundleError unless it is the begin of the bundle."""
        head, time = self.ledger.store.max_notification_id(), 0
        if head > self.bundle.contents.last:
            raise BundleError(f"the ledger has {head} events, and a bundle is for an empty one")
        for row in Selection(self.ledger.store, 1, head).rows(1, head):
            if leaf_of(row) != self.bundle.tree.leaf(row.position):
                raise at(
                    row.position,
                    "the ledger has another event here, and a bundle is for an empty one",
                )
            given.note(row.originator_id)
            time = row.recorded_at
        return head, time

    def _check(self, row: WholeRow, time: int) -> None:
        """Check what the leaf does not cover: the facts by which the log is searched follow from the state."""
        if row.recorded_at < time:
            raise at(row.position, "its recorded time is before that of the event before it")
        _, stream, version, topic, state, *said, recorded_at = row
        mapper = cast(Mapper, self.ledger.mapper)
        facts = mapper.facts(stream, version, topic, state) if recorded_at else UNKNOWN
        if facts is not None and list(facts) != said:
            raise at(row.position, "by, has_reason or organization is not what the state says")

    def _build_tree(self, last: int) -> None:
        """Hash what was written, and raise BundleError unless that gives the root of the bundle."""
        builder = TreeBuilder(self.ledger.store, self.storage)
        while builder.step() < last:
            pass
        if self.storage.root(last) == self.bundle.root:
            return
        nodes = self.storage.nodes()
        for position in range(1, last + 1):
            if nodes.node(0, position - 1) != self.bundle.tree.leaf(position):
                raise at(position, "the ledger has another event here than the bundle")
        raise BundleError("the tiles of the ledger don't lead to the root of the bundle")

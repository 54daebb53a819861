"""Writing the events of a bundle, each checked against its leaf in the log."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from audit.bundles.contents import EventFile, file_name
from audit.bundles.errors import at
from audit.bundles.folder import Folder
from audit.bundles.formats import Format
from audit.bundles.given_ids import GivenIds
from audit.bundles.lines import Line, line
from audit.bundles.selection import Selection
from audit.bundles.unfinished import Unfinished, Written
from audit.tlog.entries import leaf_of
from audit.tlog.merkle import inclusion_proof
from audit.tlog.storage import TlogStorage
from domain.ledger import Ledger

AT_ONCE = 500


@dataclass(frozen=True)
class EventFiles:
    """Write the files of a selection; `size` is that of the tree in which each event is proven.

    `progress` is called with the number of events that were written since.
    """

    ledger: Ledger
    storage: TlogStorage
    folder: Folder
    form: Format
    selection: Selection
    size: int
    progress: Callable[[int], None]

    def write(self, unfinished: Unfinished, there: Mapping[str, Written]) -> Iterator[Written]:
        """Yield each file once it is there; `there` are those of an export before."""
        kinds = self.ledger.store.kinds_of_given_ids()
        for first, last in self.selection.blocks():
            name = file_name(first, self.form.name)
            if name in there:
                yield there[name]
                continue
            given = GivenIds(kinds)
            lines = self._lines(first, last, given)
            digest = self.folder.write(name, lambda file: self.form.write(file, lines))  # noqa: B023
            written = Written(EventFile(name, first, last, digest), given.last())
            unfinished.add(written)
            yield written

    def _lines(self, first: int, last: int, given: GivenIds) -> Iterator[Line]:
        """Yield the lines from a position to another; raises BundleError for an event that was altered."""
        nodes = self.storage.nodes()
        sparse = self.selection.positions is not None
        for count, row in enumerate(self.selection.rows(first, last)):
            index = row.position - 1
            if leaf_of(row) != nodes.node(0, index):
                raise at(row.position, "the ledger has another event here than its log")
            given.note(row.originator_id)
            yield line(
                self.ledger, row, inclusion_proof(nodes, index, self.size) if sparse else None
            )
            if count % AT_ONCE == 0:
                self.progress(row.position)

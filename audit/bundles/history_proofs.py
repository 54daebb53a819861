"""One document that proves the history of a thing: its events, their deliveries, and each one's proof."""

from collections.abc import Iterator

from msgspec import Struct, json

from audit.bundles.errors import BundleError, at
from audit.bundles.lines import Line, line
from audit.bundles.selection import Selection
from audit.bundles.subjects import positions_of
from audit.entries import Subject, subject
from audit.tlog.entries import leaf_of
from audit.tlog.kept import keys_in_log
from audit.tlog.merkle import inclusion_proof
from audit.tlog.storage import TlogStorage, newest_checkpoint
from domain.ledger import Ledger

FORMAT = "kitledger-proof/1"
MOST_BYTES = 32 * 1024 * 1024


class HistoryProof(Struct, frozen=True):
    """The document that `kitledger-verify` checks: events, and the checkpoint under which each is proven."""

    format: str
    subject: Subject
    keys: list[str]
    checkpoint: str
    events: list[Line]

    def encode(self) -> bytes:
        """Return the document."""
        return json.encode(self)


def history_proof(
    ledger: Ledger, storage: TlogStorage, stream: str, until: int
) -> HistoryProof | None:
    """Return the proof of all that is recorded of a stream, up to a position; None if nothing is covered.

    Raises BundleError when an event is not the one that was hashed, or when all is beyond MOST_BYTES.
    """
    found = newest_checkpoint(storage)
    if found is None:
        return None
    checkpoint, note = found
    positions = positions_of(ledger, [stream], 1, min(until, checkpoint.size))
    if not positions:
        return None
    selection = Selection(ledger.store, positions[0], positions[-1], positions)
    keys = [key for key in keys_in_log(ledger.streams) if key.name == checkpoint.origin]
    return HistoryProof(
        FORMAT,
        subject(stream),
        [str(key) for key in keys],
        str(note),
        list(_lines(ledger, storage, selection, checkpoint.size)),
    )


def _lines(ledger: Ledger, storage: TlogStorage, selection: Selection, size: int) -> Iterator[Line]:
    nodes, read = storage.nodes(), 0
    for row in selection.rows(selection.first, selection.last):
        read += len(row.state)
        if read > MOST_BYTES:
            raise BundleError("too much for one document: `kitledger audit export` writes files")
        if leaf_of(row) != nodes.node(0, row.position - 1):
            raise at(row.position, "the ledger has another event here than its log")
        yield line(ledger, row, inclusion_proof(nodes, row.position - 1, size))

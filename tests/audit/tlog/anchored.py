"""A signed log whose checkpoints are confirmed by others, or are not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.tlog.anchor_rows import Anchored, AnchorRows
from audit.tlog.anchoring import Anchoring, StampAnchor, WitnessAnchor
from audit.tlog.anchors import Anchor
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.notes import Note
from audit.tlog.storage import newest_checkpoint
from audit.tlog.witnesses import parse_witnesses
from tests.audit.logs import Log
from tests.harness.answering import Post, answering
from tests.harness.ledgers import recorder_of
from tests.harness.witness import Cosigner, Witness
from tests.store.stored import event


@dataclass
class AnchoredLog:
    """A log, and what was logged of its anchors."""

    log: Log
    said: list[dict[str, Any]] = field(default_factory=list)

    def record(self, count: int = 1) -> None:
        """Record events, and sign."""
        first = self.log.head
        recorder_of(self.log.ledger).insert_events([event(f"s{first + n}") for n in range(count)])
        self.log.sign()

    @property
    def key(self) -> str:
        """Return the verifier key."""
        [key] = self.log.keys.read()
        return str(key.verifier)

    @property
    def newest(self) -> tuple[Checkpoint, Note]:
        """Return the newest checkpoint."""
        found = newest_checkpoint(self.log.storage)
        assert found is not None, "nothing was signed"
        return found

    def witnesses(self, text: str) -> list[Anchor]:
        """Return the witnesses of a setting."""
        return [WitnessAnchor(each, self.log.storage) for each in parse_witnesses(text)]

    def stamps(self, url: str) -> Anchor:
        """Return the stamping authority at an address."""
        return StampAnchor(url, self.log.storage)

    def anchoring(self, *anchors: Anchor) -> Anchoring:
        """Return what has checkpoints confirmed by anchors."""
        return Anchoring(anchors, self.log.storage, lambda _, fields: self.said.append(fields))

    def confirm(self, anchor: Anchor) -> Anchored:
        """Have the newest checkpoint confirmed, and return how far that is."""
        self.anchoring(anchor).run(anchor)
        return self.reached(anchor)

    def reached(self, anchor: Anchor) -> Anchored:
        """Return how far an anchor is."""
        return AnchorRows(self.log.storage).anchored().get(anchor.name, Anchored())


@dataclass
class Watched:
    """A witness that watches a log, and how the log calls it."""

    witness: Witness
    cosigner: Cosigner
    file: Path
    url: str
    anchor: Anchor


@contextmanager
def watched(log: AnchoredLog, folder: Path, name: str = "w.example") -> Iterator[Watched]:
    """Start a witness that knows the key of a log."""
    cosigner, file = Cosigner(name), folder / f"{name}.json"
    witness = Witness(file, cosigner, log.key)
    with answering(witness) as url:
        [anchor] = log.witnesses(f"{url}#{cosigner.vkey}")
        yield Watched(witness, cosigner, file, url, anchor)


@contextmanager
def liar(log: AnchoredLog, post: Post, vkey: str = "") -> Iterator[Anchor]:
    """Start what answers as a function says, in the place of a witness."""
    with answering(post) as url:
        yield log.witnesses(f"{url}#{vkey}")[0]

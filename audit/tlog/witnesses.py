"""Witnesses: they cosign a checkpoint that extends what they saw before (https://c2sp.org/tlog-witness)."""

import re
from base64 import b64encode
from dataclasses import dataclass, replace

from audit.tlog.addresses import checked, shown
from audit.tlog.anchors import AnchorError
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.merkle import Nodes, consistency_proof
from audit.tlog.notes import COSIGNATURE, Note, NoteError, Signature, VerifierKey
from audit.tlog.posting import Answer, post

CONFLICT = 409
TIME_BYTES = 8
COSIGNATURE_BYTES = TIME_BYTES + 64
LONGEST_NAME = 255
MOST_COSIGNATURES = 4
"""Of one witness whose key is not known: it must not fill a note, which others have to read."""
TEXT = "text/plain; charset=utf-8"
_SEPARATOR = re.compile(r"[\s,]+")
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n?")


@dataclass(frozen=True)
class Witness:
    """The prefix of a witness's addresses, its key if that is known, and the keys of other witnesses.

    What another one should have signed is not taken from it: if that does not hold, the note is spoilt.
    """

    url: str
    key: VerifierKey | None = None
    others: frozenset[tuple[str, bytes]] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "Witness":
        """Return the witness of `URL` or `URL#VKEY`; raises ValueError."""
        url, _, key = text.partition("#")
        witness = cls(checked(url).rstrip("/"), VerifierKey.parse(key) if key else None)
        if "?" in url:
            raise ValueError("the address of a witness has no query")
        if witness.key is not None and witness.key.kind != COSIGNATURE:
            raise ValueError("the key of a witness is one for cosignatures, of type 04")
        return witness

    @property
    def name(self) -> str:
        """Return what to call it in logs and metrics."""
        return shown(self.url)

    def cosign(
        self, nodes: Nodes, checkpoint: Checkpoint, note: Note, seen: int
    ) -> list[Signature]:
        """Have a checkpoint cosigned, and return the cosignatures; raises AnchorError, LookupError.

        `seen` is the size up to which the witness is believed to know the log; it says itself if that is
        wrong.
        """
        old = seen if seen <= checkpoint.size else 0
        answer = self._submit(nodes, checkpoint, note, old)
        if answer.status == CONFLICT:
            answer = self._submit(nodes, checkpoint, note, _size(answer, checkpoint))
        return self._held(answer.required(), note.text, checkpoint.origin)

    def _submit(self, nodes: Nodes, checkpoint: Checkpoint, note: Note, old: int) -> Answer:
        proof = consistency_proof(nodes, old, checkpoint.size)
        lines = [f"old {old}", *(b64encode(each).decode() for each in proof), "", str(note)]
        return post(f"{self.url}/add-checkpoint", "\n".join(lines).encode(), TEXT)

    def _held(self, answer: bytes, text: str, origin: str) -> list[Signature]:
        """Return the cosignatures in an answer: those of the key, if it is known, and only if they hold."""
        given = _cosignatures(answer)
        found = [each for each in given if each.name != origin and each.key not in self.others]
        if self.key is not None:
            found = [each for each in found if each.key == _named(self.key)][:1]
            if not all(self.key.verify(each, text) for each in found):
                raise AnchorError(f"its cosignature by {self.key.name} does not hold")
        if not found or len(found) > MOST_COSIGNATURES:
            raise AnchorError(f"it answered {len(found)} cosignatures")
        return found


def parse_witnesses(text: str) -> list[Witness]:
    """Return the witnesses of a setting, separated by white space or commas; raises ValueError."""
    witnesses = [Witness.parse(each) for each in _SEPARATOR.split(text) if each]
    if len({each.name for each in witnesses}) < len(witnesses):
        raise ValueError("a witness is named twice")
    keys = {_named(each.key) for each in witnesses if each.key is not None}
    return [replace(each, others=frozenset(keys - _own(each))) for each in witnesses]


def _named(key: VerifierKey) -> tuple[str, bytes]:
    return key.name, key.id


def _own(witness: Witness) -> set[tuple[str, bytes]]:
    return set() if witness.key is None else {_named(witness.key)}


def _size(answer: Answer, checkpoint: Checkpoint) -> int:
    """Return the size that the witness has seen; raises AnchorError if the checkpoint has fewer entries."""
    found = _SIZE.fullmatch(answer.body)
    if found is None:
        raise AnchorError(f"it answered {CONFLICT} without a size")
    size = int(found[1])
    if size > checkpoint.size:
        raise AnchorError(
            f"it has seen {size} events of {checkpoint.origin}, and this checkpoint has {checkpoint.size}:"
            " the ledger was restored to an earlier state, or somebody else has signed with its key"
        )
    return size


def _cosignatures(answer: bytes) -> list[Signature]:
    """Return the well-formed cosignatures of an answer; raises AnchorError if it is no list of signatures."""
    try:
        *lines, end = answer.decode().split("\n")
        signatures = [Signature.parse(line) for line in lines]
    except (UnicodeDecodeError, NoteError):
        raise AnchorError("its answer is not a list of signatures") from None
    if end:
        raise AnchorError("its answer is not a list of signatures")
    return [each for each in signatures if _is_cosignature(each)]


def _is_cosignature(signature: Signature) -> bool:
    time = int.from_bytes(signature.made[:TIME_BYTES], "big")
    short = len(signature.name.encode()) <= LONGEST_NAME and signature.name.isprintable()
    return short and len(signature.made) == COSIGNATURE_BYTES and 0 < time < 2**63

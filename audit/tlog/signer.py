"""The signer: signs the size and the root of the log, if that extends what it signed before."""

import re

from audit.tlog.checkpoints import Checkpoint, parse_note
from audit.tlog.key_file import KeyFile, SignerError
from audit.tlog.merkle import ProofError, check_consistency, consistency_proof, root
from audit.tlog.notes import Note, NoteError, SignerKey
from audit.tlog.storage import TlogStorage

_NUMBERED = re.compile(r"(.+)/(\d+)")
WHAT_TO_DO = (
    "the ledger was restored to an earlier state, or altered: look at it with `kitledger audit verify`;"
    " after a restore, `kitledger audit checkpoint --new-origin --why` begins a new origin"
)


class NotExtended(SignerError):
    """The log does not extend the last checkpoint that was signed."""


class Signer:
    """Sign checkpoints of the log with the keys of a file."""

    def __init__(self, keys: KeyFile, storage: TlogStorage) -> None:
        self.keys = keys
        self._storage = storage

    def sign(self) -> tuple[Checkpoint, Note]:
        """Return a signed checkpoint of all that the tiles hold; the last one if nothing came since.

        It is kept beside the key before it is published. Raises SignerError without a key, NotExtended when
        the log does not extend the last one.
        """
        with self.keys.locked():
            keys = self.keys.read()
            last = self._last(keys)
            checkpoint = self._extended(keys[0].name, last)
            if last is not None and checkpoint == last[0] and _is_signed_by(last[1], keys):
                note = last[1]
            else:
                note = Note(checkpoint.text, ()).signed(keys)
                self.keys.keep_last(str(note))
            self._storage.save_checkpoint(note)
        return checkpoint, note

    def begin_origin(self, origin: str | None = None) -> list[SignerKey]:
        """Rename the keys, so that what is signed from now on is of another origin; return the keys.

        The next one need not extend what was signed before. If the keys are lost, a new one is made, under
        the name that follows `origin`. Raises SignerError without keys and origin.
        """
        with self.keys.locked():
            if origin is not None and not self.keys.exists():
                renamed = [SignerKey.generate(next_origin(origin))]
            else:
                before = self.keys.read()
                renamed = [key.renamed(next_origin(before[0].name)) for key in before]
            # In this order: the old keys without the last one would sign anything.
            self.keys.write(renamed)
            self.keys.set_last_aside()
        return renamed

    def _last(self, keys: list[SignerKey]) -> tuple[Checkpoint, Note] | None:
        """Return the last checkpoint of this origin: from the file, else from the ledger if it holds there.

        The file is believed as the keys beside it are: the key that signed it may be retired.
        """
        origin, kept = keys[0].name, self.keys.last()
        found = self._storage.newest(origin) if kept is None else kept
        if found is None:
            return None
        try:
            checkpoint, note = parse_note(found)
            is_own = kept is not None or bool(note.signers(key.verifier for key in keys))
        except NoteError as error:
            raise SignerError(f"the last checkpoint can't be read: {error}") from None
        if checkpoint.origin != origin or not is_own:
            raise SignerError(
                f"the last checkpoint is one of {checkpoint.origin} that no key in {self.keys.path} signed:"
                " bring back the key file that signed it, or begin a new origin by"
                " `kitledger audit checkpoint --new-origin --why`"
            )
        return checkpoint, note

    def _extended(self, origin: str, last: tuple[Checkpoint, Note] | None) -> Checkpoint:
        size = self._storage.size()
        nodes = self._storage.nodes()
        checkpoint = Checkpoint(origin, size, root(nodes, size))
        if last is None:
            return checkpoint
        before, _ = last
        if size < before.size:
            raise NotExtended(
                f"the log has {size} events, and {before.size} were signed: {WHAT_TO_DO}"
            )
        try:
            proof = consistency_proof(nodes, before.size, size)
            check_consistency(before.size, size, proof, before.root, checkpoint.root)
        except (ProofError, LookupError):
            raise NotExtended(
                f"the first {before.size} events are not those that were signed: {WHAT_TO_DO}"
            ) from None
        return checkpoint


def next_origin(name: str) -> str:
    """Return the origin that follows another one: its name with a number that rises."""
    found = _NUMBERED.fullmatch(name)
    return f"{found[1]}/{int(found[2]) + 1}" if found else f"{name}/2"


def _is_signed_by(note: Note, keys: list[SignerKey]) -> bool:
    return len(note.signers(key.verifier for key in keys)) == len(keys)

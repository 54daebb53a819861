"""Checkpoints: the size and the root of the log at some time, signed (https://c2sp.org/tlog-checkpoint)."""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from audit.tlog.merkle import HASH_BYTES
from audit.tlog.notes import Note, NoteError

_TEXT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]+={0,2})\n((?:[^\n]+\n)*)")


@dataclass(frozen=True)
class Checkpoint:
    """The origin, which names the log, the number of its entries, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Return the checkpoint of a note's text; raises NoteError."""
        found = _TEXT.fullmatch(text)
        try:
            root = b64decode(found[3], validate=True) if found else b""
        except ValueError:
            root = b""
        if found is None or len(root) != HASH_BYTES:
            raise NoteError("the note is no checkpoint: origin, size and root, a line each")
        return cls(found[1], int(found[2]), root)


def parse_note(note: str) -> tuple[Checkpoint, Note]:
    """Return the checkpoint of a signed note, and the note; raises NoteError. No signature is verified."""
    parsed = Note.parse(note)
    return Checkpoint.parse(parsed.text), parsed

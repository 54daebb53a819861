"""Anchors: services of others that confirm checkpoints, for all who would not trust the signer alone."""

from typing import Protocol

from audit.tlog.checkpoints import Checkpoint
from audit.tlog.notes import Note


class AnchorError(Exception):
    """An anchor has not confirmed a checkpoint, for a reason that operators are told."""


class Anchor(Protocol):
    """A service that confirms checkpoints."""

    @property
    def name(self) -> str:
        """Return what to call it in logs and metrics."""
        ...

    def confirm(self, checkpoint: Checkpoint, note: Note, seen: int) -> None:
        """Have a checkpoint confirmed, and keep what comes; raises AnchorError.

        `note` is as the log signed it, and `seen` is the last size of this origin that was confirmed.
        """
        ...


def as_signed(origin: str, note: Note) -> Note:
    """Return the note of a checkpoint as the log signed it, without the cosignatures that came later."""
    return Note(note.text, tuple(each for each in note.signatures if each.name == origin))

"""The rows of anchors in the ledger's database: cosignatures, stamps, and how far each has confirmed."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select, text, update

from audit.tlog.anchors import AnchorError
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.notes import Note, NoteError, Signature
from audit.tlog.storage import TlogStorage
from audit.tlog.tables import anchors, checkpoints

CONFIRM = text("""INSERT INTO tlog_anchors (anchor, origin, size, at, failures, error)
VALUES (:anchor, :origin, :size, :at, 0, NULL)
ON CONFLICT (anchor) DO UPDATE SET
    origin = excluded.origin, size = excluded.size, at = excluded.at, error = NULL""")
FAIL = text("""INSERT INTO tlog_anchors (anchor, origin, size, at, failures, error)
VALUES (:anchor, '', 0, 0, 1, :error)
ON CONFLICT (anchor) DO UPDATE SET failures = tlog_anchors.failures + 1, error = excluded.error""")
SAVE_STAMP = text("""INSERT INTO tlog_stamps (origin, size, url, token)
VALUES (:origin, :size, :url, :token) ON CONFLICT (origin, size) DO NOTHING""")


@dataclass(frozen=True)
class Anchored:
    """The last checkpoint that an anchor has confirmed, when, in microseconds, and how often it failed."""

    origin: str = ""
    size: int = 0
    at: int = 0
    failures: int = 0
    error: str | None = None


class AnchorRows:
    """Read and write what anchors have confirmed."""

    def __init__(self, storage: TlogStorage) -> None:
        self._storage = storage

    def anchored(self) -> dict[str, Anchored]:
        """Return how far each anchor is that was ever asked, by its name."""
        with self._storage.reading() as connection:
            rows = connection.execute(select(anchors)).all()
        return {row.anchor: Anchored(*row[1:]) for row in rows}

    def confirm(self, anchor: str, checkpoint: Checkpoint) -> None:
        """Note that an anchor has confirmed a checkpoint."""
        values = {"anchor": anchor, "origin": checkpoint.origin, "size": checkpoint.size}
        with self._storage.writing() as connection:
            connection.execute(CONFIRM, {**values, "at": time.time_ns() // 1000})

    def fail(self, anchor: str, error: str) -> None:
        """Count a failure of an anchor, and keep its reason."""
        with self._storage.writing() as connection:
            connection.execute(FAIL, {"anchor": anchor, "error": error})

    def save_stamp(self, checkpoint: Checkpoint, url: str, token: bytes) -> None:
        """Keep the time stamp of a checkpoint; one that is kept already stays as it is."""
        values = {"origin": checkpoint.origin, "size": checkpoint.size, "url": url, "token": token}
        with self._storage.writing() as connection:
            connection.execute(SAVE_STAMP, values)

    def add_cosignatures(self, checkpoint: Checkpoint, cosignatures: Iterable[Signature]) -> None:
        """Append cosignatures to the note of a checkpoint, but for those of keys that it has already.

        Raises AnchorError when they would make it unreadable.
        """
        row = (checkpoints.c.origin == checkpoint.origin, checkpoints.c.size == checkpoint.size)
        wanted = select(checkpoints.c.note).where(*row).with_for_update()
        with self._storage.writing() as connection:
            note = Note.parse(connection.execute(wanted).scalar_one())
            have = {each.key for each in note.signatures}
            new = {each.key: each for each in cosignatures if each.key not in have}
            extended = Note(note.text, (*note.signatures, *new.values()))
            _check_readable(extended)
            connection.execute(update(checkpoints).where(*row).values(note=str(extended)))


def _check_readable(note: Note) -> None:
    try:
        Note.parse(str(note))
    except NoteError:
        raise AnchorError("its cosignatures don't fit into the note") from None

"""Anchoring: each new checkpoint goes to the witnesses and to the stamping authority, until they confirm it."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from audit.tlog.addresses import shown
from audit.tlog.anchor_rows import Anchored, AnchorRows
from audit.tlog.anchors import Anchor, AnchorError, as_signed
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.notes import Note, NoteError
from audit.tlog.storage import TlogStorage, newest_checkpoint
from audit.tlog.timestamps import stamp
from audit.tlog.witnesses import Witness
from store.errors import UNAVAILABLE

LOOK_SECONDS = 5.0
"""How often it looks for a checkpoint that another process has signed."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
"""After a failure; each pause doubles, and a new checkpoint ends it."""
LAST_SECONDS = 1.0
ERRORS: tuple[type[Exception], ...] = (
    *UNAVAILABLE,
    SQLAlchemyError,
    OSError,
    LookupError,
    NoteError,
)
"""After which it waits: the database can't be reached, or holds no such log."""
LogEvent = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class WitnessAnchor:
    """Have checkpoints cosigned by a witness, and keep its cosignatures in their notes."""

    witness: Witness
    storage: TlogStorage

    @property
    def name(self) -> str:
        """Return what to call it in logs and metrics."""
        return self.witness.name

    def confirm(self, checkpoint: Checkpoint, note: Note, seen: int) -> None:
        """Have a checkpoint cosigned."""
        found = self.witness.cosign(self.storage.nodes(), checkpoint, note, seen)
        AnchorRows(self.storage).add_cosignatures(checkpoint, found)


@dataclass(frozen=True)
class StampAnchor:
    """Have checkpoints stamped by an authority, and keep the stamps."""

    url: str
    storage: TlogStorage

    @property
    def name(self) -> str:
        """Return what to call it in logs and metrics."""
        return shown(self.url)

    def confirm(self, checkpoint: Checkpoint, note: Note, seen: int) -> None:
        """Have a checkpoint stamped as the log signed it."""
        token = stamp(self.url, str(note).encode())
        AnchorRows(self.storage).save_stamp(checkpoint, self.name, token)


class Anchoring:
    """Have the newest checkpoint confirmed by every anchor, each in a thread of its own.

    One that is slow holds up nobody else. Which checkpoint each has confirmed is in the database.
    """

    def __init__(
        self, anchors: Sequence[Anchor], storage: TlogStorage, log_event: LogEvent
    ) -> None:
        self._anchors = [(anchor, threading.Event()) for anchor in anchors]
        self._storage = storage
        self._rows = AnchorRows(storage)
        self._log_event = log_event
        self._stop = threading.Event()
        self._said: dict[str, str] = {}

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run until the end of the context; an answer that is awaited then is not waited for."""
        threads = [
            threading.Thread(target=self._keep, args=pair, name="anchoring", daemon=True)
            for pair in self._anchors
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self.wake()
            deadline = time.monotonic() + LAST_SECONDS
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))

    def wake(self, *_: object) -> None:
        """Look for a new checkpoint now."""
        for _anchor, woken in self._anchors:
            woken.set()

    def run(self, anchor: Anchor) -> bool:
        """Have the newest checkpoint confirmed by an anchor, unless it has; say whether it is confirmed."""
        found = newest_checkpoint(self._storage)
        if found is None:
            return True
        checkpoint, note = found
        before = self._rows.anchored().get(anchor.name, Anchored())
        seen = before.size if before.origin == checkpoint.origin else None
        if seen != checkpoint.size:
            try:
                anchor.confirm(checkpoint, as_signed(checkpoint.origin, note), seen or 0)
            except AnchorError as error:
                self._rows.fail(anchor.name, str(error))
                self._say(anchor, str(error))
                return False
            self._rows.confirm(anchor.name, checkpoint)
        self._said.pop(anchor.name, None)
        return True

    def _keep(self, anchor: Anchor, woken: threading.Event) -> None:
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            try:
                confirmed = self.run(anchor)
            except ERRORS as error:
                self._say(anchor, str(error))
                confirmed = False
            woken.wait(LOOK_SECONDS if confirmed else pause)
            woken.clear()
            pause = FIRST_PAUSE if confirmed else min(2 * pause, LONGEST_PAUSE)

    def _say(self, anchor: Anchor, error: str) -> None:
        """Log an error, once while it stays the same."""
        if self._said.get(anchor.name) != error:
            self._said[anchor.name] = error
            self._log_event("anchor-fails", {"anchor": anchor.name, "error": error})

"""Keeping the transparency log: a follower of the ledger that builds the tiles and signs checkpoints."""

import threading
import time
from collections.abc import Callable
from typing import Any

from eventsourcing.persistence import PersistenceError
from sqlalchemy.exc import SQLAlchemyError

from audit.tlog.builder import BATCH_EVENTS, Altered, Recorder, TreeBuilder
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.key_file import SignerError
from audit.tlog.notes import Note
from audit.tlog.signer import Signer
from audit.tlog.storage import TlogStorage
from store.follower import Pace, follow

PACE = Pace(shortest_idle=0.1, longest_idle=0.5, longest_nap=1.0, naps=100, full=BATCH_EVENTS)
"""Proofs can wait a second, and a few large commits hold up webhooks less than many small ones."""
MORE_BATCHES = 15
"""Of large states, in one step: else it would sleep after each few of them, and fall behind."""
LogEvent = Callable[[str, dict[str, Any]], None]
Publish = Callable[[Checkpoint, Note], None]


class LogKeeper:
    """Build the tiles, and sign a checkpoint every `seconds` while something came, if there is a key.

    With 0 seconds it signs none. `publish` is called with each checkpoint that was signed.
    """

    errors: tuple[type[Exception], ...] = (
        *(Altered, PersistenceError, SQLAlchemyError, OSError),
        # The tiles lack one that they need.
        LookupError,
    )

    def __init__(
        self,
        store: Recorder,
        storage: TlogStorage,
        signer: Signer,
        seconds: int,
        log_event: LogEvent,
        publish: Publish = lambda *_: None,
    ) -> None:
        self._head = store.max_notification_id
        self._builder = TreeBuilder(store, storage)
        self._signer = signer
        self._seconds = seconds
        self._log_event = log_event
        self._publish = publish
        self._signed = -1
        self._due = 0.0
        self._said = ""

    def run(self, stop: threading.Event) -> None:
        """Keep the log until `stop` is set; waits while the database can't be reached."""
        follow(self, self._head, PACE, stop)

    def prepare(self) -> None:
        """Do nothing: the builder reads anew where it goes on."""

    def step(self) -> int:
        """Hash the next batch, or some of large states, and sign if it is time to."""
        size = self._builder.step()
        for _ in range(MORE_BATCHES):
            if self._builder.was_large:
                size = self._builder.step()
        now = time.monotonic()
        if self._seconds and size != self._signed and now >= self._due:
            self._due = now + self._seconds
            self._sign()
        return size

    def waits(self, error: Exception) -> None:
        """Log an error, once while it stays the same."""
        name = "log-altered" if isinstance(error, Altered) else "log-keeper-waits"
        self._say(name, str(error))

    def _sign(self) -> None:
        if not self._signer.keys.exists():
            return
        try:
            checkpoint, note = self._signer.sign()
        except SignerError as error:
            self._say("checkpoint-refused", str(error))
            return
        self._signed, self._said = checkpoint.size, ""
        self._publish(checkpoint, note)

    def _say(self, name: str, error: str) -> None:
        if self._said != error:
            self._said = error
            self._log_event(name, {"error": error})

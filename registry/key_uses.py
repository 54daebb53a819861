"""Times at which the keys of sources were last used: kept in the process, and written now and then."""

import threading
from contextlib import suppress
from datetime import datetime

from sqlalchemy import text

from registry.registry import Registry
from store.errors import UNAVAILABLE

FIRST_WRITE_SECONDS = 1.0
WRITE_SECONDS = 60.0
UPSERT = text(
    """INSERT INTO key_uses (source, id, used_at) VALUES (:source, :id, :used_at)
    ON CONFLICT (source, id) DO UPDATE SET used_at = excluded.used_at
    WHERE key_uses.used_at < excluded.used_at"""
)


class KeyUses:
    """Remember uses of keys, and write the last of each from a thread, at most once a minute.

    A webhook pays for an item of a dictionary. What can't be written is tried again a minute later,
    and what was not written when the process ends is lost.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._noted: dict[tuple[str, str], datetime] = {}
        self._writer: threading.Thread | None = None
        self._closed = threading.Event()

    def note(self, source: str, key_id: str, used_at: datetime) -> None:
        """Remember that a key has verified a webhook."""
        self._noted[source, key_id] = used_at
        if self._writer is None:
            self._writer = threading.Thread(target=self._run, name="key-uses", daemon=True)
            with suppress(RuntimeError):
                self._writer.start()

    def write(self) -> None:
        """Write what was noted since the last time; raises one of UNAVAILABLE."""
        noted = dict(sorted(self._noted.items()))
        if not noted:
            return
        with self._registry.noting() as connection:
            for (source, key_id), used_at in noted.items():
                shown = used_at.isoformat(timespec="seconds")
                connection.execute(UPSERT, {"source": source, "id": key_id, "used_at": shown})
        for key, used_at in noted.items():
            if self._noted[key] == used_at:
                del self._noted[key]

    def close(self) -> None:
        """Let the thread end."""
        self._closed.set()

    def _run(self) -> None:
        pause = FIRST_WRITE_SECONDS
        while not self._closed.wait(pause):
            pause = WRITE_SECONDS
            with suppress(*UNAVAILABLE):
                self.write()

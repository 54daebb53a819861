"""Stores to measure: each in a folder of its own, with a source and a client that may read."""

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.traffic import SOURCE, Webhooks
from projections.status import statuses
from receiver.services import Services, assemble
from receiver.settings import Settings

FIRST_LIVE = 100_000_000
"""Numbers below are for events that were stored before the measurement began."""
PATIENCE_SECONDS = 1800.0


class WaitedInVain(Exception):
    """Something that was to happen did not."""


@dataclass(frozen=True)
class Place:
    """One store: its folder, the environment that names it, and who may send and read."""

    folder: Path
    environment: dict[str, str]
    credentials: str
    webhooks: Webhooks
    parts: Services

    def projected(self) -> int:
        """Return the position up to which every projection has come."""
        return min(each.position for each in statuses(self.parts.views, 0))

    def warm(self) -> None:
        """Read the files, so that they are in memory, as those of a service in use are."""
        # In another process: to close such a file here would give back SQLite's locks on it.
        if files := self.parts.settings.files:
            subprocess.run(["/bin/cat", *files], stdout=subprocess.DEVNULL, check=True)

    def finish_batch(self) -> None:
        """Wait until every projection has caught up."""
        head = self.parts.ledger.store.max_notification_id()
        until(lambda: self.projected() >= head, PATIENCE_SECONDS)


def make_place(folder: Path, url: str | None = None) -> Place:
    """Make an empty store: in the database that a URL names, else in a file in the folder."""
    folder.mkdir(parents=True)
    environment = {**os.environ, "DATABASE_URL": url or f"sqlite:///{folder / 'ledger.db'}"}
    environment.pop("VIEWS_DATABASE_URL", None)
    parts = assemble(Settings.from_environment(environment), migrate=True)
    secret = parts.sources.add(SOURCE)
    client_id, key = parts.clients.add("bench", ["reader"])
    return Place(folder, environment, f"{client_id}:{key}", Webhooks(secret, FIRST_LIVE), parts)


def until(true: Callable[[], bool], seconds: float) -> None:
    """Wait until something is true; raises WaitedInVain when it is not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise WaitedInVain(f"{seconds:.0f} s were not enough")
        time.sleep(0.02)

"""The store of one measurement: a folder, its services, a source and a client that may read."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.traffic import SOURCE, Webhooks
from benchmarks.waiting import wait_until
from domain.cause import Cause
from projections.status import statuses
from receiver.services import Services, assemble
from receiver.settings import Settings

LOADER = Cause.of("source", SOURCE, SOURCE, request_id=f"{0:032x}")
"""The cause of prefilled events, as large as that of a webhook."""
FIRST_LIVE = 100_000_000
"""The first number of measured events; lower numbers are for prefilled events."""
PROJECTION_SECONDS = 1800.0


@dataclass(frozen=True)
class StoreUnderTest:
    """One store: its folder, the environment that selects it, its source and its client."""

    folder: Path
    environment: dict[str, str]
    credentials: str
    webhooks: Webhooks
    services: Services

    def head(self) -> int:
        """Return the ledger's last position."""
        return self.services.ledger.store.max_notification_id() or 0

    def projected_position(self) -> int:
        """Return the lowest position of all projections."""
        return min(each.position for each in statuses(self.services.read_database, 0))

    def warm_up(self) -> None:
        """Read the files into memory, where those of a service in use are."""
        # In another process: closing a file here would release SQLite's locks on it.
        if files := self.services.settings.files:
            subprocess.run(["/bin/cat", *files], stdout=subprocess.DEVNULL, check=True)

    def wait_until_projected(self) -> None:
        """Wait until every projection has caught up."""
        head = self.head()
        wait_until(lambda: self.projected_position() >= head, PROJECTION_SECONDS)


def make_store(folder: Path, url: str | None = None) -> StoreUnderTest:
    """Make an empty store: in the database of a URL, or in a file in the folder."""
    folder.mkdir(parents=True)
    environment = {**os.environ, "DATABASE_URL": url or f"sqlite:///{folder / 'ledger.db'}"}
    environment.pop("VIEWS_DATABASE_URL", None)
    services = assemble(Settings.from_environment(environment), migrate=True)
    secret = services.sources.add(SOURCE, LOADER)
    client_id, key = services.clients.add("bench", ["reader", "auditor"], LOADER)
    credentials, webhooks = f"{client_id}:{key}", Webhooks(secret, FIRST_LIVE)
    return StoreUnderTest(folder, environment, credentials, webhooks, services)

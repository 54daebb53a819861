"""A second ledger that holds the first events of a service's, and answers within this process."""

from contextlib import closing
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from projections.models import all_projections
from projections.projector import Projector
from receiver import create_app
from receiver.services import Services, assemble
from receiver.settings import Settings
from tests.harness.plain import Plain
from tests.harness.service import Service, environment

SOME = "SELECT * FROM stored_events WHERE position > %s AND position <= %s ORDER BY position"


class Twin:
    """Answer what the other answered when its ledger ended at a position; it only moves on.

    `settings` name its databases, like those of a service.
    """

    def __init__(self, of: Service, folder: Path, **settings: str) -> None:
        chosen = environment(folder, LOG_LEVEL="warning", **settings)
        read = Settings.from_environment(chosen)
        assemble(read, migrate=True).close()
        self._of, self._url, self._head = of, chosen["DATABASE_URL"], 0
        self._insert("clients", of.query("SELECT * FROM clients"))
        app = create_app(read)
        self._client = app.test_client()
        self._services: Services = app.extensions["services"]
        ledger, views = self._services.ledger, self._services.read_database
        self._projector = Projector(ledger, views, all_projections(), self._fail)

    def move_to(self, position: int) -> None:
        """Take the events up to a position, and project them."""
        self._insert("stored_events", self._of.query(SOME, self._head, position))
        self._head = max(self._head, position)
        while self._projector.step() < self._head:
            pass

    def get(self, path: str) -> TestResponse:
        """Ask as the client with every role."""
        return self._client.get(path, auth=self._of.admin)

    def close(self) -> None:
        """Close every connection."""
        self._services.close()

    def _insert(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        with closing(Plain(self._url)) as plain:
            for row in rows:
                places = ", ".join(["%s"] * len(row))
                plain.query(f"INSERT INTO {table} VALUES ({places})", *row)

    def _fail(self, name: str, fields: dict[str, Any]) -> None:
        raise AssertionError(f"{name}: {fields}")

"""Services with databases of their own, of one kind."""

from collections.abc import Callable
from pathlib import Path

from tests.postgres import Databases
from tests.service import Service


class Services:
    """Make services whose data are in files of theirs, or in databases of theirs on PostgreSQL."""

    def __init__(self, store: str, databases: Databases, new_folder: Callable[[], Path]) -> None:
        self._on_postgres = store == "postgres"
        self._databases = databases
        self._new_folder = new_folder
        self._made: list[Service] = []

    def bare(self, workers: int = 2, **settings: str) -> Service:
        """Make one that keeps nothing yet; `settings` are environment variables."""
        if self._on_postgres:
            settings = {"DATABASE_URL": self._databases.new(), **settings}
        return self._make(workers, settings)

    def like(self, pattern: Service, workers: int = 2, **settings: str) -> Service:
        """Make one that keeps what another keeps, which is not running."""
        if self._on_postgres:
            copied = self._databases.copy(pattern.environment["DATABASE_URL"])
            settings = {"DATABASE_URL": copied, **settings}
        return self._make(workers, settings).like(pattern)

    def close(self) -> None:
        """End what still runs, and remove the databases on PostgreSQL."""
        while self._made:
            service = self._made.pop()
            service.close()
            if self._on_postgres:
                self._databases.drop(service.environment["DATABASE_URL"])

    def _make(self, workers: int, settings: dict[str, str]) -> Service:
        self._made.append(Service(self._new_folder(), workers, **settings))
        return self._made[-1]

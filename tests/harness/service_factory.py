"""ServiceFactory with databases of their own, of one kind."""

from collections.abc import Callable
from pathlib import Path

from tests.harness.postgres import Databases
from tests.harness.service import Service

DATABASES = ("DATABASE_URL", "VIEWS_DATABASE_URL")


class ServiceFactory:
    """Make services whose data are in files of theirs, or in databases of theirs on PostgreSQL."""

    def __init__(self, store: str, databases: Databases, new_folder: Callable[[], Path]) -> None:
        self._on_postgres = store == "postgres"
        self._databases = databases
        self._new_folder = new_folder
        self._made: list[Service] = []
        self._urls: list[str] = []

    def bare(self, workers: int = 2, **settings: str) -> Service:
        """Make one that keeps nothing yet; `settings` are environment variables."""
        made = self._databases.new() if self._on_postgres else None
        return self._make(workers, settings, made)

    def like(self, pattern: Service, workers: int = 2, **settings: str) -> Service:
        """Make one that keeps what another keeps, which is not running."""
        url = pattern.environment["DATABASE_URL"]
        copied = self._databases.copy(url) if self._on_postgres else None
        return self._make(workers, settings, copied).like(pattern)

    def beside(self, other: Service, workers: int = 1, **settings: str) -> Service:
        """Make one that shares another's databases and knows its secrets, as on a second host."""
        names = [name for name in DATABASES if name in other.environment]
        shared = {name: other.environment[name] for name in names}
        made = self._make(workers, {**shared, **settings})
        made.secrets, made.admin = other.secrets, other.admin
        return made

    def close(self) -> None:
        """End what still runs, and remove the databases on PostgreSQL."""
        while self._made:
            self._made.pop().close()
        while self._urls:
            self._databases.drop(self._urls.pop())

    def _make(self, workers: int, settings: dict[str, str], url: str | None = None) -> Service:
        if url is not None:
            self._urls.append(url)
            settings = {"DATABASE_URL": url, **settings}
        self._made.append(Service(self._new_folder(), workers, **settings))
        return self._made[-1]

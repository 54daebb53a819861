"""The stores of all experiments: one temporary folder, and one shared PostgreSQL server."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Self

from chaos.store_under_test import PostgresStore, SqliteStore
from tests.harness.postgres import Server


class StoreFactory:
    """Make empty stores, and remove them all on exit."""

    def __init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="kitledger-chaos-")
        self._numbers = count(1)
        self._server: Server | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self._temporary.cleanup()

    def new_folder(self, parent: Path | None = None) -> Path:
        """Make a folder, by default in the temporary one."""
        folder = (parent or Path(self._temporary.name)) / f"experiment{next(self._numbers)}"
        folder.mkdir()
        return folder

    @contextmanager
    def sqlite(self, parent: Path | None = None) -> Iterator[SqliteStore]:
        """Provide an SQLite store."""
        yield SqliteStore(self.new_folder(parent))

    @contextmanager
    def postgres(
        self, server: Server | None = None, *, url: str | None = None, parent: Path | None = None
    ) -> Iterator[PostgresStore]:
        """Provide a database, by default on the shared server.

        The service connects to `url`, in which `{database}` stands for the database's name.
        """
        on = server or self.shared_server()
        database = f"chaos_{next(self._numbers)}"
        on.query(f"CREATE DATABASE {database}")
        service_url = url and url.format(database=database)
        yield PostgresStore(self.new_folder(parent), on, database, service_url)
        if on.is_running():
            on.query(f"DROP DATABASE {database} WITH (FORCE)")

    def shared_server(self) -> Server:
        """Return the running server that experiments share."""
        if self._server is None:
            self._server = Server("chaos").create()
        return self._server if self._server.is_running() else self._server.start()

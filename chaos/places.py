"""Where stores are made: one folder for all, and one PostgreSQL server for those that don't break it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Self

from chaos.grounds import Postgres, Sqlite
from tests.harness.postgres import Server


class Places:
    """Make empty stores; all is gone at the end."""

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

    def folder(self, parent: Path | None = None) -> Path:
        """Make a folder."""
        made = (parent or Path(self._temporary.name)) / f"row{next(self._numbers)}"
        made.mkdir()
        return made

    @contextmanager
    def sqlite(self, parent: Path | None = None) -> Iterator[Sqlite]:
        """Make a place for an SQLite store."""
        yield Sqlite(self.folder(parent))

    @contextmanager
    def postgres(
        self, server: Server | None = None, *, url: str | None = None, parent: Path | None = None
    ) -> Iterator[Postgres]:
        """Make a database, on the server that rows share if no other is given.

        `url` leads there by another way; it has a `{database}` in it.
        """
        on = server or self.shared()
        database = f"chaos_{next(self._numbers)}"
        on.query(f"CREATE DATABASE {database}")
        yield Postgres(self.folder(parent), on, database, url and url.format(database=database))
        if on.is_running():
            on.query(f"DROP DATABASE {database} WITH (FORCE)")

    def shared(self) -> Server:
        """Return the server that rows share, running."""
        if self._server is None:
            self._server = Server("chaos").create()
        return self._server if self._server.is_running() else self._server.start()

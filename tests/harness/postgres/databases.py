"""Databases for tests, on one server."""

import os
import uuid
from functools import cached_property
from urllib.parse import urlsplit

from psycopg.sql import SQL, Identifier, Literal

from tests.harness.postgres.queries import cut_connections, query
from tests.harness.postgres.server import Server

VARIABLE = "TEST_DATABASE_URL"


class Databases:
    """Hand out databases on the server of TEST_DATABASE_URL, or on one that starts when first asked.

    `settings` are those of a server that is started.
    """

    def __init__(self, **settings: str | int) -> None:
        self._settings = settings
        self._server: Server | None = None
        self._made: set[str] = set()

    def new(self, template: str | None = None, *, encoding: str = "") -> str:
        """Make a database, maybe like the one of this name or in this encoding, and return its URL."""
        name = f"kitledger_test_{uuid.uuid4().hex[:16]}"
        like = SQL(" TEMPLATE {}").format(Identifier(template)) if template else SQL("")
        if encoding:
            options = " ENCODING {} LOCALE 'C' TEMPLATE template0"
            like = SQL(options).format(Literal(encoding))
        query(self._url, SQL("CREATE DATABASE {}").format(Identifier(name)) + like)
        self._made.add(name)
        return urlsplit(self._url)._replace(path=f"/{name}").geturl()

    def copy(self, url: str) -> str:
        """Make a database like the one of a URL, whose connections end, and return its URL."""
        cut_connections(self._url, named(url))
        return self.new(named(url))

    def drop(self, url: str) -> None:
        """Remove a database, and end its connections."""
        self._drop(named(url))

    def close(self) -> None:
        """Remove all that was made here, or the whole server if it was started here."""
        if self._server is not None:
            self._server.close()
            return
        for name in list(self._made):
            self._drop(name)

    def _drop(self, name: str) -> None:
        remove = SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name))
        query(self._url, remove)
        self._made.discard(name)

    @cached_property
    def _url(self) -> str:
        if given := os.environ.get(VARIABLE):
            return given
        self._server = Server("databases", None, **self._settings)
        return self._server.create().start().url()


def named(url: str) -> str:
    """Return the name of the database in a URL."""
    return urlsplit(url).path.removeprefix("/")

"""Open connections to PostgreSQL that notice a lost host."""

import time
from collections.abc import Generator
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

Connection = psycopg.Connection[Any]
ANSWER_SECONDS = 4.0
"""How long an answer of the server may take."""
ENCODING = "UTF8"
KEEPALIVE_OPTIONS = {
    # A host that vanished is noticed in seconds, not in the hours of TCP.
    "connect_timeout": 2,
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
    "application_name": "kitledger",
}


class TimeoutConnection(psycopg.Connection[Any]):
    """A connection that is closed when an answer takes more than `seconds`.

    A server that is frozen, or cut off by a network that still acknowledges, never fails otherwise.
    """

    seconds = float("inf")

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """Consume one of psycopg's generators; see psycopg.Connection.wait."""
        return super().wait(self._until(gen, time.monotonic() + self.seconds), *args, **kwargs)

    def _until(self, gen: Any, deadline: float) -> Generator[Any, Any, Any]:
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    wanted = gen.send(ready)
                elif time.monotonic() > deadline:
                    self.close()
                    raise psycopg.OperationalError(f"no answer came in {self.seconds:.0f} s")
        except StopIteration as done:
            return done.value


def connect(url: str, *, seconds: float = ANSWER_SECONDS, **options: Any) -> Connection:
    """Open a connection in autocommit mode; options in `url` override KEEPALIVE_OPTIONS.

    It is closed when an answer takes more than so many seconds. Raises NotSupportedError unless the
    database is in UTF-8.
    """
    fixed = {"autocommit": True, "client_encoding": ENCODING}
    wanted = {**KEEPALIVE_OPTIONS, **conninfo_to_dict(url), **fixed, **options}
    connection = TimeoutConnection.connect(**wanted)
    connection.seconds = seconds
    _require_utf8(connection)
    return connection


def _require_utf8(connection: Connection) -> None:
    """Close a connection to a database that can't keep every text, and raise NotSupportedError."""
    # The server says it when a connection begins; a pooler may not.
    encoding = connection.info.parameter_status("server_encoding") or ENCODING
    if encoding != ENCODING:
        name = connection.info.dbname
        connection.close()
        raise psycopg.NotSupportedError(
            f"the database {name} is in {encoding} and can't keep every text: create one by"
            f" CREATE DATABASE … ENCODING '{ENCODING}' TEMPLATE template0"
        )

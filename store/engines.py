"""SQLAlchemy engines on either database, whose transactions begin by a statement of choice."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from store.connections import ANSWER_SECONDS, connect
from store.pool import POOL_SECONDS
from store.sqlite_file import SqliteFile
from store.urls import is_postgres

BUSY_SECONDS = 10
"""How long a writer of an SQLite file waits for another one."""
Pragmas = Mapping[str, int | str]
FULL: Pragmas = {"synchronous": "FULL"}
"""Every commit waits for the disk."""


def engine(
    url: str,
    *,
    begin: str,
    pragmas: Pragmas = FULL,
    pool_size: int = 4,
    seconds: float = ANSWER_SECONDS,
    file: SqliteFile | None = None,
) -> Engine:
    """Make an engine whose transactions begin with `begin`, or with the execution option `begin`.

    `pragmas` are set on each connection to SQLite. `pool_size` and `seconds` are for PostgreSQL: how
    many connections, and how long an answer may take. SQLite's is the one of `file`, if that is given.
    """
    made = _postgres(url, pool_size, seconds) if is_postgres(url) else _sqlite(url, pragmas, file)

    @event.listens_for(made, "begin")
    def start(connection: Connection) -> None:
        statement = connection.get_execution_options().get("begin", begin)
        if statement is not None:
            # Without parameters, so that it may be several statements.
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    return made


def driver_of(connection: Connection) -> Any:
    """Return the database driver's own connection, for statements run too often to pay for more."""
    return connection.connection.driver_connection


def _postgres(url: str, pool_size: int, seconds: float) -> Engine:
    # psycopg reads the URL: SQLAlchemy knows none with several hosts.
    return create_engine(
        "postgresql+psycopg://",
        creator=lambda: connect(url, seconds=seconds),
        pool_size=pool_size,
        max_overflow=0,
        # An idle connection may have been lost; callers that ask now and then should not see that.
        pool_pre_ping=True,
        pool_timeout=POOL_SECONDS,
    )


def _sqlite(url: str, pragmas: Pragmas, file: SqliteFile | None) -> Engine:
    options = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    creator = {} if file is None else {"creator": lambda: file.connect(**options)}
    made = create_engine(url, connect_args=options, **creator)

    @event.listens_for(made, "connect")
    def prepare(connection: Any, _: Any) -> None:
        # The driver must not begin transactions by itself.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name} = {value}")

    return made

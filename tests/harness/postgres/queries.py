"""What the harness asks of a server, given a URL."""

from typing import Any

import psycopg
from psycopg.sql import Composed


def query(url: str, statement: str | Composed, *values: object) -> list[tuple[Any, ...]]:
    """Run one statement in a connection of its own and return its rows."""
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        cursor = connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def answers(url: str) -> bool:
    """Say whether connections are accepted."""
    try:
        return query(url, "SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False


def cut_connections(url: str, database: str) -> int:
    """End all other connections to a database, wait until they are gone, and return how many there were."""
    ended = query(
        url,
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = %s AND pid <> pg_backend_pid()",
        database,
    )
    return len(ended)

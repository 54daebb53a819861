"""Append events in a transaction that also writes other tables, by an SQLAlchemy connection."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from store.engines import driver_of
from store.postgres_begin import join
from store.postgres_unit_of_work import PostgresUnitOfWork
from store.sqlite_session import SqliteUnitOfWork
from store.unit_of_work import UnitOfWork


@contextmanager
def unit_of_work(connection: Connection) -> Iterator[UnitOfWork]:
    """Give a unit of work in the open transaction of a connection; it is written when the block ends.

    On PostgreSQL it waits here for the append lock, so other rows are to be written after it. On SQLite the
    transaction must have begun as a writing one. Raises a driver's errors.
    """
    driver = driver_of(connection)
    if connection.dialect.name == "sqlite":
        yield SqliteUnitOfWork(driver)
        return
    begun = join(driver)
    transaction = PostgresUnitOfWork(driver, begun.head, begun.last_time)
    yield transaction
    transaction.flush()

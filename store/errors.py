"""Translate the errors of both database drivers to eventsourcing's."""

import sqlite3
from types import TracebackType

import psycopg
from eventsourcing.persistence import (
    DatabaseError,
    DataError,
    IntegrityError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

UNAVAILABLE: tuple[type[Exception], ...] = (
    DBAPIError,
    PoolTimeout,
    PersistenceError,
    psycopg.Error,
    sqlite3.Error,
)
"""All that is raised, on any of the ways to a database, when it can't serve now."""

TRANSLATIONS: tuple[tuple[tuple[type[Exception], ...], type[DatabaseError]], ...] = (
    ((sqlite3.IntegrityError, psycopg.IntegrityError), IntegrityError),
    ((sqlite3.DataError, psycopg.DataError), DataError),
    ((sqlite3.ProgrammingError, psycopg.ProgrammingError), ProgrammingError),
    # A read-only or failed transaction is an InternalError of psycopg, a lost connection may be an
    # InterfaceError: both pass.
    ((sqlite3.Error, psycopg.Error), OperationalError),
)


class _TranslatedErrors:
    """A context manager; a class, since it is entered for every statement."""

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Raise eventsourcing's error for the driver's."""
        if error is not None:
            for raised, translated in TRANSLATIONS:
                if isinstance(error, raised):
                    raise translated(str(error)) from error


translated_errors = _TranslatedErrors()
"""Raise eventsourcing's errors in place of a driver's."""

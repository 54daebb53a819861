"""What databases raise, on any of the ways to them, when they can't serve just now."""

import sqlite3

import psycopg
from eventsourcing.persistence import PersistenceError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree

UNAVAILABLE: tuple[type[Exception], ...] = (
    DBAPIError,
    NoneFree,
    PersistenceError,
    psycopg.Error,
    sqlite3.Error,
)

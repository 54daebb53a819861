"""Locks that another session holds for long."""

import sqlite3
import time
from contextlib import closing

import psycopg

from chaos.fault import POSTGRES, Fault
from chaos.store_under_test import PostgresStore, SqliteStore
from chaos.testbed import Testbed
from store.advisory_locks import APPEND_LOCK

HOLD_SECONDS = 10.0


class LedgerLocked(Fault):
    """Another session locks the ledger for ten seconds: by BEGIN IMMEDIATE, or by LOCK TABLE."""

    name = "ledger locked"

    def inject(self, testbed: Testbed) -> None:
        """Take the lock as soon as it is free, and hold it."""
        if isinstance(testbed.store, SqliteStore):
            with closing(sqlite3.connect(testbed.store.ledger, isolation_level=None)) as other:
                other.execute("PRAGMA busy_timeout = 10000")
                other.execute("BEGIN IMMEDIATE")
                hold(testbed)
        else:
            hold_in_transaction(testbed, "LOCK TABLE stored_events")


class AppendLockHeld(Fault):
    """Another session holds the advisory lock of appends for ten seconds."""

    name = "append lock held"
    stores = (POSTGRES,)

    def inject(self, testbed: Testbed) -> None:
        """Take the lock as soon as it is free, and hold it."""
        hold_in_transaction(testbed, APPEND_LOCK)


def hold_in_transaction(testbed: Testbed, statement: str) -> None:
    """Take a lock of PostgreSQL by a statement, and hold it."""
    assert isinstance(testbed.store, PostgresStore), "SQLite has no such lock"
    with psycopg.connect(testbed.store.direct_url) as other:
        other.execute(statement)
        hold(testbed)


def hold(testbed: Testbed) -> None:
    """Wait while the caller's connection holds the lock."""
    testbed.mark_fault_started()
    time.sleep(HOLD_SECONDS)
    testbed.mark_fault_ended()

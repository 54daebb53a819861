"""Somebody who holds a lock, and takes his time."""

import sqlite3
import time
from contextlib import closing

import psycopg

from chaos.fault import POSTGRES, Fault
from chaos.grounds import Postgres, Sqlite
from chaos.stage import Stage
from store.advisory_locks import APPEND_LOCK

HELD_SECONDS = 10.0


class LedgerLocked(Fault):
    """The ledger is locked by somebody else for ten seconds: by BEGIN IMMEDIATE, or by APPEND_LOCK TABLE."""

    name = "ledger locked"

    def strike(self, stage: Stage) -> None:
        """Take the lock as soon as it is free, and hold it."""
        if isinstance(stage.ground, Sqlite):
            with closing(sqlite3.connect(stage.ground.ledger, isolation_level=None)) as other:
                other.execute("PRAGMA busy_timeout = 10000")
                other.execute("BEGIN IMMEDIATE")
                hold(stage)
        else:
            hold_in_transaction(stage, "APPEND_LOCK TABLE stored_events")


class AppendLockHeld(Fault):
    """The advisory lock under which positions are given out is held by somebody else for ten seconds."""

    name = "append lock held"
    stores = (POSTGRES,)

    def strike(self, stage: Stage) -> None:
        """Take the lock as soon as it is free, and hold it."""
        hold_in_transaction(stage, APPEND_LOCK)


def hold_in_transaction(stage: Stage, lock: str) -> None:
    """Hold a lock of PostgreSQL."""
    assert isinstance(stage.ground, Postgres), "SQLite has no such lock"
    with psycopg.connect(stage.ground.direct) as other:
        other.execute(lock)
        hold(stage)


def hold(stage: Stage) -> None:
    """Wait with the lock in hand."""
    stage.struck()
    time.sleep(HELD_SECONDS)
    stage.over()

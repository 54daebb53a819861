"""A ledger of the first versions gets the columns and indexes of this one; its events stay as they are."""

import sqlite3
from pathlib import Path

import psycopg

from store.postgres_tables import ADDED
from tests.harness.ledgers import open_ledger
from tests.harness.postgres import Databases

SQLITE = """CREATE TABLE stored_events (position INTEGER PRIMARY KEY, originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL, topic TEXT NOT NULL, state BLOB NOT NULL,
    UNIQUE (originator_id, originator_version))"""
POSTGRES = """CREATE TABLE stored_events (position bigint PRIMARY KEY, originator_id text NOT NULL,
    originator_version bigint NOT NULL, topic text NOT NULL, state bytea NOT NULL,
    UNIQUE (originator_id, originator_version));
    CREATE TABLE given_ids (kind text PRIMARY KEY, last bigint NOT NULL)"""
EVENT = "INSERT INTO stored_events VALUES (1, 'a/1', 1, 't', '')"


def check(url: str) -> None:
    """Open the ledger twice, and find its event without a time."""
    for _ in range(2):
        ledger = open_ledger(url)
        [event] = ledger.store.select_notifications(1, 10)
        assert (event.originator_id, event.topic, event.recorded_at) == ("a/1", "t", 0)
        assert ledger.store.position_at(1) == 1
        ledger.close()


def test_on_sqlite(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(SQLITE)
        connection.execute(EVENT)
    connection.close()
    check(str(file))
    with sqlite3.connect(file) as connection:
        indexes = {row[1] for row in connection.execute("PRAGMA index_list(stored_events)")}
    connection.close()
    assert {"stored_events_by", "stored_events_organization"} <= indexes


def test_on_postgresql(databases: Databases) -> None:
    url = databases.new()
    with psycopg.connect(url) as connection:
        connection.execute(POSTGRES)
        connection.execute(EVENT)
    check(url)
    with psycopg.connect(url) as connection:
        # All of it again does no harm.
        connection.execute(ADDED)
    databases.drop(url)

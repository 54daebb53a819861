"""What the store asks of PostgreSQL: tables that are made once and never changed, commits that last."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import psycopg
import pytest
from eventsourcing.persistence import OperationalError

from tests.harness.ledgers import Recorder, open_ledger, recorder_of
from tests.harness.plain import Plain
from tests.harness.postgres import Databases
from tests.store.processes import child
from tests.store.stored import event, fill

COLUMNS = "INTO stored_events (position, originator_id, originator_version, topic, state) VALUES"
REMOTE = ("remote_write", "remote_apply")
CHANGES = {
    "update": "UPDATE stored_events SET state = ''",
    "update of nothing": "UPDATE stored_events SET state = '' WHERE position = 9",
    "delete": "DELETE FROM stored_events WHERE position = 1",
    "truncate": "TRUNCATE stored_events",
    "insert or update": f"INSERT {COLUMNS} (9, 's0', 1, 't', '')"
    " ON CONFLICT (originator_id, originator_version) DO UPDATE SET state = excluded.state",
    "merge": "MERGE INTO stored_events USING (SELECT 1 AS at) AS one ON position = at"
    " WHEN MATCHED THEN UPDATE SET state = ''",
    "merge that deletes": "MERGE INTO stored_events USING (SELECT 1 AS at) AS one ON position = at"
    " WHEN MATCHED THEN DELETE",
}


@pytest.fixture
def url(postgres_url: str) -> str:
    """Give an empty database on PostgreSQL."""
    return postgres_url


@pytest.fixture
def clerk(recorder: Recorder, plain: Plain, url: str) -> Iterator[str]:
    """Lead to the database as somebody who may only read and append."""
    name = f"clerk_{uuid.uuid4().hex[:12]}"
    plain.query(f"CREATE ROLE {name} LOGIN")
    plain.query(f"GRANT SELECT, INSERT ON stored_events TO {name}")
    plain.query(f"GRANT SELECT, INSERT, UPDATE ON given_ids TO {name}")
    place = urlsplit(url)
    yield place._replace(netloc=f"{name}@{place.hostname}:{place.port}").geturl()
    plain.query(f"DROP OWNED BY {name}")
    plain.query(f"DROP ROLE {name}")


@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize("change", CHANGES)
def test_the_database_refuses_every_change(
    recorder: Recorder, plain: Plain, change: str, role: str
) -> None:
    fill(recorder, 3)
    before = plain.query("SELECT * FROM stored_events")
    plain.query(f"SET session_replication_role = {role}")
    with pytest.raises(psycopg.errors.RaiseException, match="stored events are never changed"):
        plain.query(CHANGES[change])
    assert plain.query("SELECT * FROM stored_events") == before


def test_what_is_there_is_left_as_it_is_by_who_inserts_only_what_is_not(
    recorder: Recorder, plain: Plain
) -> None:
    fill(recorder, 1)
    before = plain.query("SELECT * FROM stored_events")
    plain.query(f"INSERT {COLUMNS} (1, 's0', 1, 't', '') ON CONFLICT DO NOTHING")
    assert plain.query("SELECT * FROM stored_events") == before


def test_of_ten_processes_that_make_the_tables_at_once_none_fails(databases: Databases) -> None:
    url = databases.new()
    with ExitStack() as running:
        children = [running.enter_context(child("migrate", url)) for _ in range(10)]
        assert [each.lines() for each in children] == [["migrated"]] * 10
    ledger = open_ledger(url)
    assert recorder_of(ledger).insert_events([event("a")]) == [1]
    ledger.close()
    databases.drop(url)


def test_who_may_only_read_and_append_starts_and_does_so(clerk: str) -> None:
    ledger = open_ledger(clerk)
    recorder = recorder_of(ledger)
    assert recorder.insert_events([event("a")]) == [1]
    assert recorder.next_id("k") == 1
    assert recorder.max_notification_id() == 1
    ledger.close()


@pytest.mark.parametrize("change", CHANGES)
def test_who_may_only_read_and_append_can_not_even_try_to_change(clerk: str, change: str) -> None:
    plain = Plain(clerk)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        plain.query(CHANGES[change])
    plain.close()


@pytest.mark.parametrize(
    ("usual", "within"),
    [("off", "on"), ("local", "on"), ("on", "on"), *(((level,) * 2) for level in REMOTE)],
)
def test_a_commit_waits_for_the_disk_however_the_database_is_set_up(
    recorder: Recorder, plain: Plain, url: str, usual: str, within: str
) -> None:
    name = urlsplit(url).path[1:]
    plain.query(f"ALTER DATABASE {name} SET synchronous_commit = {usual}")
    recorder.close()
    shown = recorder.run_in_transaction(lambda each: each._query("SHOW synchronous_commit"))
    assert shown == [(within,)]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres@127.0.0.1:1/kitledger",
        "postgresql://postgres@nowhere.invalid/kitledger",
    ],
)
def test_a_server_that_is_not_there_is_an_operational_error(url: str) -> None:
    with pytest.raises(OperationalError):
        open_ledger(url)


def test_a_database_that_is_not_there_is_an_operational_error(postgres_url: str) -> None:
    with pytest.raises(OperationalError, match="does not exist"):
        open_ledger(f"{postgres_url}_lost")

"""Followers of the feed whose connections are cut at random, while servers die and transactions fail."""

import os
import signal
import time

import psycopg

from chaos.fault import Fault
from chaos.faults.processes import workers_of
from chaos.faults.servers import server_of
from chaos.followers import Follower
from chaos.store_under_test import PostgresStore
from chaos.testbed import Testbed
from chaos.waiting import wait_until

FOLLOWERS = 4
TURNS = 3
PAUSE_SECONDS = 1.5
CATCH_UP_SECONDS = 20.0
FAIL_ONE_IN_TWENTY = """
CREATE FUNCTION fail_at_random() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF random() < 0.05 THEN RAISE EXCEPTION 'chaos' USING ERRCODE = 'serialization_failure'; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER fail_at_random AFTER INSERT ON stored_events
FOR EACH STATEMENT EXECUTE FUNCTION fail_at_random()
"""
FAIL_NO_MORE = "DROP TRIGGER fail_at_random ON stored_events"


class FollowersCut(Fault):
    """Connections of followers are cut at any byte, and workers killed; on PostgreSQL, commits fail too."""

    name = "followers cut"

    def __init__(self) -> None:
        self._followers: list[Follower] = []

    def inject(self, testbed: Testbed) -> None:
        """Follow from the beginning; let one transaction in twenty fail; kill workers, and PostgreSQL."""
        self._followers = [Follower(testbed.service) for _ in range(FOLLOWERS)]
        for follower in self._followers:
            follower.start()
        testbed.mark_fault_started()
        execute(testbed, FAIL_ONE_IN_TWENTY)
        for turn in range(TURNS):
            time.sleep(PAUSE_SECONDS)
            workers = workers_of(testbed.service)
            os.kill(workers[turn % len(workers)], signal.SIGKILL)
        if isinstance(testbed.store, PostgresStore):
            server_of(testbed).kill()
            server_of(testbed).start()
        execute(testbed, FAIL_NO_MORE)
        testbed.mark_fault_ended()

    def problems(self, testbed: Testbed) -> list[str]:
        """Check that each follower saw exactly the acknowledged events, once each and in order."""
        acknowledged = testbed.log.positions.items()
        expected = sorted((position, event_id) for event_id, at in acknowledged for position in at)
        found = []
        for follower in self._followers:
            wait_until(lambda each=follower: each.has_reached(expected[-1][0]), CATCH_UP_SECONDS)
            follower.stop()
            if not follower.cuts:
                found.append("a follower was never cut")
            if follower.seen() != expected:
                missed = set(expected) - set(follower.seen())
                found.append(
                    f"a follower saw {len(follower.seen())} events of {len(expected)}, without "
                    f"{sorted(missed)[:5]}"
                )
        return found


def execute(testbed: Testbed, statements: str) -> None:
    """Execute statements in PostgreSQL; an SQLite store has no transactions that others can make fail."""
    if isinstance(testbed.store, PostgresStore):
        with psycopg.connect(testbed.store.direct_url, autocommit=True) as connection:
            connection.execute(statements)

"""A table that is missing on PostgreSQL is told at once, as eventsourcing expects it."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from eventsourcing.persistence import InfrastructureFactory, ProgrammingError, Tracking

from tests.harness.postgres import Databases
from tests.store.library import store_settings
from tests.store.stored import event

ASKED: dict[str, Callable[[Any], object]] = {
    "insert_events": lambda factory: factory.application_recorder().insert_events([event("a")]),
    "next_id": lambda factory: factory.application_recorder().next_id("k"),
    "select_events": lambda factory: factory.application_recorder().select_events("a"),
    "select_notifications": lambda each: each.application_recorder().select_notifications(1, 9),
    "max_notification_id": lambda factory: factory.application_recorder().max_notification_id(),
    "stream_versions": lambda factory: factory.application_recorder().stream_versions(["a"]),
    "snapshots": lambda factory: factory.aggregate_recorder("snapshots").select_events("a"),
    "insert_snapshot": lambda each: each.aggregate_recorder("s").insert_events([event("a")]),
    "max_tracking_id": lambda factory: factory.tracking_recorder().max_tracking_id("a"),
    "insert_tracking": lambda each: each.tracking_recorder().insert_tracking(Tracking("a", 1)),
}


@pytest.fixture(scope="module")
def factory(databases: Databases) -> Any:
    """Give the factory of a database without tables."""
    url = databases.new()
    settings = {**store_settings(url), "CREATE_TABLE": "n"}
    made: InfrastructureFactory[Any] = InfrastructureFactory.construct(settings)
    yield made
    made.close()
    databases.drop(url)


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_it_is_a_programming_error_at_once(factory: Any, ask: Callable[[Any], object]) -> None:
    started = time.monotonic()
    with pytest.raises(ProgrammingError, match="does not exist"):
        ask(factory)
    assert time.monotonic() < started + 1

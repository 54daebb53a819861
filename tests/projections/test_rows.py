"""What the read models show of what happened."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import DDL, inspect

from domain.aggregates.kit import Kit
from domain.use_cases import kit_registrations
from projections.databases.postgres import SCHEMA
from projections.models.events import Events
from projections.models.kit_registrations import KitRegistrations
from projections.models.kits import Kits
from projections.models.quarantine import Quarantined
from projections.models.reports import Reports
from tests.domain.scene import NOON, deepest, kit, report
from tests.projections.world import World, batches_of

EVENTS, KITS, REPORTS = Events(), Kits(), Reports()
REGISTRATIONS, QUARANTINE = KitRegistrations(), Quarantined()
HOUR = timedelta(hours=1)
FRAMES = [
    '{"id":1,"type":"t","data":%s}',
    ' {"data":{},"d\\u0061ta": %s ,"type":"t","id":1} ',
]


def events(world: World) -> list[dict[str, Any]]:
    with world.reading(EVENTS) as view:
        return EVENTS.page(view, limit=1000)


def registration(world: World, registration_id: int) -> dict[str, Any] | None:
    with world.reading(REGISTRATIONS) as view:
        return REGISTRATIONS.one(view, registration_id)


def held(world: World, state: str | None = None) -> list[dict[str, Any]]:
    with world.reading(QUARANTINE) as view:
        return QUARANTINE.all(view, state=state)


def test_an_event_is_shown_as_it_was_sent(world: World) -> None:
    sent = kit(5, "A", "KIT_SHIPPED", created_at="2017-11-24 10:00:00", more=[1.50, {"é": None}])
    world.send(sent)
    world.project()
    assert events(world) == [
        {
            "id": 5,
            "source": "lab",
            "type": "kit.updated",
            "created_at": datetime(2017, 11, 24, 10, tzinfo=UTC),
            "data": sent["data"],
        }
    ]


def from_within(calls: int, ask: Callable[[], Any]) -> Any:
    """Ask as a program does that is so many calls deeper in its work than the one that received."""
    return from_within(calls - 1, ask) if calls else ask()


@pytest.mark.parametrize(
    "data",
    [
        '{"a": "\\ud800"}',
        '{"n": 123456789012345678901234567890, "x": 1e300, "y": -0.0}',
        '{"a": 1, "a": 2}',
        '{"\\u0061": {"\\u00e9": "é\\n"}}',
        '{"data": {"data": [[[]]]}}',
        "{}",
        '{"a": ' + "[" * 90 + "]" * 90 + "}",
    ],
)
@pytest.mark.parametrize("frame", FRAMES)
def test_whatever_data_was_taken_is_shown(world: World, frame: str, data: str) -> None:
    assert [outcome.status for outcome in world.send((frame % data).encode())] == ["recorded"]
    world.project()
    [event] = events(world)
    assert event["data"] == json.loads(data)


def test_the_most_deeply_nested_data_that_was_taken_is_shown(world: World) -> None:
    assert [outcome.status for outcome in world.send(deepest(1))] == ["recorded"]
    world.project()
    [event] = from_within(100, lambda: events(world))
    assert event["id"] == 1


def test_of_a_replaced_event_the_new_content_is_shown(world: World) -> None:
    _, conflict = world.send(kit(5, "A", "KIT_SHIPPED"), kit(5, "A", "KIT_FAILED"))
    world.project()
    world.scene.release(conflict, replace=True)
    world.project()
    [event] = events(world)
    assert event["data"]["kit"]["status"] == "KIT_FAILED"


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_a_kit_of_which_nothing_is_told_any_more_is_gone(world: World, batch: int) -> None:
    told = {"event_id": 5, "source": "lab", "barcode": "A", "timestamp": NOON}
    stream = {"originator_id": Kit.create_id("A")}
    stated = {"status": "S", "created_at": NOON, "reason": None, "shipment_id": None}
    with batches_of(batch):
        world.record(Kit.Observed(**stream, originator_version=1, **told, **stated))
        world.record(Kit.Retracted(**stream, originator_version=2, **told))
        world.project()
        with world.reading(KITS) as view:
            assert (KITS.one(view, "A"), KITS.page(view, limit=9)) == (None, [])
        world.record(Kit.Observed(**stream, originator_version=3, **told, **stated))
        world.project()
    with world.reading(KITS) as view:
        assert KITS.one(view, "A") == {
            "barcode": "A",
            "status": "S",
            "shipment_id": None,
            "reason": None,
            "created_at": NOON,
            "modified_at": NOON,
        }


def test_more_kits_than_fit_into_one_question_are_settled_in_parts(world: World) -> None:
    many = range(1, 701)
    world.send([kit(n, f"K{n}", "KIT_SHIPPED") for n in many], [report(1000, 1, "BLOCKED")])
    with batches_of(2000):
        world.project()
    with world.reading(KITS) as view:
        assert len(KITS.page(view, limit=1000)) == len(many)
        assert KITS.one(view, "nobody's") is None


def test_a_report_is_shown_by_its_id(world: World) -> None:
    world.send(report(1, 345345, "BLOCKED", reason="no consent"))
    world.project()
    with world.reading(REPORTS) as view:
        row = REPORTS.one(view, 345345)
    assert row is not None
    assert (row["id"], row["status"], row["reason"]) == (345345, "BLOCKED", "no consent")


def test_a_report_of_which_nothing_is_told_any_more_is_gone(world: World) -> None:
    _, conflict = world.send(report(1, 9, "BLOCKED"), kit(1, "A", "KIT_SHIPPED"))
    world.project()
    world.scene.release(conflict, replace=True)
    world.project()
    with world.reading(REPORTS) as view:
        assert REPORTS.page(view, limit=9, status="BLOCKED") == []
    with world.reading(REPORTS, as_of=conflict.quarantine) as view:
        assert [row["id"] for row in REPORTS.page(view, limit=9)] == [9]
    assert len(world.rows(KITS)[0]) == 1


@pytest.mark.parametrize("batch", [1, 1000])
def test_a_registration_is_shown_with_its_dates(world: World, batch: int) -> None:
    verified = datetime(2017, 11, 24, 10, tzinfo=UTC)
    given, _ = kit_registrations.register_kit(
        world.ledger, now=NOON, customer=70, kit="67", verification_date=None
    )
    row = {"id": given.registration_id, "customer": 70, "kit": "67", "created_at": NOON}
    with batches_of(batch):
        if batch == 1:
            world.project()
            expected = row | {"modified_at": NOON, "verification_date": None}
            assert registration(world, given.registration_id) == expected
        for date, now in ((verified, NOON + HOUR), (None, NOON + 2 * HOUR)):
            kit_registrations.set_verification_date(
                world.ledger, given.registration_id, date, now=now
            )
            world.project()
            shown = registration(world, given.registration_id)
            assert shown == row | {"modified_at": now, "verification_date": date}
    assert registration(world, 99) is None


def test_what_is_held_is_listed_until_somebody_decides(world: World) -> None:
    world.send(kit(1, "A", "KIT_SHIPPED"))
    broken, invalid, conflict = world.send(b"{", b"{}", kit(1, "A", "KIT_FAILED"))
    world.project()
    assert [(row["reason"], row["event_id"]) for row in held(world)] == [
        ("not-json", None),
        ("invalid", None),
        ("conflict", 1),
    ]
    world.scene.discard(broken)
    world.scene.release(conflict, replace=True)
    world.project()
    assert [row["state"] for row in held(world)] == ["discarded", "held", "released"]
    [row] = held(world, "held")
    assert (row["id"], row["source"], row["received_at"], row["bytes"]) == (
        *(invalid.quarantine, "lab", NOON, 2),
    )


def test_migrating_again_changes_nothing(world: World) -> None:
    world.send(kit(1, "A", "KIT_SHIPPED"))
    world.project()
    before = (world.all_rows(), world.positions())
    world.views.migrate(world.models)
    assert (world.all_rows(), world.positions()) == before
    assert "kits_0" in _tables(world)


def test_a_projection_with_the_tables_of_another_version_begins_anew(world: World) -> None:
    world.send(kit(1, "A", "KIT_SHIPPED"))
    world.project()
    before, reached = world.all_rows(), world.positions()
    with world.views.transaction() as connection:
        connection.execute(DDL(f"ALTER TABLE {_name(world, 'kits_0')} DROP COLUMN observations"))
    world.views.migrate(world.models)
    assert world.positions() == reached | {"kits": 0}
    assert {"kits_0", "kits_1"} <= _tables(world)
    world.project()
    assert (world.all_rows(), world.positions()) == (before, reached)


def _tables(world: World) -> set[str]:
    schema = SCHEMA if world.on_postgres else None
    return set(inspect(world.views.engine).get_table_names(schema))


def _name(world: World, table: str) -> str:
    return f"{SCHEMA}.{table}" if world.on_postgres else table

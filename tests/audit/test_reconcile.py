"""Reconciling names each row that was changed past the program, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Column, Row, Table, delete, insert, select, update

from audit.reconcile import Difference, Reconciliation
from domain.aggregates.delivery import Delivery
from domain.aggregates.projection import Projection
from domain.use_cases.administration import record
from projections.models import all_projections
from projections.slot_tables import all_tables
from projections.status import skip
from projections.tables import projections, skipped
from tests.audit.whole_story import tell
from tests.domain.scene import NOON, kit
from tests.harness.ledgers import recorder_of
from tests.harness.stores import Stores
from tests.projections.tally import Tally
from tests.projections.world import World, batches_of, running

TABLES = [
    pytest.param(tables[0], id=tables[0].name.removesuffix("_0"))
    for model in all_projections()
    for tables in all_tables(model.tables)
]


@pytest.fixture(scope="module")
def told(stores: Stores) -> Iterator[World]:
    """Make a world in which everything has happened, and is projected."""
    with stores.empty() as url:
        world = World(url)
        tell(world)
        with batches_of(7):
            world.project()
        yield world
        world.close()


def reconcile(world: World) -> tuple[list[Difference], list[str], Reconciliation]:
    """Compare everything; return the differences, and what is noted."""
    notes: list[str] = []
    comparing = Reconciliation(world.ledger, world.views, all_projections(), notes.append)
    return list(comparing.differences()), notes, comparing


def other(column: Column[Any], row: Row[Any]) -> Any:
    """Return another value than a row has in a column."""
    kind = column.type.python_type
    return (
        (row._mapping[column.name] or 0) + 1000
        if kind is int
        else {str: "other", bytes: b"\x90"}[kind]
    )


def key_of(table: Table, row: Row[Any]) -> dict[str, Any]:
    """Return the columns of a row that identify it, but for when it held."""
    names = [each.name for each in table.primary_key if each.name != "since"]
    return {name: row._mapping[name] for name in names}


@contextmanager
def tampered(world: World, table: Table, change: Any, undo: Any) -> Iterator[None]:
    """Change a table past the program, for a while."""
    with world.views.transaction() as connection:
        connection.execute(change)
    yield
    with world.views.transaction() as connection:
        connection.execute(undo)


def one_row(world: World, table: Table) -> Row[Any]:
    """Return a row, so that to alter it makes no other one."""
    with world.views.engine.connect() as connection:
        row = connection.execute(select(table)).first()
    assert row is not None, f"{table.name} has no row"
    return row


def this(table: Table, row: Row[Any]) -> list[Any]:
    """Return the conditions that find one row alone."""
    return [column == row._mapping[column.name] for column in table.primary_key]


def test_a_clean_ledger_has_no_difference(told: World) -> None:
    found, notes, comparing = reconcile(told)
    assert (found, notes) == ([], [])
    handled = {topic for model in all_projections() for topic in model.topics}
    stored = recorder_of(told.ledger).select_notifications(1, 10_000)
    assert handled <= {each.topic for each in stored}
    assert comparing.events == len([each for each in stored if each.topic in handled])
    with told.views.engine.connect() as connection:
        rows = [row for each in TABLES for row in connection.execute(select(each.values[0]))]
    assert comparing.rows == len(rows)


@pytest.mark.parametrize("table", TABLES)
def test_an_altered_value_is_named(told: World, table: Table) -> None:
    row = one_row(told, table)
    columns = [each for each in table.c if not each.primary_key]
    for column in columns:
        before, after = row._mapping[column.name], other(column, row)
        change = update(table).where(*this(table, row))
        with tampered(told, table, change.values({column: after}), change.values({column: before})):
            found, _, _ = reconcile(told)
        [difference] = found
        assert difference.kind == table.name.removesuffix("_0")
        assert key_of(table, row).items() <= difference.key.items()
        assert difference.field == column.name
        if not isinstance(before, bytes):
            assert (difference.expected, difference.found) == (before, after)


@pytest.mark.parametrize("table", TABLES)
def test_a_removed_row_is_named(told: World, table: Table) -> None:
    row = one_row(told, table)
    remove, add = delete(table).where(*this(table, row)), insert(table).values(tuple(row))
    with tampered(told, table, remove, add):
        found, _, _ = reconcile(told)
    assert [each.kind for each in found] == [table.name.removesuffix("_0")]
    assert key_of(table, row).items() <= found[0].key.items()
    assert (found[0].field, found[0].expected, found[0].found) == ("row", "present", "missing")


@pytest.mark.parametrize("table", TABLES)
def test_an_added_row_is_named(told: World, table: Table) -> None:
    row = one_row(told, table)
    first = next(iter(table.primary_key))
    values = {**row._mapping, first.name: other(first, row)}
    which = delete(table).where(first == values[first.name])
    with tampered(told, table, insert(table).values(values), which):
        found, _, _ = reconcile(told)
    assert [each.kind for each in found] == [table.name.removesuffix("_0")]
    assert found[0].key[first.name] == values[first.name]
    assert (found[0].field, found[0].expected, found[0].found) == ("row", "missing", "present")


def test_it_repairs_nothing(told: World) -> None:
    [table] = [each.values[0] for each in TABLES if each.id == "kits"]
    row = one_row(told, table)
    change = update(table).where(*this(table, row))
    with tampered(told, table, change.values(status="LOST"), change.values(status=row.status)):
        assert reconcile(told)[0] == reconcile(told)[0] != []


def test_it_compares_what_the_projector_has_reached(world: World) -> None:
    world.send(*[kit(number, f"K{number % 50}", "KIT_SHIPPED") for number in range(1, 400)])
    with batches_of(10), running(world.projector()):
        for _ in range(20):
            assert reconcile(world)[0] == []
    assert reconcile(world)[0] == []


def test_a_projection_that_lags_is_told(world: World) -> None:
    world.send(kit(1, "A", "KIT_SHIPPED"))
    world.project()
    world.send(kit(1, "B", "KIT_SHIPPED"), source="x")
    found, notes, comparing = reconcile(world)
    assert found == []
    assert "kits is 2 events behind: compared as of 2." in notes
    assert comparing.events == 2


def test_stopped_projections_and_skipped_events_are_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = next(model for model in world.models if model.name == "events")

    def refuse(*_: Any) -> None:
        raise ValueError("not this one")

    monkeypatch.setitem(events.handlers, Delivery.Replaced, refuse)
    [held] = world.send(kit(1, "A", "KIT_SHIPPED"), kit(1, "A", "KIT_FAILED"))[1:]
    world.scene.release(held, replace=True)
    world.send(kit(2, "B", "KIT_SHIPPED"))
    world.project()
    found, notes, _ = reconcile(world)
    assert found == []
    [stopped] = [each for each in notes if "stopped" in each]
    assert stopped.startswith("events has stopped at position")
    assert "not this one" in stopped

    position = skip(world.views, "events", partial(decide, world, "events"))
    world.project()
    found, notes, _ = reconcile(world)
    assert (found, notes) == (
        [],
        [f"events has skipped the events at these positions: {position}."],
    )


def decide(world: World, name: str, position: int, error: str | None) -> None:
    """Record that an operator skips an event, as the command does."""
    stream, decided = Projection.create_id(name), {"position": position, "error": error}
    record(world.ledger, stream, Projection.Skipped, now=NOON, **decided)


def test_a_skip_or_a_projection_that_was_written_or_removed_by_hand_is_named(world: World) -> None:
    world.send(kit(1, "A", "KIT_SHIPPED"), kit(2, "B", "KIT_SHIPPED"))
    world.project()
    with world.views.transaction() as connection:
        connection.execute(insert(skipped).values(name="kits", position=2, error="none"))
        connection.execute(delete(projections).where(projections.c.name == "reports"))
    decide(world, "events", 3, None)

    found, _, _ = reconcile(world)

    assert [(each.kind, each.key, each.expected, each.found) for each in found] == [
        ("skipped_events", {"name": "events", "position": 3}, 3, None),
        ("skipped_events", {"name": "kits", "position": 2}, None, 2),
        ("projections", {"name": "reports"}, "reports", None),
    ]


def test_a_read_model_without_expectations_is_refused(url: str) -> None:
    world = World(url, also=[Tally()])
    comparing = Reconciliation(world.ledger, world.views, world.models)
    with pytest.raises(LookupError, match="tally_0"):
        list(comparing.differences())
    world.close()

"""The projector at work: one transaction a step, and passing troubles are waited out."""

import sqlite3
import time

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from projections.kits import Kits
from projections.views import projector as projector_table
from tests.domain.scene import kit
from tests.projections.processes import eventually
from tests.projections.tally import Tally, positions
from tests.projections.world import World, batches_of, running

KITS, TALLY = Kits(), Tally()


def beat(world: World) -> float:
    """Return when a projector gave its last sign of life."""
    with world.views.engine.connect() as connection:
        return float(connection.scalar(select(projector_table.c.beat)) or 0)


def limit_pages(world: World, more: int) -> None:
    """Let the views' file grow by so many pages and no further."""
    with world.views.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + more}")


def test_a_step_is_all_or_nothing(mixed: World) -> None:
    """When the database takes no more, neither rows nor positions move; later both do."""
    mixed.send(*[kit(n, f"K{n}", "KIT_SHIPPED", reason="x" * 3000) for n in range(1, 40)])
    before = (mixed.all_rows(), mixed.positions())
    limit_pages(mixed, 20)
    with pytest.raises(OperationalError):
        mixed.project()
    assert (mixed.all_rows(), mixed.positions()) == before
    limit_pages(mixed, 10**6)
    mixed.project()
    assert positions(mixed.rows(TALLY)) == list(range(2, 79, 2))
    assert mixed.said == []


@pytest.mark.parametrize(("batch", "steps"), [(1, 6), (2, 3), (4, 2), (1000, 1)])
def test_a_step_takes_a_batch_and_says_how_far_it_came(
    world: World, batch: int, steps: int
) -> None:
    world.send(kit(1, "A", "KIT_SHIPPED"), kit(2, "B", "KIT_SHIPPED"), kit(3, "C", "KIT_SHIPPED"))
    projector = world.projector()
    with batches_of(batch):
        reached = [projector.step() for _ in range(steps)]
    assert reached == sorted(set(reached))
    assert reached[-1] == world.head
    assert projector.step() == world.head


def test_a_projection_that_is_behind_does_not_repeat_what_another_has(mixed: World) -> None:
    mixed.send(kit(1, "A", "KIT_SHIPPED"))
    mixed.project()
    mixed.send(kit(2, "B", "KIT_SHIPPED"))
    with mixed.views.writing() as connection:
        connection.exec_driver_sql("UPDATE projections SET position = 0 WHERE name = 'kits'")
    mixed.project()
    assert positions(mixed.rows(TALLY)) == [2, 4]
    assert set(mixed.positions().values()) == {4}


def test_a_projector_passes_nothing_for_a_projection_that_it_does_not_have(mixed: World) -> None:
    """An older program may still be at work when a newer one has made its tables."""
    mixed.send(kit(1, "A", "KIT_SHIPPED"))
    mixed.projector(wanted=[KITS]).step()
    assert mixed.positions()["tally"] == 0
    mixed.project()
    assert positions(mixed.rows(TALLY)) == [2]


def test_it_projects_what_comes_until_it_is_stopped(world: World) -> None:
    with world.apart() as projector, running(projector), batches_of(3):
        world.send(*[kit(n, f"K{n}", "KIT_SHIPPED") for n in range(1, 30)])
        eventually(lambda: set(world.positions().values()) == {world.head})
        assert world.views.alive(within=5)
    world.send(kit(99, "Z", "KIT_SHIPPED"))
    assert set(world.positions().values()) == {world.head - 2}


def test_it_gives_a_sign_of_life_though_nothing_comes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.projector.BEAT_SECONDS", 0.02)
    with world.apart() as projector, running(projector):
        eventually(lambda: world.views.alive(within=0.5))
        first = beat(world)
        eventually(lambda: beat(world) > first)


def test_a_locked_database_is_waited_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.projector.BEAT_SECONDS", 0.02)
    plain = sqlite3.connect(world.folder / "views.db", isolation_level=None)
    with world.apart(busy_milliseconds=20) as projector, running(projector):
        eventually(lambda: world.views.alive(within=5))
        plain.execute("BEGIN IMMEDIATE")
        world.send(kit(1, "A", "KIT_SHIPPED"))
        eventually(lambda: world.said)
        plain.execute("ROLLBACK")
        eventually(lambda: set(world.positions().values()) == {world.head})
    assert {name for name, _ in world.said} == {"projector-waits"}
    assert "locked" in world.said[0][1]["error"]
    plain.close()


def test_a_database_that_is_locked_at_the_start_is_waited_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.projector.BEAT_SECONDS", 0.02)
    plain = sqlite3.connect(world.folder / "views.db", isolation_level=None)
    plain.execute("BEGIN IMMEDIATE")
    with world.apart(busy_milliseconds=20) as projector, running(projector):
        time.sleep(0.1)
        plain.execute("ROLLBACK")
        eventually(lambda: world.views.alive(within=5), patience=1)
    plain.close()

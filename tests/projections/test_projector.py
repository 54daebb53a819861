"""The projector at work: one transaction a step, and passing troubles are waited out."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from projections.models.kits import Kits
from projections.status import statuses
from projections.tables import projections
from projections.tables import projector as projector_table
from tests.domain.scene import kit
from tests.harness.waiting import wait_until
from tests.projections.tally import Tally, positions
from tests.projections.world import World, batches_of, running

KITS, TALLY = Kits(), Tally()
FULL = """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'no space left' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE UPDATE ON views.projections EXECUTE FUNCTION full_disk()"""
EMPTIED = "DROP FUNCTION full_disk CASCADE"


def beat(world: World) -> float:
    """Return when a projector gave its last sign of life."""
    with world.views.engine.connect() as connection:
        return float(connection.scalar(select(projector_table.c.beat)) or 0)


@contextmanager
def no_room(world: World) -> Iterator[None]:
    """Let the views' database take no more, when something has been written already."""
    with world.views.transaction() as connection:
        if world.on_postgres:
            connection.exec_driver_sql(FULL)
        else:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
    yield
    with world.views.transaction() as connection:
        connection.exec_driver_sql(
            EMPTIED if world.on_postgres else "PRAGMA max_page_count = 1000000"
        )


def test_a_step_is_all_or_nothing(mixed: World) -> None:
    """When the database takes no more, neither rows nor positions move; later both do."""
    mixed.send(*[kit(n, f"K{n}", "KIT_SHIPPED", reason="x" * 3000) for n in range(1, 40)])
    before = (mixed.all_rows(), mixed.positions())
    with no_room(mixed):
        with pytest.raises(OperationalError):
            mixed.project()
        assert (mixed.all_rows(), mixed.positions()) == before
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
    with mixed.views.transaction() as connection:
        behind = update(projections).where(projections.c.name == "kits").values(position=0)
        connection.execute(behind)
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
        wait_until(lambda: set(world.positions().values()) == {world.head})
        assert world.views.projector_alive(within=5)
    world.send(kit(99, "Z", "KIT_SHIPPED"))
    assert set(world.positions().values()) == {world.head - 2}


def test_it_gives_a_sign_of_life_though_nothing_comes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.projector.BEAT_SECONDS", 0.02)
    with world.apart() as projector, running(projector):
        wait_until(lambda: world.views.projector_alive(within=0.5))
        first = beat(world)
        wait_until(lambda: beat(world) > first)


def test_a_locked_database_is_waited_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.projector.BEAT_SECONDS", 0.02)
    with world.apart(patience=0.02) as projector, running(projector):
        wait_until(lambda: world.views.projector_alive(within=5))
        with world.views.transaction():
            world.send(kit(1, "A", "KIT_SHIPPED"))
            wait_until(lambda: world.said)
        wait_until(lambda: set(world.positions().values()) == {world.head})
    assert {name for name, _ in world.said} == {"projector-waits"}
    assert re.search("locked|lock timeout", world.said[0][1]["error"])


def test_a_database_that_is_locked_at_the_start_is_waited_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.projector.BEAT_SECONDS", 0.02)
    with world.apart(patience=0.02) as projector, ExitStack() as stack:
        with world.views.transaction():
            stack.enter_context(running(projector))
            wait_until(lambda: world.said)
        wait_until(lambda: world.views.projector_alive(within=5), seconds=5)


def test_a_sign_of_life_is_asked_for_while_somebody_writes(world: World) -> None:
    world.projector().step()
    other = world.more_views(patience=0.02)
    with world.views.transaction():
        assert other.projector_alive(within=60)
        assert {each.lag for each in statuses(other, world.head)} == {0}
    other.close()

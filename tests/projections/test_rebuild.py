"""A rebuild makes the rows anew beside those that readers go on reading, and then changes them over."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from domain.use_cases import kit_registrations
from projections.databases import Locked
from projections.models.kits import Kits
from projections.rebuild import rebuild
from tests.domain.observations import Story, fresh_world, stories
from tests.domain.scene import NOON, kit, report
from tests.harness.effort import effort
from tests.harness.ledgers import open_ledger
from tests.projections.world import World, batches_of, running

KITS = Kits()


def tell_everything(world: World) -> None:
    """Let something of everything happen, and project it."""
    world.send(*[kit(n, f"K{n % 7}", "KIT_SHIPPED", shipment_id=n) for n in range(1, 40)])
    world.send([report(50, 1, "BLOCKED", reason="x"), report(51, 1, "AVAILABLE")], b"{")
    broken, conflict = world.send(b"[", kit(1, "K1", "KIT_FAILED"))
    world.scene.discard(broken)
    world.scene.release(conflict, replace=True)
    given, _ = kit_registrations.register_kit(
        world.ledger, now=NOON, customer=1, kit="K", verification_date=None
    )
    kit_registrations.set_verification_date(world.ledger, given.registration_id, NOON, now=NOON)
    world.project()


def spoil(world: World) -> None:
    """Change a live row behind the projector's back, so that old rows can be told from new ones."""
    with world.views.transaction() as connection:
        kits = KITS.tables[0][0]
        connection.execute(update(kits).where(kits.c.barcode == "K1").values(status="OLD"))


def status_of(world: World, barcode: str = "K1") -> str:
    with world.reading(KITS) as view:
        row = KITS.one(view, barcode)
    assert row is not None
    return str(row["status"])


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_rebuilt_rows_equal_those_that_were_kept_up(world: World, batch: int) -> None:
    tell_everything(world)
    kept_up = world.all_rows()
    with batches_of(batch):
        assert world.rebuilt() == kept_up
        assert world.rebuilt() == kept_up
    assert set(world.positions().values()) == {world.head}


@given(story=stories(), batch=st.integers(1, 5), size=st.sampled_from([1, 10**6]))
@settings(max_examples=effort(5, 15), deadline=None)
def test_whatever_was_said_rebuilt_rows_equal_those_that_were_kept_up(
    shared: World, story: Story, batch: int, size: int
) -> None:
    number = fresh_world()
    with batches_of(batch, size):
        for source, body in story.sent(number):
            shared.send(body, source=source)
            shared.project()
        kept_up = shared.all_rows()
        assert shared.rebuilt() == kept_up


def test_readers_go_on_reading_the_old_rows_until_the_new_are_whole(world: World) -> None:
    tell_everything(world)
    spoil(world)
    seen: list[str] = []
    with batches_of(9):
        rebuild(world.ledger, world.views, KITS, lambda done, total: seen.append(status_of(world)))
    assert seen == ["OLD"] * (len(seen) - 1) + ["KIT_SHIPPED"]
    assert len(seen) > 3


def test_a_reader_who_began_before_the_change_reads_the_old_rows_to_the_end(world: World) -> None:
    tell_everything(world)
    spoil(world)
    with world.reading(KITS) as view:
        rebuild(world.ledger, world.views, KITS, lambda done, total: None)
        row = KITS.one(view, "K1")
        assert row is not None
        assert row["status"] == "OLD"
    assert status_of(world) == "KIT_SHIPPED"


def test_progress_rises_to_the_whole(world: World) -> None:
    tell_everything(world)
    heard: list[tuple[int, int]] = []
    with batches_of(9):
        rebuild(world.ledger, world.views, KITS, lambda *progress: heard.append(progress))
    assert heard == sorted(heard)
    assert heard[-1] == (world.head, world.head)
    assert {total for _, total in heard} == {world.head}


def test_of_the_rows_that_nobody_reads_none_is_left(world: World) -> None:
    tell_everything(world)
    world.rebuilt()
    with world.views.engine.connect() as connection:
        for tables in KITS.tables:
            assert connection.execute(select(tables[0])).all() == []


@pytest.mark.parametrize("interruption", [ZeroDivisionError, KeyboardInterrupt])
@pytest.mark.parametrize("after", [1, 3, "end"])
def test_a_rebuild_that_is_interrupted_does_no_harm(
    world: World, interruption: type[BaseException], after: int | str
) -> None:
    tell_everything(world)
    kept_up = world.all_rows()
    heard: list[int] = []

    def progress(done: int, total: int) -> None:
        heard.append(done)
        if len(heard) == after or (after == "end" and heard[-2:] == [total, total]):
            raise interruption

    with batches_of(9):
        with pytest.raises(interruption):
            rebuild(world.ledger, world.views, KITS, progress)
        assert world.all_rows() == kept_up
        world.send(kit(70, "K1", "KIT_LOST"))
        world.project()
        assert status_of(world) == "KIT_LOST"
        assert world.rebuilt() == world.all_rows()


def test_what_comes_just_before_the_change_is_in_the_new_rows(world: World) -> None:
    tell_everything(world)
    late = iter([kit(70, "K1", "KIT_LOST")])

    def progress(done: int, total: int) -> None:
        if done == total:
            world.send(*late)

    assert rebuild(world.ledger, world.views, KITS, progress) == world.head
    assert status_of(world) == "KIT_LOST"


def test_of_two_rebuilds_at_once_the_second_is_refused(world: World) -> None:
    tell_everything(world)
    other = world.more_views()

    def progress(done: int, total: int) -> None:
        with pytest.raises(Locked, match="rebuild-kits"):
            rebuild(world.ledger, other, KITS, lambda done, total: None)

    rebuild(world.ledger, world.views, KITS, progress)
    rebuild(world.ledger, other, KITS, lambda done, total: None)
    other.close()


def test_a_rebuild_of_an_empty_ledger_is_an_empty_projection(world: World) -> None:
    assert rebuild(world.ledger, world.views, KITS, lambda done, total: None) == 0
    assert world.rows(KITS) == [[], [], []]


def test_events_that_arrive_meanwhile_are_in_the_new_rows_and_the_projector_goes_on(
    world: World,
) -> None:
    stop, going = threading.Event(), threading.Event()

    def send() -> None:
        for n in range(1, 4000):
            if stop.wait(0.002):
                return
            world.send(kit(n, f"K{n % 50}", "KIT_SHIPPED", shipment_id=n))
            if n > 40:
                going.set()

    sending = threading.Thread(target=send)
    rebuilding = open_ledger(world.url)
    with batches_of(50), world.apart() as projector, running(projector):
        sending.start()
        assert going.wait(10)
        for _ in range(4):
            rebuild(rebuilding, world.views, KITS, lambda done, total: None)
        stop.set()
        sending.join()
    rebuilding.close()
    world.project()
    kept_up = world.all_rows()
    assert len(kept_up["kits"][0]) > 40
    assert world.rebuilt() == kept_up

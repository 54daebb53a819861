"""When connections to the read models are lost, or are all in use, work goes on as soon as it can."""

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from eventsourcing.persistence import OperationalError

from projections.databases import Locked
from projections.models.kits import Kits
from projections.read_database import ReadDatabase
from projections.rebuild import rebuild
from store.advisory_locks import LOCK_NAMESPACE
from store.errors import UNAVAILABLE
from tests.domain.scene import kit
from tests.harness.plain import Plain
from tests.harness.stores import views_beside
from tests.harness.waiting import wait_until
from tests.projections.processes import processes
from tests.projections.world import World

KITS = Kits()
HOLDERS = f"""SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = {LOCK_NAMESPACE}
    AND objid = {zlib.crc32(b"projector") >> 1}
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
CUT = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@pytest.fixture
def far(postgres_url: str) -> Iterator[World]:
    """Make an empty world on PostgreSQL."""
    made = World(postgres_url)
    yield made
    made.close()


@pytest.fixture
def plain(far: World) -> Iterator[Plain]:
    """Open its database without anything of ours."""
    connection = Plain(far.url)
    yield connection
    connection.close()


def status_of(world: World, views: ReadDatabase) -> str:
    with views.snapshot("kits", world.head) as view:
        row = KITS.one(view, "A")
    assert row is not None
    return str(row["status"])


def in_spite_of_cuts(ask: Callable[[], object]) -> bool:
    """Say whether something is true; it is not, when a connection was lost."""
    try:
        return bool(ask())
    except UNAVAILABLE:
        return False


def project(world: World) -> bool:
    """Project all there is."""
    world.project()
    return True


def holder(plain: Plain) -> int | None:
    """Return the server's process by which a projector holds its lock, if one does."""
    found = plain.query(HOLDERS)
    return found[0][0] if found else None


def test_connections_that_were_lost_while_idle_are_opened_anew(far: World, plain: Plain) -> None:
    far.send(kit(1, "A", "KIT_SHIPPED"))
    far.project()
    with ExitStack() as several:
        for _ in range(3):
            several.enter_context(far.reading(KITS))
    plain.query(CUT)
    assert status_of(far, far.views) == "KIT_SHIPPED"
    plain.query(CUT)
    far.send(kit(2, "A", "KIT_LOST"))
    wait_until(lambda: in_spite_of_cuts(lambda: project(far)))
    assert status_of(far, far.views) == "KIT_LOST"


def test_a_read_whose_connection_is_lost_fails_and_the_next_does_not(
    far: World, plain: Plain
) -> None:
    far.send(kit(1, "A", "KIT_SHIPPED"))
    far.project()
    with pytest.raises(UNAVAILABLE), far.reading(KITS) as view:
        KITS.page(view, limit=len(plain.query(CUT)))
    assert status_of(far, far.views) == "KIT_SHIPPED"


def test_a_rebuild_whose_connection_is_lost_leaves_the_old_rows(far: World, plain: Plain) -> None:
    far.send(kit(1, "A", "KIT_SHIPPED"))
    far.project()
    with pytest.raises((Locked, *UNAVAILABLE)):
        rebuild(far.ledger, far.views, KITS, lambda done, total: plain.query(CUT) and None)
    wait_until(lambda: in_spite_of_cuts(lambda: project(far)))
    assert status_of(far, far.views) == "KIT_SHIPPED"
    rebuild(far.ledger, far.views, KITS, lambda done, total: None)
    assert status_of(far, far.views) == "KIT_SHIPPED"


def test_who_finds_all_connections_in_use_waits_for_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.pool.POOL_SECONDS", 0.05)
    views = ReadDatabase(views_beside(world.url), pool_size=2)
    with (
        views.snapshot("kits", 0),
        views.snapshot("reports", 0),
        pytest.raises(OperationalError, match="in use"),
        views.snapshot("kits", 0),
    ):
        pytest.fail("a third one was opened")
    with views.snapshot("kits", 0) as view:
        assert KITS.page(view, limit=1) == []
    views.close()


def test_a_projector_that_is_killed_is_replaced_within_seconds(world: World) -> None:
    with processes(world, 2) as started:
        first = started.await_owner()
        world.send(kit(1, "A", "KIT_SHIPPED"))
        wait_until(started.caught_up)
        started.kill(first)
        killed = time.monotonic()
        world.send(kit(2, "A", "KIT_LOST"))
        wait_until(started.caught_up)
        assert time.monotonic() - killed < 5
        wait_until(lambda: started.owner() not in {None, first})


@pytest.mark.parametrize("count", [1, 2])
def test_a_projector_whose_lock_is_lost_waits_for_its_turn_again(
    far: World, plain: Plain, count: int
) -> None:
    with processes(far, count) as started:
        wait_until(lambda: holder(plain) is not None)
        for number in (1, 2):
            before = holder(plain)
            plain.query("SELECT pg_terminate_backend(%s, 5000)", before)
            far.send(kit(number, "A", "KIT_SHIPPED"))
            wait_until(started.caught_up)
            wait_until(lambda: holder(plain) not in {None, before})  # noqa: B023 used at once
        assert [each.poll() for each in started.alive.values()] == [None] * count


def test_projectors_whose_every_connection_is_cut_go_on(far: World, plain: Plain) -> None:
    with processes(far, 2) as started:
        started.await_owner()
        for number in range(1, 4):
            plain.query(CUT)
            far.send(kit(number, "A", f"KIT_{'ABC'[number - 1]}"))
            wait_until(lambda: in_spite_of_cuts(started.caught_up))
        assert status_of(far, far.views) == "KIT_C"

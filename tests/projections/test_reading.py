"""A read waits for what was acknowledged before it was asked, and says how far behind it is if it must."""

import os
import threading
import time
from pathlib import Path

import pytest

from projections.databases import Locked
from projections.models.kits import Kits
from projections.read_database import ReadDatabase
from tests.domain.scene import kit
from tests.projections.world import World, running

KITS = Kits()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for long."""
    monkeypatch.setattr("projections.snapshots.CATCH_UP_SECONDS", 0.05)


def test_a_read_waits_for_the_projector(world: World) -> None:
    world.send(kit(1, "A", "KIT_SHIPPED"))
    with world.apart() as projector:
        later = threading.Timer(0.1, projector.step)
        later.start()
        with world.views.snapshot("kits", world.head) as view:
            assert view.lag == 0
            assert KITS.one(view, "A") is not None
        later.join()


@pytest.mark.usefixtures("impatient")
def test_when_nobody_projects_a_read_says_how_far_behind_it_is(world: World) -> None:
    world.send(kit(1, "A", "KIT_SHIPPED"))
    world.project()
    world.send(kit(2, "A", "KIT_LOST"))
    started = time.monotonic()
    with world.views.snapshot("kits", world.head) as view:
        assert view.lag == 2
        row = KITS.one(view, "A")
    assert row is not None
    assert row["status"] == "KIT_SHIPPED"
    assert 0.05 <= time.monotonic() - started < 1


def test_a_read_does_not_wait_for_what_has_stopped(mixed: World) -> None:
    mixed.send(kit(1, "P", "KIT_SHIPPED"))
    mixed.project()
    started = time.monotonic()
    with mixed.views.snapshot("fragile", mixed.head) as view:
        assert view.lag == 1
    assert time.monotonic() - started < 1


def test_a_read_shows_one_moment_from_beginning_to_end(world: World) -> None:
    world.send(kit(1, "A", "KIT_SHIPPED"))
    world.project()
    with world.apart() as projector, world.views.snapshot("kits", world.head) as view:
        world.send(kit(2, "A", "KIT_LOST"))
        world.project(projector)
        row = KITS.one(view, "A")
    assert row is not None
    assert row["status"] == "KIT_SHIPPED"


def test_everything_that_was_acknowledged_is_seen_while_a_projector_runs(world: World) -> None:
    with world.apart() as projector, running(projector):
        for n in range(1, 40):
            world.send(kit(n, "A", "ABCDEFGHIJ"[n % 10]))
            with world.views.snapshot("kits", world.head) as view:
                row = KITS.one(view, "A")
                assert view.lag == 0
                assert row is not None
                assert row["status"] == "ABCDEFGHIJ"[n % 10]


def test_a_sign_of_life_is_seen_by_others_and_grows_old(world: World) -> None:
    assert not world.views.projector_alive(within=60)
    world.projector().step()
    other = world.more_views()
    assert other.projector_alive(within=60)
    time.sleep(0.01)
    assert not other.projector_alive(within=0.005)
    world.projector().step()
    assert other.projector_alive(within=0.5)
    other.close()


def test_a_lock_is_held_once_and_given_back(world: World) -> None:
    other = world.more_views()
    with world.views.lock("thing"), pytest.raises(Locked), other.lock("thing"):
        pytest.fail("two hold the lock")
    with pytest.raises(ZeroDivisionError), other.lock("thing"):
        raise ZeroDivisionError
    with world.views.lock("thing"), other.lock("another thing"):
        pass
    other.close()


def test_a_failed_lock_keeps_no_file_open(world: World) -> None:
    with world.views.lock("thing"):
        before = len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))
        for _ in range(5):
            with pytest.raises(Locked), world.views.lock("thing"):
                pass
        assert len(list(Path(f"/proc/{os.getpid()}/fd").iterdir())) == before


def test_who_waits_for_a_turn_gets_it_or_is_told_to_give_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.read_database.RETRY_LOCK_SECONDS", 0.01)
    other = world.more_views()
    got, give_up = threading.Event(), threading.Event()

    def wait(stop: threading.Event) -> None:
        with other.wait_for_lock("thing", stop):
            got.set()

    with world.views.wait_for_lock("thing", threading.Event()):
        waiting = threading.Thread(target=wait, args=(threading.Event(),))
        waiting.start()
        assert not got.wait(0.05)
    waiting.join(5)
    assert got.is_set()
    with world.views.lock("thing"):
        give_up.set()
        wait(give_up)
    other.close()


@pytest.mark.parametrize(
    "url", ["sqlite:///{}/nowhere/views.db", "postgresql://127.0.0.1:1/nowhere"]
)
def test_nothing_is_opened_before_it_is_needed(tmp_path: Path, url: str) -> None:
    ReadDatabase(url.format(tmp_path)).close()
    assert list(tmp_path.iterdir()) == []

"""Read models that know more than a ledger which was restored say so, and wait to be rebuilt."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from projections.models.kits import Kits
from projections.projector import AHEAD
from projections.read_database import ReadDatabase
from projections.rebuild import rebuild
from projections.status import NotStopped, skip
from tests.domain.scene import kit
from tests.harness.stores import Stores
from tests.projections.world import World

KITS = Kits()
BEFORE = [kit(n, f"K{n}", "KIT_SHIPPED") for n in range(1, 5)]
AFTER = [kit(n, f"N{n}", "KIT_SHIPPED") for n in range(1, 5)]


@pytest.fixture
def restored(world: World, stores: Stores, tmp_path: Path) -> Iterator[World]:
    """Make a world whose ledger begins anew, while its read models stand where they stood."""
    kept = ReadDatabase(f"sqlite:///{tmp_path / 'kept.db'}")
    kept.migrate(world.models)
    world.send(*BEFORE)
    world.project(world.projector(kept))
    with stores.empty() as url:
        anew = World(url)
        anew.views.close()
        anew.views = kept
        yield anew
        anew.close()


def step(world: World) -> None:
    projector = world.projector()
    projector.resume()
    projector.step()


def test_they_stop_and_say_why(restored: World) -> None:
    restored.send(AFTER[0])
    step(restored)
    status = restored.status(KITS)
    assert status.stopped_at is not None
    assert status.error == AHEAD


def test_they_stay_so_when_the_ledger_has_grown_beyond_them(restored: World) -> None:
    step(restored)
    restored.send(*AFTER, kit(9, "N9", "KIT_SHIPPED"))
    step(restored)
    assert restored.status(KITS).error == AHEAD
    with restored.views.snapshot(KITS.name, restored.head) as view:
        assert view.lag == 2


def test_readers_are_told_that_nobody_knows_how_far_behind_they_are(restored: World) -> None:
    restored.send(AFTER[0])
    step(restored)
    with restored.views.snapshot(KITS.name, restored.head) as view:
        assert view.lag is None


def test_no_event_is_passed_for_it(restored: World) -> None:
    step(restored)
    with pytest.raises(NotStopped, match="rebuild it"):
        skip(restored.views, KITS.name)


def test_rebuilt_they_say_what_the_ledger_says(restored: World) -> None:
    step(restored)
    restored.send(*AFTER)
    for model in restored.models:
        rebuild(restored.ledger, restored.views, model, lambda done, total: None)
    step(restored)
    assert restored.status(KITS).stopped_at is None
    with restored.views.snapshot(KITS.name, restored.head) as view:
        assert [row["barcode"] for row in KITS.page(view, limit=9)] == ["N1", "N2", "N3", "N4"]

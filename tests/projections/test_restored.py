"""Read models of another history than the ledger's are noticed, emptied, and filled anew."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, text, update

from projections.history import fingerprint_at
from projections.models.kits import Kits
from projections.projector import Projector
from projections.read_database import ReadDatabase
from projections.rebuild import rebuild
from projections.tables import projections, skipped
from tests.domain.scene import kit
from tests.harness.stores import Stores
from tests.projections.tally import Fragile
from tests.projections.world import World

KITS = Kits()
BEFORE = [kit(n, f"K{n}", "KIT_SHIPPED") for n in range(1, 5)]
AFTER = [kit(n, f"N{n}", "KIT_SHIPPED") for n in range(1, 8)]


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


def barcodes(world: World) -> list[str]:
    with world.views.snapshot(KITS.name, world.head) as view:
        assert view.lag == 0
        return [row["barcode"] for row in KITS.page(view, limit=9)]


def start(world: World) -> Projector:
    """Start a projector and let it project all there is."""
    projector = world.projector()
    projector.resume()
    world.project(projector)
    return projector


@pytest.mark.parametrize("sent", [1, 4, 7], ids=["shorter", "as-long", "longer"])
def test_they_show_what_the_ledger_holds_and_nothing_else(restored: World, sent: int) -> None:
    restored.send(*AFTER[:sent])
    start(restored)
    assert barcodes(restored) == [f"N{n}" for n in range(1, sent + 1)]
    assert ("projection-restarts", KITS.name) in [
        (name, fields["projection"]) for name, fields in restored.said
    ]


def test_nothing_of_them_is_shown_once_a_service_has_started(restored: World) -> None:
    restored.send(*AFTER)
    names = restored.views.restart_strangers(restored.ledger.store, restored.models)
    assert names == [model.name for model in restored.models]
    assert restored.rows(KITS) == [[], [], []]
    assert restored.positions()[KITS.name] == 0


def test_they_are_noticed_by_a_projector_at_work_too(restored: World) -> None:
    restored.send(AFTER[0])
    at_work = restored.projector()
    assert at_work.step() == 0
    restored.project(at_work)
    assert barcodes(restored) == ["N1"]


def test_what_was_skipped_of_the_other_history_is_not_skipped_now(restored: World) -> None:
    restored.send(*AFTER)
    with restored.views.transaction() as connection:
        connection.execute(insert(skipped).values(name=KITS.name, position=2, error="it was bad"))
    start(restored)
    assert barcodes(restored) == [f"N{n}" for n in range(1, 8)]


def stop_at_a_poison(world: World) -> None:
    world.send(kit(20, "P", "KIT_SHIPPED"), kit(21, "Q", "KIT_SHIPPED"))
    world.project(world.projector(wanted=[*world.models]))


def rebuild_all(world: World) -> None:
    for model in world.models:
        rebuild(world.ledger, world.views, model, lambda done, total: None)


@pytest.mark.parametrize("work", [World.project, stop_at_a_poison, rebuild_all])
def test_those_of_the_same_history_go_on_where_they_were(
    mixed: World, fragile: Fragile, work: Callable[[World], None]
) -> None:
    mixed.send(*BEFORE)
    work(mixed)
    before = mixed.positions()
    assert mixed.views.restart_strangers(mixed.ledger.store, mixed.models) == []
    assert mixed.positions() == before
    mixed.send(*[kit(n, f"K{n}", "KIT_LOST") for n in range(30, 33)])
    start(mixed)
    assert ("projection-restarts", KITS.name) not in [
        (name, fields.get("projection")) for name, fields in mixed.said
    ]


def test_those_of_an_earlier_version_are_fingerprinted_and_kept(world: World) -> None:
    world.send(*BEFORE)
    world.project()
    with world.views.transaction() as connection:
        connection.execute(text(f"ALTER TABLE {world.named(projections)} DROP COLUMN fingerprint"))
    world.views.migrate(world.models)
    before = world.positions()
    projector = world.projector()
    projector.resume()
    assert world.positions() == before
    with world.views.transaction() as connection:
        found = set(
            connection.scalars(projections.select().with_only_columns(projections.c.fingerprint))
        )
        connection.execute(update(projections).values(fingerprint=f"{world.head}:another"))
    assert found == {fingerprint_at(world.ledger.store, world.head)}
    assert world.views.restart_strangers(world.ledger.store, [KITS]) == [KITS.name]

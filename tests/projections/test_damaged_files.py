"""A damaged file of the read models is set aside, and they are made anew from the ledger."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from projections.databases import Damaged
from projections.models.kits import Kits
from tests.domain.scene import kit
from tests.harness.waiting import wait_until
from tests.projections.world import World, running

KITS = Kits()
PAGE = 4096


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Make a world in files, with more kits than fit on a page, and without a log beside the views."""
    made = World(tmp_path)
    made.send([kit(n, f"K{n:03}", "KIT_SHIPPED") for n in range(1, 300)])
    made.project()
    made.views.close()
    with closing(sqlite3.connect(tmp_path / "views.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    yield made
    made.close()


def garbage(file: Path) -> None:
    file.write_bytes(b"not a database " * 1000)


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: 3 * PAGE + 100])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def removed(file: Path) -> None:
    file.unlink()


def damaged_pages(file: Path) -> None:
    """Overwrite all pages but the first, which has the schema's beginning."""
    with file.open("r+b") as opened:
        size = file.stat().st_size
        opened.seek(PAGE)
        opened.write(b"\xa5" * (size - PAGE))


DAMAGES = [garbage, truncated, emptied, removed, damaged_pages]


def barcodes(world: World) -> list[str]:
    with world.views.snapshot(KITS.name, world.head) as view:
        assert view.lag == 0
        return [row["barcode"] for row in KITS.page(view, limit=1000)]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_projector_makes_them_anew(
    world: World, tmp_path: Path, damage: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.projector.BEAT_SECONDS", 0.05)
    damage(tmp_path / "views.db")
    with running(world.projector()):
        wait_until(lambda: tables(tmp_path) and set(world.positions().values()) == {world.head})
    assert len(barcodes(world)) == 299
    if damage not in {emptied, removed}:
        assert (tmp_path / "views.db.damaged").exists()
        assert str(tmp_path / "views.db") in str(world.said)


def tables(folder: Path) -> bool:
    """Say whether the read models have tables."""
    with closing(sqlite3.connect(folder / "views.db")) as connection:
        try:
            count = "SELECT count(*) FROM projections"
            return bool(connection.execute(count).fetchone()[0])
        except sqlite3.DatabaseError:
            return False


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_migration_or_the_first_that_reads_sets_them_aside(
    world: World, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(tmp_path / "views.db")
    said: list[str] = []
    world.views.migrate(world.models, said.append)
    try:
        barcodes(world)
    except (Damaged, AssertionError):
        world.views.migrate(world.models, said.append)
    projector = world.projector()
    projector.resume()
    world.project(projector)
    assert len(barcodes(world)) == 299


def test_readers_of_the_old_file_find_the_new_one(world: World, tmp_path: Path) -> None:
    assert len(barcodes(world)) == 299
    other = world.more_views()
    for suffix in ("-wal", "-shm", ""):
        (tmp_path / f"views.db{suffix}").rename(tmp_path / f"gone.db{suffix}")
    other.migrate(world.models)
    world.send(kit(900, "LATE", "KIT_SHIPPED"))
    world.project(world.projector(other))
    assert "LATE" in barcodes(world)
    other.close()


def test_a_reader_of_a_damaged_file_leaves_the_one_in_its_place(
    world: World, tmp_path: Path
) -> None:
    with pytest.raises(Damaged):
        find_damage_late(world, tmp_path)
    assert not (tmp_path / "views.db.damaged").exists()
    assert tables(tmp_path)


def find_damage_late(world: World, folder: Path) -> None:
    """Read from a file that turns out to be damaged when another is in its place already."""
    with world.views.snapshot(KITS.name, world.head):
        (folder / "views.db").rename(folder / "gone.db")
        other = world.more_views()
        other.migrate(world.models)
        other.close()
        raise damage_found()


def damage_found() -> sqlite3.DatabaseError:
    """Make the error that SQLite raises for a damaged page."""
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error

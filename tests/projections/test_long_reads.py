"""A reader can't keep a snapshot open for long: on SQLite the log grows meanwhile."""

import sqlite3
from pathlib import Path

import pytest

from projections.models.kits import Kits
from store.engines import driver_of
from tests.domain.scene import kit
from tests.projections.world import World

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
KITS = Kits()


def test_a_query_that_takes_too_long_is_interrupted_and_the_next_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    world.send(kit(1, "K1", "KIT_SHIPPED"))
    world.project()
    monkeypatch.setattr("projections.databases.sqlite.SNAPSHOT_SECONDS", 0.1)

    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        read_for_ever(world)

    with world.reading(KITS) as view:
        assert [row["barcode"] for row in KITS.page(view, limit=9)] == ["K1"]
    world.close()


def read_for_ever(world: World) -> None:
    """Run a query that never ends in a snapshot."""
    with world.reading(KITS) as view:
        driver_of(view.connection).execute(ENDLESS).fetchone()

"""However often the builder of tiles is killed, and however two of them take turns: the same tree."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.tlog import builder
from audit.tlog.builder import RightEdge, TreeBuilder
from audit.tlog.entries import leaf_of
from audit.tlog.merkle import root
from audit.tlog.storage import TlogStorage, Written
from tests.audit.tlog.trees import no_tile, nodes_of, tiles_of
from tests.harness.effort import effort
from tests.harness.ledgers import Recorder, open_ledger, recorder_of
from tests.harness.stores import Stores
from tests.store.stored import fill

EVENTS = 600


class Killed(Exception):
    """The process is gone."""


class KilledStorage(TlogStorage):
    """Storage that kills its process before or after a write."""

    killed = ""

    def save_tiles(self, written: list[Written]) -> None:  # type: ignore[override]
        """Write tiles, unless the process is killed before."""
        if self.killed == "before":
            raise Killed
        super().save_tiles(written)
        if self.killed == "after":
            raise Killed


@pytest.fixture(scope="module")
def log(stores: Stores) -> Iterator[tuple[Recorder, KilledStorage]]:
    """Give a ledger with events, and where its tiles are."""
    with stores.empty() as url:
        ledger, storage = open_ledger(url), KilledStorage(url)
        storage.migrate()
        fill(recorder_of(ledger), EVENTS)
        yield recorder_of(ledger), storage
        storage.close()
        ledger.close()


STEPS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(1, 300), st.sampled_from(["", "", "before", "after"])),
    max_size=12,
)


@given(steps=STEPS)
@settings(max_examples=effort(15, 150), deadline=None)
def test_kills_and_turns_change_nothing(log: tuple[Recorder, KilledStorage], steps: Any) -> None:
    recorder, storage = log
    with storage.writing() as connection:
        connection.exec_driver_sql("DROP TABLE tlog_tiles")
    storage.migrate()
    builders = [TreeBuilder(recorder, storage), TreeBuilder(recorder, storage)]
    with pytest.MonkeyPatch.context() as patch:
        for which, events, killed in steps:
            patch.setattr(builder, "BATCH_EVENTS", events)
            storage.killed = killed
            with suppress(Killed):
                builders[which].step()
            if killed:
                builders[which] = TreeBuilder(recorder, storage)
            assert root(storage.nodes(), storage.size()) == expected_root(recorder, storage.size())
    storage.killed = ""
    while builders[0].step() < EVENTS:
        pass
    builders[1].step()
    rows = recorder.select_rows(0, limit=EVENTS, max_bytes=10**9)
    tiles = tiles_of([leaf_of(row) for row in rows])
    assert {place: storage.tile(*place) for place in tiles} == tiles


def expected_root(recorder: Recorder, size: int) -> bytes:
    rows = recorder.select_rows(0, limit=size, max_bytes=10**9) if size else []
    return root(nodes_of(tiles_of([leaf_of(row) for row in rows])), size)


def test_a_tree_grows_by_any_steps_to_the_same_tiles() -> None:
    hashes = [bytes([number % 256]) * 32 for number in range(70_000)]
    edge, tiles = RightEdge(0, no_tile), {}
    for begin in range(0, len(hashes), 777):
        tiles |= {
            (level, number): each
            for level, number, each in edge.append(hashes[begin : begin + 777])
        }
    assert tiles == tiles_of(hashes)
    assert {level for level, _ in tiles} == {0, 1, 2}
    reopened = RightEdge(len(hashes), lambda level, number: tiles[level, number])
    assert reopened.root() == edge.root() == root(nodes_of(tiles), len(hashes))

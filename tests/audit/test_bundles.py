"""Bundles go from one ledger to another, on either store, and come back as they were."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.audit import whole_story
from tests.audit.logs import Log, contents_of
from tests.harness.per_store import PerStore
from tests.projections.world import World

OTHER = {"sqlite": "postgres", "postgres": "sqlite"}


@pytest.fixture(scope="module")
def told(per_store: PerStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """Tell the whole story to a ledger, with a checkpoint in between and one at the end."""
    with per_store.stores.empty() as url:
        world = World(url)
        log = Log(url, tmp_path_factory.mktemp("key"), world.ledger)
        log.make_key()
        log.sign()
        whole_story.tell(world)
        log.sign()
        yield log
        log.storage.close()
        world.close()


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files and batches be small, so that there are several."""
    monkeypatch.setattr("audit.bundles.contents.PER_FILE", 16)
    monkeypatch.setattr("audit.bundles.importing.EVENTS_AT_ONCE", 5)


@pytest.fixture
def empty(any_store: Callable[[str], PerStore], tmp_path: Path) -> Iterator[Callable[[str], Log]]:
    """Give a maker of empty ledgers on a kind of store."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def made(store: str) -> Log:
            log = Log(stack.enter_context(any_store(store).stores.empty()), tmp_path)
            stack.callback(log.close)
            return log

        yield made


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_bundle_goes_to_the_other_store_and_back_without_the_change_of_a_byte(
    told: Log, store: str, empty: Callable[[str], Log], tmp_path: Path, form: str
) -> None:
    made = told.export(tmp_path / "first", form)
    assert made.last == made.count == told.head
    assert len(made.files) > 3

    there = empty(OTHER[store])
    there.take(tmp_path / "first")
    there.export(tmp_path / "second", form)
    back = empty(store)
    back.take(tmp_path / "second")
    back.export(tmp_path / "third", form)

    first = contents_of(tmp_path / "first")
    assert first == contents_of(tmp_path / "second") == contents_of(tmp_path / "third")
    assert back.rows == there.rows == told.rows
    assert back.storage.root(told.head) == told.storage.root(told.head)

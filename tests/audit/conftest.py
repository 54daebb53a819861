"""A ledger of its own for each test, an office that does things in it, and a world with read models."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.audit.logs import Log, OpenEmpty, tell_all
from tests.harness.ledgers import TestedLedger, open_ledger
from tests.harness.per_store import PerStore
from tests.organizations.office import Office
from tests.projections.world import World


@pytest.fixture
def ledger(url: str) -> Iterator[TestedLedger]:
    """Open an empty ledger."""
    opened = open_ledger(url)
    yield opened
    opened.close()


@pytest.fixture
def office(ledger: TestedLedger) -> Office:
    """Make an organization with a tree of groups."""
    made = Office(ledger)
    made.tree()
    return made


@pytest.fixture
def world(url: str) -> Iterator[World]:
    """Make an empty world with the projections of the service."""
    made = World(url)
    yield made
    made.close()


@pytest.fixture(scope="session")
def told(per_store: PerStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """Tell everything to a ledger and sign it; tests of bundles share it and change nothing."""
    with per_store.stores.empty() as url:
        world = World(url)
        log = Log(url, tmp_path_factory.mktemp("key"), world.ledger)
        tell_all(world, log)
        yield log
        log.storage.close()
        world.close()


@pytest.fixture
def open_empty(any_store: Callable[[str], PerStore], tmp_path: Path) -> Iterator[OpenEmpty]:
    """Give a maker of empty ledgers on a kind of store."""
    with ExitStack() as stack:

        def made(store: str) -> Log:
            log = Log(stack.enter_context(any_store(store).stores.empty()), tmp_path)
            stack.callback(log.close)
            return log

        yield made


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files and batches of bundles be small, so that there are several."""
    monkeypatch.setattr("audit.bundles.contents.PER_FILE", 16)
    monkeypatch.setattr("audit.bundles.importing.EVENTS_AT_ONCE", 5)

"""Files beside the service, or under it, that somebody removes, replaces or damages."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from chaos.fault import SQLITE, Fault
from chaos.faults.processes import workers_of
from chaos.store_factory import StoreFactory
from chaos.store_under_test import SqliteStore, StoreUnderTest
from chaos.testbed import Testbed
from tests.harness.service import Service
from tests.harness.waiting import eventually

REMOVALS = 3
PAUSE_SECONDS = 1.0
AWAY_SECONDS = 3.0
OTHER_EVENTS = 400
PAGE_BYTES = 4096


class MetricsRemoved(Fault):
    """The folder of the metrics is removed, and a worker killed that had its counters there."""

    name = "metrics removed"

    def inject(self, testbed: Testbed) -> None:
        """Remove the folder several times, then kill a worker."""
        testbed.mark_fault_started()
        for _ in range(REMOVALS):
            for folder in testbed.service.folder.glob("kitledger-metrics-*"):
                shutil.rmtree(folder)
            time.sleep(PAUSE_SECONDS)
        os.kill(workers_of(testbed.service)[0], signal.SIGKILL)


class LedgerMovedAway(Fault):
    """The ledger's files are moved away from under the service, and back after some seconds."""

    name = "ledger moved away"
    stores = (SQLITE,)

    def inject(self, testbed: Testbed) -> None:
        """Move the files into another folder and back; check that none is made in their place."""
        folder = testbed.store.folder
        away = folder / "away"
        away.mkdir()
        move(folder, away, log_first=False)
        testbed.mark_fault_started()
        time.sleep(AWAY_SECONDS)
        if made := sorted(file.name for file in folder.glob("ledger.db*")):
            testbed.log.add_violation(f"while the ledger was away, there was {', '.join(made)}")
        move(away, folder, log_first=True)
        testbed.mark_fault_ended()


class ReadModelsDamaged(Fault):
    """Pages of the read models' file are overwritten with garbage; webhooks are received meanwhile."""

    name = "read models damaged"
    stores = (SQLITE,)
    affects_requests = False
    recovered_when_read = True

    def inject(self, testbed: Testbed) -> None:
        """Overwrite every second page of the file, the first included."""
        assert isinstance(testbed.store, SqliteStore)
        testbed.mark_fault_started()
        with testbed.store.views.open("r+b") as file:
            pages = file.seek(0, os.SEEK_END) // PAGE_BYTES
            for page in range(0, pages, 2):
                file.seek(page * PAGE_BYTES)
                file.write(os.urandom(PAGE_BYTES))


class ForeignReadModels(Fault):
    """The read models are of another ledger that was longer, as after the restore of an older ledger."""

    name = "foreign read models"
    stores = (SQLITE,)
    affects_requests = False
    recovered_when_read = True

    @contextmanager
    def store_under_test(self, stores: StoreFactory, kind: str) -> Iterator[StoreUnderTest]:
        """Provide a store without a ledger, but with read models that other events filled."""
        with stores.sqlite() as store:
            put_foreign_read_models(store.folder)
            yield store

    def inject(self, testbed: Testbed) -> None:
        """Do nothing: the service has started on these read models."""
        testbed.mark_fault_started()


def move(source: Path, destination: Path, *, log_first: bool) -> None:
    """Move the ledger's files, in such an order that the ledger is never seen without its log."""
    for file in sorted(source.glob("ledger.db*"), reverse=log_first):
        file.rename(destination / file.name)


def put_foreign_read_models(folder: Path) -> None:
    """Fill read models with the events of another ledger, and copy them into a folder."""
    with tempfile.TemporaryDirectory() as elsewhere:
        with closing(Service(Path(elsewhere), workers=1).prepare().start()) as other:
            kits = [
                {"id": number, "type": "kit.created", "data": {"kit": foreign_kit(number)}}
                for number in range(OTHER_EVENTS)
            ]
            other.post_webhook(kits)
            assert eventually(lambda: len(other.get("/api/v1/kits/").json()) > 1)
        for file in Path(elsewhere).glob("views.db*"):
            shutil.copy(file, folder)


def foreign_kit(number: int) -> dict[str, str]:
    """Describe a kit that only the other ledger knows."""
    return {"barcode": f"FOREIGN{number}", "status": "KIT_LOST"}

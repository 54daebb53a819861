"""Files beside the ledger that vanish or are damaged, and a ledger whose file is not the same any more."""

import json
import os
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from chaos.deliveries import SOURCE
from chaos.fault import SQLITE, Fault
from chaos.faults.processes import workers_of
from chaos.store_under_test import SqliteStore
from chaos.testbed import CHAOS, Testbed
from domain.receipt import VerifiedDelivery
from domain.use_cases.deliveries import receive
from projections.models import all_projections
from projections.projector import Projector
from receiver import envelopes
from receiver.dates import utc_now
from receiver.services import assemble
from receiver.settings import Settings

TURNS = 3
PAUSE_SECONDS = 1.5
AWAY_SECONDS = 4.0
FOREIGN_EVENTS = 50
FIRST_FOREIGN_ID = 10**9
GARBAGE = b"not a database "


class MetricsRemoved(Fault):
    """The folder of the metrics is removed again and again, and a worker dies that had counters there."""

    name = "metrics removed"

    def inject(self, testbed: Testbed) -> None:
        """Remove the folder several times, made again in between, and kill a worker."""
        testbed.mark_fault_started()
        for _ in range(TURNS):
            for folder in testbed.store.folder.glob("kitledger-metrics-*"):
                shutil.rmtree(folder, ignore_errors=True)
            time.sleep(PAUSE_SECONDS)
        os.kill(workers_of(testbed.service)[0], signal.SIGKILL)


class ReadModelsDamaged(Fault):
    """The file of the read models is overwritten while it is in use."""

    name = "read models damaged"
    stores = (SQLITE,)
    affects_requests = False
    recovered_when_read = True

    def inject(self, testbed: Testbed) -> None:
        """Overwrite the file and its log."""
        views = sqlite_store(testbed).views
        testbed.mark_fault_started()
        for file in (views, Path(f"{views}-wal")):
            with file.open("r+b") as opened:
                opened.write(GARBAGE * (file.stat().st_size // len(GARBAGE) + 1))

    def problems(self, testbed: Testbed) -> list[str]:
        """Return a problem unless the damaged file was set aside."""
        aside = Path(f"{sqlite_store(testbed).views}.damaged")
        return [] if aside.exists() else ["the damaged file was not set aside"]


class LedgerMoved(Fault):
    """The ledger's files are renamed while they are in use, and come back after some seconds."""

    name = "ledger moved"
    stores = (SQLITE,)

    def inject(self, testbed: Testbed) -> None:
        """Move the files away, and back."""
        folder, away = testbed.store.folder, testbed.store.folder / "away"
        away.mkdir()
        testbed.mark_fault_started()
        for file in folder.glob("ledger.db*"):
            file.rename(away / file.name)
        time.sleep(AWAY_SECONDS)
        for file in away.iterdir():
            file.rename(folder / file.name)
        testbed.mark_fault_ended()


class LedgerRestored(Fault):
    """The ledger is an older one than the read models know, and grows past them."""

    name = "ledger restored"
    stores = (SQLITE,)
    recovered_when_read = True

    def inject(self, testbed: Testbed) -> None:
        """Kill the service, let the read models show events that the ledger then lacks, and start."""
        ledger = sqlite_store(testbed).ledger
        testbed.service.kill()
        testbed.mark_fault_started()
        kept = ledger.with_name("kept.db")
        with closing(sqlite3.connect(ledger)) as connection:
            connection.execute(f"VACUUM INTO '{kept}'")
        project_foreign_events(testbed)
        for file in testbed.store.folder.glob("ledger.db*"):
            file.unlink()
        kept.rename(ledger)
        testbed.mark_fault_ended()
        testbed.service.start()


def project_foreign_events(testbed: Testbed) -> None:
    """Record events that are soon undone, and project them."""
    services = assemble(Settings.from_environment(testbed.service.environment), migrate=True)
    ids = range(FIRST_FOREIGN_ID, FIRST_FOREIGN_ID + FOREIGN_EVENTS)
    body = json.dumps([foreign_kit(number) for number in ids]).encode()
    messages, batch = envelopes.read(body)
    delivery = VerifiedDelivery(SOURCE, "key", utc_now(), "msg", "0", "v1,", body)
    receive(services.ledger.caused_by(CHAOS), delivery, messages, batch=batch)
    projector = Projector(
        services.ledger, services.read_database, all_projections(), lambda name, fields: None
    )
    while projector.step() < services.ledger.store.max_notification_id():
        pass
    services.close()


def foreign_kit(number: int) -> dict[str, Any]:
    """Return the envelope of a kit that no sender of the experiment knows."""
    kit = {"barcode": f"FOREIGN{number}", "status": "KIT_SHIPPED"}
    return {"id": number, "type": "kit.created", "data": {"kit": kit}}


def sqlite_store(testbed: Testbed) -> SqliteStore:
    """Return the store, whose files these faults know."""
    assert isinstance(testbed.store, SqliteStore), "these faults are about files"
    return testbed.store

"""A ledger whose events are hashed and signed, and somebody who owns its database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from audit.tlog.builder import RightEdge, TreeBuilder
from audit.tlog.entries import leaf_of
from audit.tlog.hashed_blocks import blocks, hashed_here
from audit.tlog.kept import given, saved
from audit.tlog.key_file import KeyFile
from audit.tlog.notes import SignerKey
from audit.tlog.signer import Signer
from audit.tlog.storage import TlogStorage
from audit.tlog.verification import Fault, Kept, Verification
from store.mapper import Mapper
from tests.harness.ledgers import TestedLedger, open_ledger, recorder_of
from tests.harness.plain import Plain
from tests.organizations.office import Office
from tests.store.stored import event, fill

EVENTS = 600
ORIGIN = "lab.example/ledger"


@dataclass
class Scene:
    """A ledger whose events are hashed and signed, and somebody who owns its database."""

    ledger: TestedLedger
    storage: TlogStorage
    signer: Signer
    owner: Plain
    kept: list[Kept]

    def record(self, count: int) -> None:
        """Record events of one stream."""
        before = self.ledger.store.max_notification_id()
        recorder_of(self.ledger).insert_events(
            [event(f"later/{before + each}", state=b"\x81\xa1a\x01") for each in range(count)]
        )

    def record_group(self) -> int:
        """Record that an organization's first group was made, and return the position."""
        office = Office(self.ledger)
        office.put(office.organization)
        made = "SELECT position FROM stored_events WHERE topic = 'Group.Made'"
        return int(self.owner.query(made)[0][0])

    def build(self) -> None:
        """Hash what was recorded."""
        builder = TreeBuilder(self.ledger.store, self.storage)
        while builder.step() < self.ledger.store.max_notification_id():
            pass

    def sign(self) -> None:
        """Hash what was recorded, sign it, and keep the checkpoint elsewhere."""
        self.build()
        _, note = self.signer.sign()
        keys = [key.verifier for key in self.signer.keys.read()]
        self.kept.append(given(str(note), "a checkpoint that was kept", keys)[0])

    def verify(self, kept: list[Kept]) -> Verification:
        """Verify against the saved checkpoints, and those given."""
        keys = [key.verifier for key in self.signer.keys.read()]
        log = recorder_of(self.ledger), cast(Mapper, self.ledger.mapper).facts
        head = self.ledger.store.max_notification_id
        verification = Verification(self.storage, head, [*saved(self.storage, keys), *kept])
        verification.run(hashed_here(log, blocks(verification.head)))
        return verification

    def fault(self, kept: list[Kept] | None = None) -> tuple[int, int]:
        """Return the positions between which the first fault is found."""
        with pytest.raises(Fault) as found:
            self.verify(kept or [])
        return found.value.first, found.value.last

    def drop_triggers(self) -> None:
        """Drop all triggers, as only the owner of the database can."""
        if self.owner.on_postgres:
            for table in ("stored_events", "tlog_tiles"):
                self.owner.query(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            return
        names = self.owner.query("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in names:
            self.owner.query(f"DROP TRIGGER {name}")

    def tiles_anew(self) -> None:
        """Compute all tiles again from the events as they are now, as somebody who hides a change would."""
        self.owner.query("DELETE FROM tlog_tiles")
        rows = recorder_of(self.ledger).select_rows(0, limit=10_000, max_bytes=10**9)
        edge = RightEdge(0, self.storage.tile)
        self.storage.save_tiles(edge.append([leaf_of(row) for row in rows]))


@contextmanager
def signed_ledger(url: str, folder: Path) -> Iterator[Scene]:
    """Make a ledger with events, of which half and all were signed, without triggers."""
    ledger = open_ledger(url)
    storage = TlogStorage(url)
    storage.migrate()
    keys = KeyFile(folder / "signer.key")
    keys.write([SignerKey.generate(ORIGIN)])
    made = Scene(ledger, storage, Signer(keys, storage), Plain(url), [])
    fill(recorder_of(ledger), EVENTS // 2)
    made.sign()
    made.record(EVENTS - EVENTS // 2)
    made.sign()
    made.drop_triggers()
    yield made
    made.owner.close()
    storage.close()
    ledger.close()

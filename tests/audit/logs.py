"""A ledger with its transparency log and a signer, and the bundles that go from one to another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from audit.bundles.bundle import Bundle
from audit.bundles.contents import Contents
from audit.bundles.exporting import export
from audit.bundles.folder import Folder
from audit.bundles.formats import format_of
from audit.bundles.importing import Import
from audit.bundles.selection import Selection
from audit.bundles.wanted import Wanted
from audit.tlog.builder import TreeBuilder
from audit.tlog.key_changes import KeyChanges
from audit.tlog.key_file import KeyFile
from audit.tlog.signer import Signer
from audit.tlog.storage import TlogStorage
from domain.aggregates.transparency_log import TransparencyLog
from domain.ledger import Ledger
from domain.use_cases.administration import record
from store.stored_rows import WholeRow
from tests.domain.scene import NOON
from tests.harness.ledgers import TESTER, open_ledger


class Log:
    """A ledger in a database, its log, and a key in a folder, which is made with the first checkpoint."""

    def __init__(self, url: str, folder: Path, ledger: Ledger | None = None) -> None:
        self.ledger = ledger or open_ledger(url)
        self.storage = TlogStorage(url)
        self.storage.migrate()
        self.keys = KeyFile(folder / "ledger.key")

    @property
    def head(self) -> int:
        """Return the last position."""
        return self.ledger.store.max_notification_id()

    @property
    def rows(self) -> list[WholeRow]:
        """Return everything that is stored."""
        return list(Selection(self.ledger.store, 1, self.head).rows(1, self.head))

    def make_key(self) -> None:
        """Make a key, and record it."""
        KeyChanges(self.keys).make("test.example/ledger")
        [key] = self.keys.read()
        added = {"verifier_key": str(key.verifier)}
        caused, stream = self.ledger.caused_by(TESTER), TransparencyLog.create_id()
        record(caused, stream, TransparencyLog.KeyAdded, now=NOON, **added)

    def sign(self) -> None:
        """Sign a checkpoint of all that is recorded."""
        if not self.keys.exists():
            self.make_key()
        builder = TreeBuilder(self.ledger.store, self.storage)
        while builder.step() < self.head:
            pass
        Signer(self.keys, self.storage).sign()

    def export(self, folder: Path, form: str = "jsonl", **wanted: Any) -> Contents:
        """Write a bundle."""
        return export(
            self.ledger, self.storage, folder, Wanted(format_of(form), **wanted), lambda _: None
        )

    def take(self, folder: Path, progress: Callable[[int], None] = lambda _: None) -> Bundle:
        """Import a bundle."""
        bundle = Bundle(Folder(folder))
        Import(self.ledger, self.storage, bundle, progress).run()
        return bundle

    def close(self) -> None:
        """Close every connection."""
        self.storage.close()
        self.ledger.close()


def contents_of(folder: Path) -> dict[str, bytes]:
    """Return the content of each file in a folder, by its path there."""
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_bytes() for each in files}

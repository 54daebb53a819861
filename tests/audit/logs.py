"""A ledger with its transparency log and a signer, and the bundles that go from one to another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from audit.bundles.bundle import Bundle
from audit.bundles.checkpoints import covering, save
from audit.bundles.contents import Contents
from audit.bundles.exporting import export
from audit.bundles.folder import Folder
from audit.bundles.formats import format_of
from audit.bundles.importing import Import
from audit.bundles.json_lines import read
from audit.bundles.lines import Line
from audit.bundles.selection import Selection
from audit.bundles.wanted import Wanted
from audit.tlog.builder import TreeBuilder
from audit.tlog.key_changes import KeyChanges
from audit.tlog.key_file import KeyFile
from audit.tlog.signer import Signer
from audit.tlog.storage import TlogStorage
from domain.aggregate import Event
from domain.aggregates.source import Source
from domain.aggregates.transparency_log import TransparencyLog
from domain.ledger import Ledger
from domain.use_cases.administration import record
from domain.use_cases.reviews import record_review
from store.stored_rows import WholeRow
from tests.audit import whole_story
from tests.domain.scene import NOON, kit
from tests.harness.ledgers import TESTER, open_ledger
from tests.projections.world import World
from tests.store.stored import event

HOSTILE = '<script>"&\x1b[31m\u202e'
NO_TEXT = b'{"id": 9002, "type": "\xff"}'
REVIEWED = (3, 8)


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
        self.record(TransparencyLog.create_id(), TransparencyLog.KeyAdded, **added)

    def record(self, stream: str, event_class: type[Event], **values: Any) -> None:
        """Record an event."""
        record(self.ledger.caused_by(TESTER), stream, event_class, now=NOON, **values)

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


OpenEmpty = Callable[[str], Log]
"""Opens an empty ledger on a kind of store."""


def contents_of(folder: Path) -> dict[str, bytes]:
    """Return the content of each file in a folder, by its path there."""
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_bytes() for each in files}


def lines_in(folder: Path) -> list[Line]:
    """Return all lines of a bundle."""
    files = Contents.parse((folder / "bundle.json").read_bytes()).files
    return [line for each in files for line in read(folder / each.name)]


def tell_all(world: World, log: Log) -> None:
    """Let everything happen, with a checkpoint in between and one at the end, which has a time stamp."""
    log.make_key()
    log.record(Source.create_id("lab"), Source.Added, settings={})
    log.sign()
    whole_story.tell(world)
    world.send(kit(9001, "<b>", "KIT_SHIPPED"), NO_TEXT)
    log.ledger.store.insert_events([event(f"later/{HOSTILE}", topic="Later.Happened")])
    first, last = REVIEWED
    caused = log.ledger.caused_by(TESTER)
    record_review(caused, first, last, "Fine.", independent=True, organization_id=None, now=NOON)
    log.sign()
    save(log.storage, [covering(log.storage, None)._replace(token=b"a time stamp")])

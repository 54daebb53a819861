"""Writing a bundle: each file once it is complete, and bundle.json last."""

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from audit.bundles import contents, page
from audit.bundles.checkpoints import covering
from audit.bundles.contents import Contents
from audit.bundles.errors import BundleError
from audit.bundles.event_files import EventFiles
from audit.bundles.evidence import Evidence
from audit.bundles.folder import Folder
from audit.bundles.given_ids import GivenIds
from audit.bundles.unfinished import Plan, Unfinished, Written
from audit.bundles.wanted import Wanted
from audit.deliveries import EVERYTHING
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.kept import keys_in_log
from audit.tlog.notes import VerifierKey
from audit.tlog.storage import TlogStorage
from domain.ledger import Ledger

Progress = Callable[[int], None]
"""Called with the position that is reached."""


def export(
    ledger: Ledger, storage: TlogStorage, path: Path, wanted: Wanted, progress: Progress
) -> Contents:
    """Write a bundle to a folder, and return what it holds.

    What an export before it has written is kept, so that one that was ended goes on. Raises BundleError.
    """
    folder = Folder(path)
    unfinished = Unfinished(folder)
    last = wanted.end(unfinished.plan())
    under = covering(storage, last)
    size = under.checkpoint.size
    selection = wanted.selection(ledger, last or size)
    plan = Plan(wanted.contents(selection), under.checkpoint.text)
    folder.make()
    there = unfinished.begin(plan)
    files = EventFiles(ledger, storage, folder, wanted.form, selection, size, progress)
    keys = _keys(ledger, under.checkpoint)
    evidence = Evidence(storage, folder, under, keys)
    try:
        written = list(files.write(unfinished, there))
        made = replace(plan.contents, files=[each.file for each in written])
        if made.first == 1 and made.subject is None:
            made = replace(made, given_ids=_last_ids(written))
        evidence.write(made)
    except LookupError as error:
        raise BundleError(f"the log lacks a tile: {error}") from error
    folder.put(page.NAME, page.page(made, under, keys, selection).encode())
    folder.put(contents.NAME, made.encode())
    unfinished.end()
    return made


def _keys(ledger: Ledger, checkpoint: Checkpoint) -> list[VerifierKey]:
    """Return the keys of the log up to a checkpoint; raises BundleError if there are none.

    The first checkpoint may have been signed a moment before its key was recorded.
    """
    for until in (checkpoint.size, EVERYTHING):
        known = keys_in_log(ledger.streams, until)
        if found := [key for key in known if key.name == checkpoint.origin]:
            return found
    raise BundleError(
        f"the log names no key of {checkpoint.origin}: `kitledger audit key` records it, where the key is"
    )


def _last_ids(written: list[Written]) -> dict[str, int]:
    given = GivenIds(())
    for each in written:
        given.merge(each.given_ids)
    return given.last()

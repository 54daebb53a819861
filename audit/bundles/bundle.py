"""A bundle in a folder, as another ledger wrote it: nothing in it is trusted before it is checked."""

import re
from collections.abc import Iterator
from itertools import islice

from msgspec import DecodeError

from audit.bundles import contents
from audit.bundles.checkpoints import Saved
from audit.bundles.contents import Contents, blocks, file_name
from audit.bundles.errors import BundleError, at
from audit.bundles.evidence import CHECKPOINT, CHECKPOINTS, KEYS, STAMP
from audit.bundles.folder import Folder
from audit.bundles.formats import format_of
from audit.bundles.lines import Line
from audit.bundles.tree import BundledTree
from audit.tlog.checkpoints import Checkpoint, parse_note
from audit.tlog.entries import leaf_of
from audit.tlog.merkle import root
from audit.tlog.notes import LONGEST_NOTE, NoteError, VerifierKey

LONGEST_CONTENTS = 64 * 1024 * 1024
LONGEST_KEYS = 1024 * 1024
LONGEST_TOKEN = 1024 * 1024
_SIZE = re.compile(r"[1-9]\d{0,18}")


class Bundle:
    """Read a bundle of all events from the first to another; each problem is a BundleError.

    `signers` are the keys in it that signed its checkpoint: the bundle itself says that they are the log's.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.contents = Contents.parse(folder.required(contents.NAME, LONGEST_CONTENTS))
        self.form = format_of(self.contents.events)
        self.note = _text(folder.required(CHECKPOINT, LONGEST_NOTE), CHECKPOINT)
        self.checkpoint, self.signers = self._signed(self.note, CHECKPOINT)
        self._check_files()
        self.tree = BundledTree(folder, self.checkpoint)

    @property
    def root(self) -> bytes:
        """Return the root of the tree of its events."""
        return root(self.tree.nodes(), self.contents.last)

    def check(self) -> None:
        """Check the tiles against the checkpoint, and the other checkpoints against the tiles."""
        self.tree.check(1, self.contents.last)
        for each in self.saved():
            size = each.checkpoint.size
            if root(self.tree.nodes(), size) != each.checkpoint.root:
                raise BundleError(f"{CHECKPOINTS}/{size} is not the checkpoint of these events")

    def saved(self) -> Iterator[Saved]:
        """Yield the checkpoints of some of its events or all, by rising size."""
        names = self._folder.names(CHECKPOINTS)
        for size in sorted(int(name) for name in names if _SIZE.fullmatch(name)):
            name = f"{CHECKPOINTS}/{size}"
            note = _text(self._folder.required(name, LONGEST_NOTE), name)
            checkpoint, _ = self._signed(note, name)
            if checkpoint.size != size:
                raise BundleError(f"{name} is one of {checkpoint.size} events")
            if size <= self.contents.last:
                yield Saved(checkpoint, note, self._folder.read(name + STAMP, LONGEST_TOKEN))

    def lines(self, after: int) -> Iterator[Line]:
        """Yield the lines after a position, each as its leaf in the tree says."""
        for file in self.contents.files:
            if file.last <= after:
                continue
            if self._folder.sha256(file.name) != file.sha256:
                raise at(
                    file.first, f"{file.name} is missing, or is not the file that was exported"
                )
            for line in self._lines_of(file.name, file.first, file.last):
                if line.position > after:
                    yield line

    def _lines_of(self, name: str, first: int, last: int) -> Iterator[Line]:
        expected = first
        try:
            for line in self.form.read(self._folder.path / name):
                if line.position != expected or leaf_of(line.row()) != self.tree.leaf(expected):
                    raise at(expected, f"the event in {name} is not the one that was hashed")
                yield line
                expected += 1
        except (DecodeError, UnicodeError) as error:
            raise at(expected, f"{name} has no event here: {error}") from error
        if expected != last + 1:
            raise at(expected, f"{name} ends before it")

    def _signed(self, note: str, name: str) -> tuple[Checkpoint, list[VerifierKey]]:
        """Return a checkpoint and its signers among the log's keys."""
        keys = _text(self._folder.required(KEYS, LONGEST_KEYS), KEYS)
        try:
            checkpoint, parsed = parse_note(note)
            signers = parsed.signers(map(VerifierKey.parse, keys.splitlines()))
        except NoteError as error:
            raise BundleError(f"{name} or {KEYS}: {error}") from error
        if not signers or {key.name for key in signers} != {checkpoint.origin}:
            raise BundleError(f"{name} is not signed by a key of the log, as {KEYS} names them")
        return checkpoint, signers

    def _check_files(self) -> None:
        made, last = self.contents, self.contents.last
        if made.first != 1 or made.subject is not None:
            raise BundleError("only a bundle of all events from position 1 on can be imported")
        # Not all of them: a false end may be far away.
        some = islice(blocks(1, last), len(made.files) + 1)
        expected = [(file_name(first, self.form.name), first, end) for first, end in some]
        named = [(each.name, each.first, each.last) for each in made.files]
        if not 1 <= last <= self.checkpoint.size or made.count != last or named != expected:
            raise BundleError(f"{contents.NAME} does not name all files of the events up to {last}")


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise BundleError(f"{name} is not text") from None

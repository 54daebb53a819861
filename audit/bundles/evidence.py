"""The files of a bundle beside its events: by them, the events are proven."""

from collections.abc import Sequence
from dataclasses import dataclass

from audit.bundles.checkpoints import Saved, saved
from audit.bundles.contents import Contents
from audit.bundles.errors import BundleError
from audit.bundles.folder import Folder
from audit.bundles.tree import tiles_over
from audit.tlog.merkle import HASH_BYTES
from audit.tlog.notes import VerifierKey
from audit.tlog.storage import TlogStorage

CHECKPOINT, CHECKPOINTS, KEYS, STAMP = "checkpoint", "checkpoints", "keys", ".tsr"


@dataclass(frozen=True)
class Evidence:
    """Write the tiles, the checkpoints and the keys of a bundle that is proven under a checkpoint."""

    storage: TlogStorage
    folder: Folder
    under: Saved
    keys: Sequence[VerifierKey]

    def write(self, made: Contents) -> None:
        """Write what is not there yet."""
        self._checkpoint(self.under)
        # Without tiles, no other one can be compared with the events.
        if made.subject is None:
            self._tiles(made)
            for each in saved(self.storage, self.under.checkpoint.origin, made.first, made.last):
                self._checkpoint(each)
        self.folder.put(KEYS, "".join(f"{key}\n" for key in self.keys).encode())
        self.folder.put(CHECKPOINT, self.under.note.encode())

    def _tiles(self, made: Contents) -> None:
        for tile in tiles_over(made.first, made.last, self.under.checkpoint.size):
            hashes = self.storage.tile(tile.level or 0, tile.number)[: tile.width * HASH_BYTES]
            if len(hashes) < tile.width * HASH_BYTES:
                raise BundleError(f"the log lacks {tile.path}")
            self.folder.put(tile.path, hashes)

    def _checkpoint(self, each: Saved) -> None:
        name = f"{CHECKPOINTS}/{each.checkpoint.size}"
        self.folder.put(name, each.note.encode())
        if each.token is not None:
            self.folder.put(name + STAMP, each.token)

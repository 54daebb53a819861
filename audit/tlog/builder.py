"""The consumer of the log that hashes each event into the tiles."""

from collections.abc import Callable, Iterable
from typing import Protocol

from audit.tlog.entries import NoEntry, hashed_entry
from audit.tlog.merkle import EMPTY_ROOT, HASH_BYTES, folded, leaf_hash, subtrees
from audit.tlog.storage import TlogStorage, Written
from audit.tlog.tiles import WHOLE_BYTES, WIDTH, subtree_root, tiles_of
from store.stored_rows import HashedRow, StoredRow

BATCH_EVENTS = 5000
BATCH_BYTES = 8 * 1024 * 1024


class Altered(Exception):
    """The ledger does not go on where its tiles end: one of the two was altered past the program."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(f"position {position}: {what}")
        self.position = position


class Recorder(Protocol):
    """The part of a recorder by which events are read."""

    def max_notification_id(self) -> int: ...
    def select_rows(self, after: int, *, limit: int, max_bytes: int) -> list[StoredRow]: ...
    def select_hashed(
        self, after: int, *, limit: int, max_bytes: int
    ) -> tuple[list[HashedRow], bool]: ...


class RightEdge:
    """The last tile of each level, to which new hashes are appended."""

    def __init__(self, size: int, read: Callable[[int, int], bytes]) -> None:
        self.size = size
        self._levels: list[tuple[int, bytes]] = []
        for tile in tiles_of(size):
            level = len(self._levels)
            hashes = read(level, tile.number)[: tile.width * HASH_BYTES]
            whole = tile.width == WIDTH
            self._levels.append((tile.number + whole, b"" if whole else hashes))

    def append(self, leaves: list[bytes]) -> list[Written]:
        """Append the hashes of leaves, and return the tiles that are new or longer by it."""
        self.size += len(leaves)
        return list(self._append(0, b"".join(leaves)))

    def root(self) -> bytes:
        """Return the root of the tree that ends here."""
        found = [
            subtree_root(hashes, begin, 1 << height)
            for _, hashes in reversed(self._levels)
            for height, index in subtrees(0, len(hashes) // HASH_BYTES)
            for begin in [index << height]
        ]
        return folded(found) if found else EMPTY_ROOT

    def _append(self, level: int, hashes: bytes) -> Iterable[Written]:
        if level == len(self._levels):
            self._levels.append((0, b""))
        number, before = self._levels[level]
        hashes = before + hashes
        roots = []
        while len(hashes) >= WHOLE_BYTES:
            tile, hashes = hashes[:WHOLE_BYTES], hashes[WHOLE_BYTES:]
            yield level, number, tile
            roots.append(subtree_root(tile, 0, WIDTH))
            number += 1
        self._levels[level] = number, hashes
        if hashes:
            yield level, number, hashes
        if roots:
            yield from self._append(level + 1, b"".join(roots))


class TreeBuilder:
    """Append the events after the last hashed one to the tiles, batch by batch.

    What the tiles hold says where it goes on, so it may be killed anywhere, and two of them do no harm.
    """

    def __init__(self, store: Recorder, storage: TlogStorage) -> None:
        self._store = store
        self._storage = storage
        self._edge: RightEdge | None = None
        self.was_large = False

    def step(self) -> int:
        """Hash the next batch; return the number of entries. Raises Altered.

        `was_large` says afterwards whether it ended for the size of its states.
        """
        edge, self._edge = self._edge, None
        if edge is None:
            size = self._storage.size()
            edge = RightEdge(size, self._storage.tile)
            self._check_end(size)
        rows, self.was_large = self._store.select_hashed(
            edge.size, limit=BATCH_EVENTS, max_bytes=BATCH_BYTES
        )
        if rows:
            self._storage.save_tiles(edge.append(_leaves(rows, edge.size)))
        # After an error it is read anew.
        self._edge = edge
        return edge.size

    def _check_end(self, size: int) -> None:
        """Raise Altered unless the last event that was hashed is still the one at its position."""
        if not size:
            return
        rows, _ = self._store.select_hashed(size - 1, limit=1, max_bytes=1)
        if not rows or rows[0][0] != size:
            head = self._store.max_notification_id()
            raise Altered(min(head + 1, size), f"the tiles hold {size} events, and one is gone")
        number, place = divmod(size - 1, WIDTH)
        hashes = self._storage.tile(0, number)[place * HASH_BYTES :][:HASH_BYTES]
        if _leaves(rows, size - 1) != [hashes]:
            raise Altered(size, "another event stands where the tiles end")


def _leaves(rows: list[HashedRow], size: int) -> list[bytes]:
    for position, row in enumerate(rows, size + 1):
        if row[0] != position:
            raise Altered(position, "there is no event at this position")
    try:
        return [leaf_hash(hashed_entry(row)) for row in rows]
    except NoEntry as error:
        raise Altered(size + 1, f"it can't be hashed, or one soon after: {error}") from None

"""Verifying a ledger in use: every event against the tiles, and the tree against signed checkpoints."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from audit.tlog.builder import RightEdge
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.hashed_blocks import EARLIER, HashedBlock
from audit.tlog.merkle import HASH_BYTES
from audit.tlog.storage import TlogStorage, Written
from audit.tlog.tiles import WIDTH

Progress = Callable[[int, int], None]


class Fault(Exception):
    """The first thing that is wrong: `first` and `last` are the positions between which it lies."""

    def __init__(self, first: int, what: str, last: int | None = None) -> None:
        super().__init__(what)
        self.first = first
        self.last = first if last is None else last
        self.what = what


@dataclass(frozen=True)
class Kept:
    """A checkpoint with which the tree is compared, what to call it, and whether it is trusted."""

    checkpoint: Checkpoint
    name: str
    is_trusted: bool = True


class Verification:
    """Compare all events with the tiles, and their tree with checkpoints, in one pass through the log.

    What is recorded meanwhile is left for the next time. `events` counts what was compared, and `agreed` is
    the size of the last trusted checkpoint that the tree agrees with. `head` returns the last position.
    """

    def __init__(self, storage: TlogStorage, head: Callable[[], int], kept: Sequence[Kept]) -> None:
        self._storage = storage
        # Before the head: what is hashed meanwhile was recorded meanwhile.
        self._hashed = storage.size()
        self.head = head()
        self._kept = sorted(kept, key=lambda each: each.checkpoint.size)
        self._edge = RightEdge(0, storage.tile)
        self._last_time = 0
        self._agreed: dict[str, int] = {}
        self.agreed = 0

    @property
    def events(self) -> int:
        """Return how many events were compared."""
        return self._edge.size

    @property
    def root(self) -> bytes:
        """Return the root of the events that were compared."""
        return self._edge.root()

    def run(self, found: Iterable[HashedBlock], progress: Progress = lambda *_: None) -> None:
        """Verify all blocks up to the end of the log; raises Fault for the first thing that is wrong."""
        self._compare_checkpoints()
        for block in found:
            if block.leaves and block.first_time < self._last_time:
                raise Fault(block.first, EARLIER)
            self._last_time = max(self._last_time, block.last_time)
            for part in self._parts(block.leaves):
                for tile in self._edge.append(part):
                    self._compare_tile(tile)
                self._compare_checkpoints()
            if block.fault is not None:
                raise Fault(*block.fault)
            progress(self._edge.size, self.head)
        self._compare_end()

    def _compare_end(self) -> None:
        beyond = f"{self._hashed} events were hashed" if self._hashed > self.head else ""
        for each in self._kept:
            beyond = beyond or f"{each.name} has {each.checkpoint.size} events"
        if beyond:
            raise Fault(self.head + 1, f"the ledger ends before it, and {beyond}")

    def _parts(self, leaves: list[bytes]) -> Iterator[list[bytes]]:
        """Yield leaves in parts that end where a checkpoint does."""
        first, last = self._edge.size, self._edge.size + len(leaves)
        sizes = {each.checkpoint.size for each in self._kept if each.checkpoint.size < last}
        for begin, end in pairwise([first, *sorted(sizes), last]):
            yield leaves[begin - first : end - first]

    def _compare_tile(self, tile: Written) -> None:
        """Raise Fault unless the stored tile has these hashes, as far as it was written at the start."""
        level, number, hashes = tile
        below = WIDTH**level
        expected = hashes[: max(0, self._hashed // below - number * WIDTH) * HASH_BYTES]
        found = self._storage.tile(level, number)[: len(expected)]
        if found == expected:
            return
        place = (
            next(at for at in range(WIDTH) if _hash(found, at) != _hash(expected, at))
            + number * WIDTH
        )
        if level == 0:
            what = "is not the event that was hashed" if len(found) == len(expected) else NO_HASH
            raise Fault(place + 1, what)
        what = f"tile {level}/{number} has another hash for these positions than the tile below"
        raise Fault(place * below + 1, what, (place + 1) * below)

    def _compare_checkpoints(self) -> None:
        while self._kept and self._kept[0].checkpoint.size == self._edge.size:
            each = self._kept.pop(0)
            if each.checkpoint.root != self._edge.root():
                what = f"one of these events, or more, is not what {each.name} was signed over"
                first = self._agreed.get(each.checkpoint.origin, 0) + 1
                raise Fault(first, what, max(first, self._edge.size))
            # Of another origin, it says nothing about what this one was signed over.
            self._agreed[each.checkpoint.origin] = self._edge.size
            if each.is_trusted:
                self.agreed = self._edge.size


NO_HASH = "its hash is missing in the tiles"


def _hash(hashes: bytes, place: int) -> bytes:
    return hashes[place * HASH_BYTES : (place + 1) * HASH_BYTES]

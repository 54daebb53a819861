"""Verifying a ledger in use: every event against the tiles, and the tree against signed checkpoints."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from audit.tlog.builder import BATCH_BYTES, BATCH_EVENTS, Recorder, RightEdge
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.entries import leaf_of
from audit.tlog.merkle import HASH_BYTES
from audit.tlog.storage import TlogStorage, Written
from audit.tlog.tiles import WIDTH
from store.stored_rows import StoredRow

Progress = Callable[[int, int], None]
Facts = Callable[[str, int, str, bytes], tuple[str, bool, int | None] | None]


class Fault(Exception):
    """The first thing that is wrong: `first` and `last` are the positions between which it lies."""

    def __init__(self, first: int, what: str, last: int | None = None) -> None:
        super().__init__(what)
        self.first = first
        self.last = first if last is None else last
        self.what = what


@dataclass(frozen=True)
class Kept:
    """A checkpoint with which the tree is compared, and what to call it."""

    checkpoint: Checkpoint
    name: str


class Verification:
    """Compare all events with the tiles, and their tree with checkpoints, in one pass through the log.

    What is recorded meanwhile is left for the next time. `events` counts what was compared, and `agreed` is
    the size of the last checkpoint that the tree agrees with. `facts` returns those by which the log is
    searched, as they follow from an event: they stand beside it, and no hash covers them.
    """

    def __init__(
        self,
        store: Recorder,
        storage: TlogStorage,
        kept: Sequence[Kept],
        facts: Facts = lambda *_: None,
    ) -> None:
        self._store = store
        self._facts = facts
        self._storage = storage
        self._kept = sorted(kept, key=lambda each: each.checkpoint.size)
        self._edge = RightEdge(0, storage.tile)
        self._last_time = 0
        self.agreed = 0

    @property
    def events(self) -> int:
        """Return how many events were compared."""
        return self._edge.size

    @property
    def root(self) -> bytes:
        """Return the root of the events that were compared."""
        return self._edge.root()

    def run(self, progress: Progress = lambda *_: None) -> None:
        """Verify up to the end of the log; raises Fault for the first thing that is wrong."""
        hashed = self._storage.size()
        head = self._store.max_notification_id()
        self._compare_checkpoints()
        while self._edge.size < head:
            for part in self._parts(self._batch(head)):
                for tile in self._edge.append([leaf_of(row) for row in part]):
                    self._compare_tile(tile, hashed)
                self._check_facts(part)
                self._compare_checkpoints()
            progress(self._edge.size, head)
        if hashed > head:
            raise Fault(head + 1, f"the ledger ends before it, and {hashed} events were hashed")
        for each in self._kept:
            size = each.checkpoint.size
            raise Fault(head + 1, f"the ledger ends before it, and {each.name} has {size} events")

    def _batch(self, head: int) -> list[StoredRow]:
        """Return the next events, whose positions have no gap and whose times never fall."""
        expected = self._edge.size
        rows = self._store.select_rows(
            expected, limit=min(BATCH_EVENTS, head - expected), max_bytes=BATCH_BYTES
        )
        if not rows:
            raise Fault(expected + 1, NO_EVENT)
        last_time = self._last_time
        for position, row in enumerate(rows, expected + 1):
            if row[0] != position:
                raise Fault(position, NO_EVENT)
            if row[-1] < last_time:
                raise Fault(position, "its recorded time is before that of the event before it")
            last_time = row[-1]
        self._last_time = last_time
        return rows

    def _parts(self, rows: list[StoredRow]) -> Iterator[list[StoredRow]]:
        """Yield the events in parts that end where a checkpoint does."""
        first, last = self._edge.size, self._edge.size + len(rows)
        sizes = {each.checkpoint.size for each in self._kept if each.checkpoint.size < last}
        for begin, end in pairwise([first, *sorted(sizes), last]):
            yield rows[begin - first : end - first]

    def _check_facts(self, rows: list[StoredRow]) -> None:
        """Raise Fault for an event whose columns say another actor, reason or organization than it does."""
        for position, stream, version, topic, state, by, has_reason, organization, time in rows:
            # Events of before these columns were there have no time either.
            said = self._facts(stream, version, topic, state) if time else None
            if said is not None and said != (by, bool(has_reason), organization):
                raise Fault(position, "the log would find it by facts that it does not have")

    def _compare_tile(self, tile: Written, hashed: int) -> None:
        """Raise Fault unless the stored tile has these hashes, as far as it was written at the start."""
        level, number, hashes = tile
        below = WIDTH**level
        expected = hashes[: max(0, hashed // below - number * WIDTH) * HASH_BYTES]
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
                what = (
                    f"something up to here is not as {each.name} says, and as it was at the start"
                )
                raise Fault(self.agreed + 1, what, max(1, self._edge.size))
            self.agreed = self._edge.size


NO_EVENT = "there is no event at this position"
NO_HASH = "its hash is missing in the tiles"


def _hash(hashes: bytes, place: int) -> bytes:
    return hashes[place * HASH_BYTES : (place + 1) * HASH_BYTES]

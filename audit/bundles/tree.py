"""The tiles in a bundle: those over its events, and what lies between them and the root."""

from collections.abc import Iterator
from functools import lru_cache, partial

from audit.bundles.errors import BundleError, at
from audit.bundles.folder import Folder
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.merkle import HASH_BYTES, root
from audit.tlog.tiles import HEIGHT, WHOLE_BYTES, WIDTH, Tile, TiledNodes, subtree_root


def tiles_over(first: int, last: int, size: int) -> Iterator[Tile]:
    """Yield the tiles of a tree by which the positions from `first` to `last` are proven, level by level."""
    begin, end, level = first - 1, last - 1, 0
    while hashes := size >> HEIGHT * level:
        numbers = set(range(begin >> HEIGHT, (end >> HEIGHT) + 1)) | {(hashes - 1) // WIDTH}
        for number in sorted(numbers):
            if width := min(WIDTH, hashes - number * WIDTH):
                yield Tile(level, number, width)
        begin, end, level = begin >> HEIGHT, end >> HEIGHT, level + 1


class BundledTree:
    """The tree of a checkpoint, as far as the tiles of a bundle hold it."""

    def __init__(self, folder: Folder, checkpoint: Checkpoint) -> None:
        self._folder = folder
        self.checkpoint = checkpoint
        self._leaves = lru_cache(maxsize=1)(partial(self._read, 0))

    def nodes(self) -> TiledNodes:
        """Return the nodes of the tree; as long as these are in use, so are the tiles in memory."""
        return TiledNodes(self._read)

    def check(self, first: int, last: int) -> None:
        """Raise BundleError unless the tiles over a range lead to the root of the checkpoint."""
        size, nodes = self.checkpoint.size, self.nodes()
        if root(nodes, size) != self.checkpoint.root:
            raise BundleError(
                f"the tiles of the bundle don't lead to the root of its checkpoint at {size}"
            )
        for tile in tiles_over(first, last, size):
            level = tile.level or 0
            if tile.width == WIDTH:
                above = nodes.node(HEIGHT * (level + 1), tile.number)
                if subtree_root(self._read(level, tile.number), 0, WIDTH) != above:
                    raise at((tile.number << HEIGHT * (level + 1)) + 1, f"{tile.path} was altered")

    def leaf(self, position: int) -> bytes:
        """Return the hash of the leaf at a position."""
        number, place = divmod(position - 1, WIDTH)
        return self._leaves(number)[place * HASH_BYTES :][:HASH_BYTES]

    def _read(self, level: int, number: int) -> bytes:
        width = min(WIDTH, (self.checkpoint.size >> HEIGHT * level) - number * WIDTH)
        name = Tile(level, number, width).path
        hashes = self._folder.required(name, WHOLE_BYTES)
        if len(hashes) != width * HASH_BYTES:
            raise BundleError(f"{name} has {len(hashes)} bytes, not {width * HASH_BYTES}")
        return hashes

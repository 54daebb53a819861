"""The tiles that proofs ask for again and again: those at the right edge of a tree, and those high in it."""

from collections.abc import Callable, Mapping, Sequence

from audit.tlog.merkle import HASH_BYTES
from audit.tlog.tiles import HEIGHT, WIDTH, tiles_of

Place = tuple[int, int]
"""The level and the number of a tile."""
MOST_TILES = 128
"""1 MiB at most."""


class TileCache:
    """Find the tiles between some leaves and the root of a tree; `read` reads several at once.

    A tile of some width never changes, so it is kept, but for whole tiles of leaves: they are too many.
    """

    def __init__(self, read: Callable[[Sequence[Place]], Mapping[Place, bytes]]) -> None:
        self._read = read
        self._kept: dict[tuple[Place, int], bytes] = {}

    def tiles(self, size: int, indexes: Sequence[int]) -> dict[Place, bytes]:
        """Return the tiles at the edge of a tree of `size`, and those on the paths from some leaves."""
        widths: dict[Place, int] = {}
        for level, edge in enumerate(tiles_of(size)):
            for index in indexes:
                widths[level, index >> HEIGHT * (level + 1)] = WIDTH
            widths[level, edge.number] = edge.width
        found = {
            place: self._kept[place, width]
            for place, width in widths.items()
            if (place, width) in self._kept
        }
        missing = [place for place in widths if place not in found]
        for place, hashes in self._read(missing).items() if missing else ():
            width = widths[place]
            found[place] = hashes[: width * HASH_BYTES]
            if len(found[place]) == width * HASH_BYTES and (place[0] or width < WIDTH):
                self._keep(place, width, found[place])
        return found

    def _keep(self, place: Place, width: int, hashes: bytes) -> None:
        if len(self._kept) >= MOST_TILES:
            self._kept.clear()
        self._kept[place, width] = hashes

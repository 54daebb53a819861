"""Tiles of 256 hashes, by which a tree is stored and served (https://c2sp.org/tlog-tiles)."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from audit.tlog.merkle import HASH_BYTES, pair_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
WHOLE_BYTES = WIDTH * HASH_BYTES
ENTRIES = "entries"
_PATH = re.compile(r"tile/(?:(entries)|(0|[1-9]\d?))/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?")
HIGHEST_LEVEL = 63
MOST_TILES = 2**63 // WIDTH
"""Of a level: databases have no numbers beyond 64 bits."""


@dataclass(frozen=True)
class Tile:
    """The place of a tile; `level` is None for a bundle of entries, and `width` is WIDTH for whole ones."""

    level: int | None
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Return the path below the log's prefix."""
        level = ENTRIES if self.level is None else self.level
        part = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_number_path(self.number)}{part}"

    @classmethod
    def parse(cls, path: str) -> "Tile":
        """Return the tile of a path; raises ValueError for what is no such path."""
        found = _PATH.fullmatch(path) if path.isascii() else None
        if found is None:
            raise ValueError("this is not the path of a tile")
        entries, level, number, width = found.groups()
        digits = number.replace("x", "").replace("/", "")
        tile = cls(None if entries else int(level), int(digits), int(width or WIDTH))
        beyond = (tile.level or 0) > HIGHEST_LEVEL or tile.number >= MOST_TILES
        if tile.path != path or beyond:
            raise ValueError("this is not the path of a tile")
        return tile


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield the last tile of each level of a tree, the lowest level first."""
    level = 0
    while size:
        number, width = divmod(size - 1, WIDTH)
        yield Tile(level, number, width + 1)
        size >>= HEIGHT
        level += 1


class TiledNodes:
    """The nodes of a tree by its tiles; `read(level, number)` returns the hashes of a tile, or of its begin.

    `known` are tiles that are read already.
    """

    def __init__(
        self,
        read: Callable[[int, int], bytes],
        known: Mapping[tuple[int, int], bytes] = MappingProxyType({}),
    ) -> None:
        self._read = read
        self._tiles = dict(known)

    def node(self, height: int, index: int) -> bytes:
        """Return the hash of a whole subtree; raises LookupError when its tile lacks it."""
        level, above = divmod(height, HEIGHT)
        number, place = divmod(index << above, WIDTH)
        tile = self._tiles.get((level, number))
        if tile is None:
            tile = self._tiles[level, number] = self._read(level, number)
        if len(tile) < (place + (1 << above)) * HASH_BYTES:
            raise LookupError(f"tile {level}/{number} ends before hash {place + (1 << above) - 1}")
        if above and len(tile) < WHOLE_BYTES:
            return _kept_root(tile, place, 1 << above)
        if above:
            tile, place = _subtrees(tile)[above - 1], place >> above
        return tile[place * HASH_BYTES : (place + 1) * HASH_BYTES]


def subtree_root(tile: bytes, place: int, width: int) -> bytes:
    """Return the root over `width` hashes of a tile, a power of two, from a place that is a multiple of it."""
    row = tile[place * HASH_BYTES : (place + width) * HASH_BYTES]
    while len(row) > HASH_BYTES:
        row = _parents(row)
    return row


_kept_root = lru_cache(maxsize=256)(subtree_root)


@lru_cache(maxsize=64)
def _subtrees(tile: bytes) -> list[bytes]:
    """Return all inner nodes of a whole tile, by height: those high in a tree are asked for again and again."""
    rows = [_parents(tile)]
    while len(rows[-1]) > HASH_BYTES:
        rows.append(_parents(rows[-1]))
    return rows


def _parents(row: bytes) -> bytes:
    """Return the hashes of the nodes above a row of hashes, two by two."""
    pair = 2 * HASH_BYTES
    return b"".join([pair_hash(row[at : at + pair]) for at in range(0, len(row), pair)])


def _number_path(number: int) -> str:
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    *first, last = (digits[at : at + 3] for at in range(0, len(digits), 3))
    return "/".join([*(f"x{each}" for each in first), last])

"""Trees over small entries, and their tiles in memory."""

from audit.tlog.builder import RightEdge
from audit.tlog.merkle import leaf_hash
from audit.tlog.tiles import TiledNodes

Tiles = dict[tuple[int, int], bytes]


def entry(index: int) -> bytes:
    """Return a small entry, another one for each index."""
    return f"entry {index}".encode()


def leaves(size: int) -> list[bytes]:
    """Return the hashes of the first entries."""
    return [leaf_hash(entry(index)) for index in range(size)]


def tiles_of(hashes: list[bytes]) -> Tiles:
    """Return the tiles of a tree by level and number."""
    return {(level, number): tile for level, number, tile in RightEdge(0, no_tile).append(hashes)}


def no_tile(level: int, number: int) -> bytes:
    """Return no hashes."""
    return b""


def nodes_of(tiles: Tiles) -> TiledNodes:
    """Return the nodes of a tree by its tiles."""
    return TiledNodes(lambda level, number: tiles.get((level, number), b""))

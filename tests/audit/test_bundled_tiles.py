"""The tiles in a bundle are enough to prove its events, and an altered one is found."""

from hashlib import sha256
from pathlib import Path

import pytest

from audit.bundles.errors import BundleError
from audit.bundles.folder import Folder
from audit.bundles.tree import BundledTree, tiles_over
from audit.tlog.builder import RightEdge
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.merkle import HASH_BYTES, check_inclusion, inclusion_proof, root
from audit.tlog.tiles import TiledNodes

Tiles = dict[tuple[int, int], bytes]
"""The hashes of each tile, by level and number."""
LARGEST = 66_000
"""Enough for tiles of three levels."""
SIZES = (1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, LARGEST)


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def leaf(position: int) -> bytes:
    return sha256(str(position).encode()).digest()


@pytest.fixture(scope="module")
def tiles() -> Tiles:
    """Hash a log."""
    edge = RightEdge(0, lambda *_: b"")
    written = edge.append([leaf(position) for position in range(1, LARGEST + 1)])
    return {(level, number): hashes for level, number, hashes in written}


def opened(folder: Path, tiles: Tiles, size: int) -> BundledTree:
    """Return the tree in a folder, under a checkpoint of the log."""
    read = TiledNodes(lambda level, number: tiles[level, number])
    return BundledTree(Folder(folder), Checkpoint("log", size, root(read, size)))


def write(folder: Path, tiles: Tiles, first: int, last: int, size: int) -> BundledTree:
    """Write the tiles of a range to a folder."""
    for tile in tiles_over(first, last, size):
        hashes = tiles[tile.level or 0, tile.number][: tile.width * HASH_BYTES]
        Folder(folder).put(tile.path, hashes)
    return opened(folder, tiles, size)


@pytest.mark.parametrize("size", SIZES)
def test_every_event_of_a_range_is_proven_by_its_tiles(
    tiles: Tiles, size: int, tmp_path: Path
) -> None:
    ranges = {(1, size), (1, 1), (size, size), (size // 2 + 1, min(size, size // 2 + 300))}
    for number, (first, last) in enumerate(ranges):
        tree = write(made(tmp_path / str(number)), tiles, first, last, size)
        tree.check(first, last)
        expected = tree.checkpoint.root
        for position in {first, (first + last) // 2, last}:
            assert tree.leaf(position) == leaf(position)
            proof = inclusion_proof(tree.nodes(), position - 1, size)
            check_inclusion(leaf(position), position - 1, size, proof, expected)


def test_an_altered_tile_is_found(tiles: Tiles, tmp_path: Path) -> None:
    first, last, size = 600, 1400, LARGEST
    write(tmp_path, tiles, first, last, size)
    paths = [each.path for each in tiles_over(first, last, size)]
    assert len(paths) > 6
    for path in paths:
        before = (tmp_path / path).read_bytes()
        for at in (0, len(before) // 2, len(before) - 1):
            altered = bytearray(before)
            altered[at] ^= 1
            (tmp_path / path).write_bytes(altered)
            tree = opened(tmp_path, tiles, size)
            with pytest.raises(BundleError):
                tree.check(first, last)
        (tmp_path / path).write_bytes(before)
    opened(tmp_path, tiles, size).check(first, last)

"""Merkle trees of RFC 6962: hashes, roots, and proofs of inclusion and of consistency."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Protocol

EMPTY_ROOT = sha256(b"").digest()
HASH_BYTES = 32


class ProofError(ValueError):
    """A proof does not show what it should."""


class Nodes(Protocol):
    """The hashes of whole subtrees."""

    def node(self, height: int, index: int) -> bytes:
        """Return the hash of the subtree of 2**height leaves that begins at leaf index * 2**height."""
        ...


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf (RFC 6962, section 2.1)."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 6962, section 2.1)."""
    return pair_hash(left + right)


def pair_hash(children: bytes) -> bytes:
    """Return the hash of an inner node from the hashes of its children, one after the other."""
    return sha256(b"\1" + children).digest()


def root(nodes: Nodes, size: int) -> bytes:
    """Return the root of the tree of the first `size` leaves."""
    return _range_root(nodes, 0, size) if size else EMPTY_ROOT


def folded(hashes: Iterable[bytes]) -> bytes:
    """Return the root over the hashes of subtrees, of which each is at least as large as all after it."""
    *before, result = hashes
    for left in reversed(before):
        result = node_hash(left, result)
    return result


def inclusion_proof(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """Return the hashes from the leaf's sibling up to the root (RFC 6962, section 2.1.1)."""
    proof: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _left_size(end - begin)
        if index < middle:
            proof.append(_range_root(nodes, middle, end))
            end = middle
        else:
            proof.append(_range_root(nodes, begin, middle))
            begin = middle
    return proof[::-1]


def consistency_proof(nodes: Nodes, old: int, size: int) -> list[bytes]:
    """Return the proof that the tree of `old` leaves is the begin of a larger one (RFC 6962, section 2.1.2).

    It is empty when `old` is 0 or `size`.
    """
    proof: list[bytes] = []
    begin, end, known = 0, size, True
    while 0 < old < end:
        middle = begin + _left_size(end - begin)
        if old <= middle:
            proof.append(_range_root(nodes, middle, end))
            end = middle
        else:
            proof.append(_range_root(nodes, begin, middle))
            begin, known = middle, False
    if old and not known:
        proof.append(_range_root(nodes, begin, end))
    return proof[::-1]


def check_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes
) -> None:
    """Raise ProofError unless a leaf stands at an index of the tree with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise ProofError(f"index {index} is outside of a tree of {size}")
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("the inclusion proof is too long")
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofError("the inclusion proof is too short")
    if result != expected:
        raise ProofError("the inclusion proof leads to another root")


def check_consistency(
    old: int, size: int, proof: Sequence[bytes], old_root: bytes, expected: bytes
) -> None:
    """Raise ProofError unless the tree with `old_root` is the begin of the other (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= size:
        raise ProofError(f"a tree of {size} can't extend one of {old}")
    if old in {0, size}:
        if proof or old_root != (expected if old else EMPTY_ROOT):
            raise ProofError("a tree of this size has another root, or a proof that it needs not")
        return
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise ProofError("the consistency proof is too short")
    _climb(old - 1, size - 1, hashes, old_root, expected)


def _climb(node: int, last: int, hashes: list[bytes], old_root: bytes, expected: bytes) -> None:
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise ProofError("the consistency proof is too long")
        if node & 1 or node == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofError("the consistency proof is too short")
    if (before, after) != (old_root, expected):
        raise ProofError("the consistency proof leads to other roots")


def _range_root(nodes: Nodes, begin: int, end: int) -> bytes:
    """Return the hash of the subtree over leaves; it begins at a multiple of its size, rounded up."""
    return folded([nodes.node(*each) for each in subtrees(begin, end)])


def subtrees(begin: int, end: int) -> list[tuple[int, int]]:
    """Return the heights and indexes of the whole subtrees that a range consists of, the largest first."""
    found = []
    while begin < end:
        height = (end - begin).bit_length() - 1
        found.append((height, begin >> height))
        begin += 1 << height
    return found


def _left_size(size: int) -> int:
    """Return the largest power of two below a size."""
    return int(1 << (size - 1).bit_length() - 1)

"""Roots and proofs: as RFC 6962 says, as an independent library computes them, and no others."""

from functools import cache

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.tlog.merkle import (
    EMPTY_ROOT,
    ProofError,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
)
from audit.tlog.tiles import TiledNodes
from tests.audit.tlog.trees import entry, leaves, nodes_of, tiles_of
from tests.harness.effort import effort

LARGEST = 300
SIXTY = [*range(1, 41), 63, 64, 65, 100, 127, 128, 129, 200, 254, 255, 256, 257, 258, 280, 299, 300]
SIXTY += [45, 50, 77, 99]
VECTORS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
VECTORS += ["606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@cache
def oracle() -> pymerkle.InmemoryTree:
    """Return a tree of the independent library."""
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for index in range(LARGEST):
        tree.append_entry(entry(index))
    return tree


@cache
def nodes(size: int) -> TiledNodes:
    """Return the nodes of our tree."""
    return nodes_of(tiles_of(leaves(size)))


def oracle_root(size: int) -> bytes:
    return bytes(oracle().get_root(size)) if size else EMPTY_ROOT


@pytest.mark.parametrize("size", ROOTS)
def test_the_roots_of_the_specifications_examples(size: int) -> None:
    hashes = [leaf_hash(bytes.fromhex(text)) for text in VECTORS[:size]]
    assert root(nodes_of(tiles_of(hashes)), size).hex() == ROOTS[size]


def test_the_root_of_an_empty_tree_is_the_hash_of_nothing() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root(nodes(0), 0).hex() == empty


@pytest.mark.parametrize("size", range(1, LARGEST + 1))
def test_each_root_and_inclusion_proof_is_that_of_another_library(size: int) -> None:
    assert root(nodes(size), size) == oracle_root(size)
    for index, leaf in enumerate(leaves(size)):
        proof = inclusion_proof(nodes(size), index, size)
        theirs = [bytes(each) for each in oracle().prove_inclusion(index + 1, size).path]
        assert {*proof, leaf} == set(theirs)
        check_inclusion(leaf, index, size, proof, oracle_root(size))


def defined_proof(old: int, begin: int, end: int, *, known: bool) -> list[bytes]:
    """Return SUBPROOF(m, D[n], b) as RFC 6962, section 2.1.2, defines it, by naive hashing."""
    if old == end - begin:
        return [] if known else [defined_root(begin, end)]
    left = 1
    while 2 * left < end - begin:
        left *= 2
    middle = begin + left
    if old <= left:
        return [*defined_proof(old, begin, middle, known=known), defined_root(middle, end)]
    right = defined_proof(old - left, middle, end, known=False)
    return [*right, defined_root(begin, middle)]


@cache
def defined_root(begin: int, end: int) -> bytes:
    """Return MTH(D[begin:end]) as the other library hashes it."""
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for index in range(begin, end):
        tree.append_entry(entry(index))
    return bytes(tree.get_root())


@pytest.mark.parametrize("size", SIXTY)
def test_each_consistency_proof_is_the_one_that_the_rfc_defines(size: int) -> None:
    for old in range(1, size):
        proof = consistency_proof(nodes(size), old, size)
        assert proof == defined_proof(old, 0, size, known=True)
        check_consistency(old, size, proof, oracle_root(old), oracle_root(size))


def hostile(proof: list[bytes], data: st.DataObject) -> list[bytes]:
    """Return another proof than this one."""
    other = list(proof)
    change = data.draw(st.sampled_from(["cut", "longer", "order", "byte", "short hash", "empty"]))
    at = data.draw(st.integers(0, max(0, len(proof) - 1)))
    if change == "cut":
        del other[at:]
    elif change == "longer":
        other.insert(at, data.draw(st.binary(min_size=32, max_size=32)))
    elif change == "order":
        other.reverse()
    elif change == "empty":
        other = []
    elif other:
        flipped = bytes([other[at][0] ^ 1]) + other[at][1:]
        other[at] = flipped if change == "byte" else other[at][:-1]
    return other


@given(size=st.integers(1, LARGEST), data=st.data())
@settings(max_examples=effort(100, 2000), deadline=None)
def test_no_other_inclusion_proof_is_taken(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(nodes(size), index, size)
    other = hostile(proof, data)
    place = data.draw(st.sampled_from([index, index - 1, index + 1, size, 2**63, 2**70, -1]))
    of = data.draw(st.sampled_from([size, size - 1, size + 1, 2**63, 0]))
    if other == proof and place == index and (of == size or not _differs(index, size, of)):
        return
    with pytest.raises(ProofError):
        check_inclusion(leaves(size)[index], place, of, other, oracle_root(size))


def _differs(index: int, size: int, other: int) -> bool:
    """Say whether the way from a leaf to the root is another one in a tree of another size."""
    if not 0 <= index < other:
        return True
    return [*_turns(index, size)] != [*_turns(index, other)]


def _turns(index: int, size: int) -> list[bool]:
    last, turns = size - 1, []
    while last:
        if index & 1 or index < last:
            turns.append(bool(index & 1))
        index, last = index >> 1, last >> 1
    return turns


@given(size=st.integers(2, LARGEST), data=st.data())
@settings(max_examples=effort(100, 2000), deadline=None)
def test_no_other_consistency_proof_is_taken(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    proof = consistency_proof(nodes(size), old, size)
    other = hostile(proof, data)
    roots = oracle_root(old), oracle_root(size)
    if other != proof:
        with pytest.raises(ProofError):
            check_consistency(old, size, other, *roots)
    with pytest.raises(ProofError):
        check_consistency(size, old, proof, *reversed(roots))
    with pytest.raises(ProofError):
        check_consistency(old, size, proof, *reversed(roots))
    with pytest.raises(ProofError):
        check_consistency(size, size, [], *roots)
    for sizes in ((old, 2**64), (-1, size), (2**64, size), (2**64, 2**64)):
        with pytest.raises(ProofError):
            check_consistency(*sizes, proof, *roots)


def test_each_tree_extends_the_empty_one_and_itself() -> None:
    check_consistency(0, 9, [], EMPTY_ROOT, oracle_root(9))
    check_consistency(9, 9, [], oracle_root(9), oracle_root(9))
    with pytest.raises(ProofError):
        check_consistency(0, 9, [], oracle_root(1), oracle_root(9))
    with pytest.raises(ProofError):
        check_consistency(9, 9, [EMPTY_ROOT], oracle_root(9), oracle_root(9))

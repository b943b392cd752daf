"""The tree against RFC 6962's own definition and the vectors of the certificate-transparency project."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain import merkle
from gateway.domain.merkle import Range

# google/certificate-transparency, merkletree/merkle_tree_test.cc: eight inputs and the root after each.
INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# Same file: inclusion proofs (leaf counted from 1, tree size, path).
INCLUSION = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (3, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        2,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
# Same file: consistency proofs.
CONSISTENCY = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


def definition(entries: list[bytes]) -> bytes:
    """MTH written as the RFC writes it, recursively."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\x01" + definition(entries[:k]) + definition(entries[k:])).digest()


def grown(entries: list[bytes]) -> tuple[Range, dict[tuple[int, int], bytes]]:
    tree = Range()
    return tree, {(level, index): value for level, index, value in tree.extend(entries)}


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """MTH(D[n]) of RFC 6962 2.1."""
    return Range().grow(leaves).root()


def entries(count: int) -> list[bytes]:
    return [str(i).encode() for i in range(count)]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert tree_root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Range().root() == merkle.EMPTY_ROOT


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_of_the_public_vectors(size: int) -> None:
    assert tree_root(INPUTS[:size]).hex() == ROOTS[size - 1]
    assert definition(INPUTS[:size]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("leaf", "size", "path"), INCLUSION)
def test_inclusion_proofs_of_the_public_vectors(leaf: int, size: int, path: list[str]) -> None:
    _, nodes = grown(INPUTS)
    proof = merkle.prove(merkle.inclusion_plan(leaf - 1, size), lambda level, index: nodes[level, index])
    assert [step.hex() for step in proof] == path
    assert merkle.includes(INPUTS[leaf - 1], leaf - 1, size, proof, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCY)
def test_consistency_proofs_of_the_public_vectors(old: int, new: int, path: list[str]) -> None:
    _, nodes = grown(INPUTS)
    proof = merkle.prove(merkle.consistency_plan(old, new), lambda level, index: nodes[level, index])
    assert [step.hex() for step in proof] == path
    assert merkle.extends(old, bytes.fromhex(ROOTS[old - 1]), new, bytes.fromhex(ROOTS[new - 1]), proof)


def test_every_proof_of_every_small_tree() -> None:
    data = entries(40)
    _, nodes = grown(data)
    roots = [definition(data[:size]) for size in range(41)]
    for new in range(41):
        for old in range(new + 1):
            proof = merkle.prove(merkle.consistency_plan(old, new), lambda level, index: nodes[level, index])
            assert merkle.extends(old, roots[old], new, roots[new], proof), (old, new)
            if old < new:
                path = merkle.prove(merkle.inclusion_plan(old, new), lambda level, index: nodes[level, index])
                assert merkle.includes(data[old], old, new, path, roots[new]), (old, new)
                assert not merkle.includes(b"other", old, new, path, roots[new])


@given(st.lists(st.binary(max_size=8), max_size=80), st.lists(st.integers(0, 80), max_size=4))
@settings(max_examples=60, deadline=None)
def test_growing_in_pieces_is_growing_at_once(data: list[bytes], cuts: list[int]) -> None:
    tree = Range()
    nodes: dict[tuple[int, int], bytes] = {}
    at = 0
    for cut in [*sorted(min(c, len(data)) for c in cuts), len(data)]:
        tree = Range(tree.size, tree.peaks)  # as after a restart
        nodes |= {(level, index): value for level, index, value in tree.extend(data[at:cut])}
        at = cut
    assert tree.root() == definition(data) == Range().grow(data).root()
    assert [nodes[c] for c in merkle.peaks(len(data))] == tree.peaks


@given(st.integers(1, 200), st.data())
@settings(max_examples=60, deadline=None)
def test_no_proof_survives_a_change(size: int, data: st.DataObject) -> None:
    rows = entries(size)
    _, nodes = grown(rows)
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.prove(merkle.inclusion_plan(index, size), lambda level, at: nodes[level, at])
    root = tree_root(rows)
    assert merkle.includes(rows[index], index, size, proof, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda i: i != index)) if size > 1 else None
    assert other is None or not merkle.includes(rows[index], other, size, proof, root)
    assert not merkle.includes(rows[index], index, size, [*proof, root], root)
    assert not merkle.includes(rows[index], index, size, proof, merkle.leaf_hash(root))
    if proof:
        assert not merkle.includes(rows[index], index, size, proof[:-1], root)
        broken = [bytes([proof[0][0] ^ 1]) + proof[0][1:], *proof[1:]]
        assert not merkle.includes(rows[index], index, size, broken, root)


@pytest.mark.parametrize(("old", "new"), [(3, 2), (-1, 2)])
def test_impossible_sizes_are_no_proof(old: int, new: int) -> None:
    assert not merkle.extends(old, merkle.EMPTY_ROOT, new, merkle.EMPTY_ROOT, [])
    with pytest.raises(ValueError, match="larger"):
        merkle.consistency_plan(old, new)


def test_a_leaf_outside_the_tree_has_no_proof() -> None:
    assert not merkle.includes(b"", 3, 3, [], merkle.EMPTY_ROOT)
    with pytest.raises(ValueError, match="not in the tree"):
        merkle.inclusion_plan(3, 3)


def test_equal_sizes_must_be_equal_trees() -> None:
    root = tree_root(entries(5))
    assert merkle.extends(5, root, 5, root, [])
    assert not merkle.extends(5, root, 5, merkle.EMPTY_ROOT, [])
    assert not merkle.extends(5, root, 5, root, [root])
    assert not merkle.extends(0, root, 5, root, [])
    assert not merkle.extends(4, root, 6, root, []), "a power of two needs its steps too"
    assert not merkle.extends(3, root, 6, root, [])


def test_a_tree_wants_one_peak_per_bit() -> None:
    with pytest.raises(ValueError, match="peak"):
        Range(3, [b"x"])


def test_a_leaf_is_not_a_node() -> None:
    """Second preimage: two leaves glued together are not their parent."""
    left, right = merkle.leaf_hash(b"a"), merkle.leaf_hash(b"b")
    assert tree_root([left + right]) != tree_root([b"a", b"b"])


def test_a_copy_grows_apart() -> None:
    tree = Range().grow(entries(3))
    other = tree.copy().grow([b"x"])
    assert (tree.size, other.size) == (3, 4)
    assert tree.root() == definition(entries(3))

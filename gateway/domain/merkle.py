"""The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1): one root stands for every leaf and its place.

Nodes are named (level, index): level 0 is the leaf hashes, (l, i) covers the leaves i·2^l up to (i+1)·2^l.
Only complete subtrees are ever stored, and a stored node never changes, so any table that maps (level, index)
to 32 bytes can hold the tree. A proof is planned first (`inclusion_plan`, `consistency_plan`), so that a
database can fetch all of its nodes at once, and then folded from them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()

Coordinate = tuple[int, int]  # (level, index)
Node = tuple[int, int, bytes]  # (level, index, hash)
Span = tuple[int, int]  # leaves from, up to and without
Nodes = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """MTH({d(0)}) = SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """One hash of neighbouring complete subtrees, the largest first: the ragged right edge of a tree."""
    if not hashes:
        return EMPTY_ROOT
    result = hashes[-1]
    for left in reversed(hashes[:-1]):
        result = node_hash(left, result)
    return result


def cover(span: Span) -> list[Coordinate]:
    """The complete subtrees that make up `span`, the largest first. `span` must start where the tree may split."""
    at, end = span
    found = []
    while at < end:
        level = (end - at).bit_length() - 1
        found.append((level, at >> level))
        at += 1 << level
    return found


def peaks(size: int) -> list[Coordinate]:
    """The complete subtrees of a tree of `size` leaves, the largest first."""
    return cover((0, size))


class Range:
    """A tree while it grows: its size and its peaks, nothing more (a compact range from 0).

    >>> tree = Range()
    >>> tree.extend([b"a", b"b"])[0][0]
    0
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if size < 0 or size.bit_count() != len(peaks):
            raise ValueError("a tree has one peak per bit of its size")
        self.size = size
        self.peaks = list(peaks)

    def copy(self) -> Range:
        """The same tree, to grow apart from this one."""
        return Range(self.size, self.peaks)

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return fold(self.peaks)

    def extend(self, entries: Iterable[bytes]) -> list[Node]:
        """Append entries (leaf data); every node that becomes complete, leaves first, in order of completion."""
        made: list[Node] = []
        add, stack, size, digest = made.append, self.peaks, self.size, sha256
        for entry in entries:
            node = digest(b"\x00" + entry).digest()
            add((0, size, node))
            level, index = 0, size
            while index & 1:
                node = digest(b"\x01" + stack.pop() + node).digest()
                level += 1
                index >>= 1
                add((level, index, node))
            stack.append(node)
            size += 1
        self.size = size
        return made

    def grow(self, entries: Iterable[bytes]) -> Range:
        """As `extend`, without the list of nodes: for those who only want the root. Returns itself."""
        stack, size, digest = self.peaks, self.size, sha256
        for entry in entries:
            node = digest(b"\x00" + entry).digest()
            index = size
            while index & 1:
                node = digest(b"\x01" + stack.pop() + node).digest()
                index >>= 1
            stack.append(node)
            size += 1
        self.size = size
        return self


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_plan(index: int, size: int) -> list[Span]:
    """The spans whose hashes are PATH(index, D[size]) of RFC 6962 2.1.1, the leaf's neighbour first."""
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    spans: list[Span] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    return spans[::-1]


def consistency_plan(old: int, new: int) -> list[Span]:
    """The spans whose hashes are PROOF(old, D[new]) of RFC 6962 2.1.2; empty when nothing needs proof."""
    if not 0 <= old <= new:
        raise ValueError("an older tree cannot be larger")
    if old in (0, new):
        return []
    spans: list[Span] = []
    low, high, whole = 0, new, True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low, whole = middle, False
    if not whole:
        spans.append((low, high))
    return spans[::-1]


def needed(plan: Iterable[Span]) -> list[Coordinate]:
    """Every stored node that a plan asks for."""
    return [coordinate for span in plan for coordinate in cover(span)]


def prove(plan: Iterable[Span], node: Nodes) -> list[bytes]:
    """The proof that a plan describes, from stored nodes."""
    return [fold([node(level, index) for level, index in cover(span)]) for span in plan]


def includes(entry: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that leaf `index` of the tree with this root is `entry` (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, result = index, size - 1, leaf_hash(entry)
    for step in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            result = node_hash(step, result)
            while not first & 1 and first:
                first >>= 1
                last >>= 1
        else:
            result = node_hash(result, step)
        first >>= 1
        last >>= 1
    return last == 0 and result == root


def extends(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the new tree begins with the whole old one (RFC 9162 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    steps = [old_root, *proof] if old.bit_count() == 1 else list(proof)
    if not steps:
        return False
    first, last = old - 1, new - 1
    while first & 1:
        first >>= 1
        last >>= 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not first & 1 and first:
                first >>= 1
                last >>= 1
        else:
            after = node_hash(after, step)
        first >>= 1
        last >>= 1
    return last == 0 and before == old_root and after == new_root


def spans_beside(indexes: Sequence[int], size: int) -> list[Span]:
    """The spans whose hashes show that all these leaves are in a tree of `size`, left to right: one proof for many.

    `indexes` are sorted and all different.
    """
    if indexes and not 0 <= indexes[0] <= indexes[-1] < size:
        raise ValueError("a leaf is not in the tree")
    spans: list[Span] = []

    def walk(low: int, high: int, first: int, last: int) -> None:
        if first == last:
            spans.append((low, high))
        elif high - low > 1:
            middle = low + _split(high - low)
            between = bisect_left(indexes, middle, first, last)
            walk(low, middle, first, between)
            walk(middle, high, between, last)

    if size:
        walk(0, size, 0, len(indexes))
    return spans


def root_with(leaves: Mapping[int, bytes], size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that leaves at their places and the hashes of `spans_beside` give; None where they do not fit."""
    try:
        spans = spans_beside(sorted(leaves), size)
    except ValueError:
        return None
    if len(spans) != len(proof):
        return None
    given = dict(zip(spans, proof, strict=True))

    def walk(low: int, high: int) -> bytes:
        if (low, high) in given:
            return given[low, high]
        if high - low == 1:
            return leaf_hash(leaves[low])
        middle = low + _split(high - low)
        return node_hash(walk(low, middle), walk(middle, high))

    return walk(0, size) if size else EMPTY_ROOT

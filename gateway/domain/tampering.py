"""What was done to a log whose records do not give the signed root: find the one change that explains it.

A root cannot be met by chance, so a guess that meets it is the truth: if the root comes out when record 7 is left
out, then record 7 was put in afterwards. Guesses are tried from the plainest on, within a budget of hashes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations, pairwise

from gateway.domain.checkpoint import Checkpoint
from gateway.domain.log_lines import Entry
from gateway.domain.merkle import Range

_BUDGET = 1_000_000  # hashes, about two seconds
_BLOCK = 8  # records put in together that are still found


class Kind(StrEnum):
    """The ways in which a log can be wrong."""

    CHANGED = "changed"
    REMOVED = "removed"
    SWAPPED = "swapped"
    INSERTED = "inserted"
    BACK_DATED = "back-dated"
    DATED_AHEAD = "dated-ahead"
    TRUNCATED = "truncated"
    ROLLED_BACK = "rolled-back"
    REWRITTEN = "rewritten"
    RE_SIGNED = "re-signed"
    CHECKPOINT = "checkpoint"
    UNREADABLE = "unreadable"
    MISLISTED = "mislisted"
    NOT_WITNESSED = "not-witnessed"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, in words without content. `first` and `last` are places in the tree, from 0."""

    kind: Kind
    text: str
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The faults, and the entries as they must have been; None where that cannot be known."""

    faults: tuple[Fault, ...]
    repaired: list[Entry] | None = None


def explain(
    tree: Range, pending: Sequence[Entry], point: Checkpoint, since: datetime | None, tolerance: timedelta
) -> Explanation:
    """Why `pending`, after the proved `tree`, does not give the root of `point`. `since`: the last proved time."""
    need = point.size - tree.size
    spent = 0
    for guess, faults in _guesses(tree.size, pending, need):
        if len(guess) < need:
            continue
        if tree.copy().grow(entry.leaf for entry in guess[:need]).root() == point.root:
            dated = _dated(faults, tree.size, pending, since, tolerance)
            return Explanation((*faults, *dated), guess)
        spent += need + 8
        if spent > _BUDGET:
            break
    return Explanation(tuple(gaps(tree.size, pending, need)))


Guess = tuple[list[Entry], tuple[Fault, ...]]


def _guesses(base: int, pending: Sequence[Entry], need: int) -> Iterator[Guess]:
    yield from _other_order(base, pending)
    yield from _other_leaves(pending, need)
    suspects = _suspects(pending, need)
    yield from _without(base, pending, ((at, 1) for at in suspects))
    yield from _exchanged(base, pending, combinations(suspects, 2))
    yield from _without(base, pending, ((at, size) for size in range(1, _BLOCK + 1) for at in range(need + 1)))
    yield from _exchanged(base, pending, combinations(range(min(need, len(pending))), 2))


def _suspects(pending: Sequence[Entry], need: int) -> list[int]:
    """Where record ids fall: inside one checkpoint the log places records by id."""
    found: set[int] = set()
    for at, (one, next_one) in enumerate(pairwise(pending[: need + 1])):
        if one.id >= next_one.id:
            found |= {at, at + 1}
    return sorted(found)[:40]


def _other_order(base: int, pending: Sequence[Entry]) -> Iterator[Guess]:
    ordered = sorted(pending, key=lambda entry: entry.index)
    moved = [base + at for at, (one, other) in enumerate(zip(pending, ordered, strict=True)) if one is not other]
    if moved:
        yield ordered, (_swapped(moved[0], moved[-1], len(moved)),)


def _swapped(first: int, last: int, count: int = 2) -> Fault:
    if count == 2:
        return Fault(Kind.SWAPPED, f"records {first} and {last} stand in each other's place", first, last)
    return Fault(Kind.SWAPPED, f"records {first} to {last} stand in another order", first, last)


def _other_leaves(pending: Sequence[Entry], need: int) -> Iterator[Guess]:
    """The hash beside a record was changed, not the record."""
    wrong = [entry for entry in pending[:need] if entry.has_body and entry.leaf != entry.computed]
    if wrong:
        mended = [replace(entry, leaf=entry.computed) if entry.has_body else entry for entry in pending]
        yield (
            mended,
            tuple(
                Fault(Kind.CHANGED, f"the hash beside record {entry.index} was changed", entry.index, entry.index)
                for entry in wrong
            ),
        )


def _without(base: int, pending: Sequence[Entry], blocks: Iterator[tuple[int, int]]) -> Iterator[Guess]:
    for at, size in blocks:
        if at + size <= len(pending):
            first, last = base + at, base + at + size - 1
            which = f"record {first} was" if size == 1 else f"records {first} to {last} were"
            fault = Fault(Kind.INSERTED, f"{which} put in after the log was signed", first, last)
            yield [*pending[:at], *pending[at + size :]], (fault,)


def _exchanged(base: int, pending: Sequence[Entry], pairs: Iterator[tuple[int, int]]) -> Iterator[Guess]:
    for one, other in pairs:
        guess = list(pending)
        guess[one], guess[other] = guess[other], guess[one]
        yield guess, (_swapped(base + one, base + other),)


def _dated(
    faults: Sequence[Fault], base: int, pending: Sequence[Entry], since: datetime | None, tolerance: timedelta
) -> Iterator[Fault]:
    """Whether what was put in claims to be older than what stood before it."""
    for fault in faults:
        if fault.kind is Kind.INSERTED and fault.first is not None and fault.last is not None:
            at = fault.first - base
            before = since or (pending[at - 1].time if at else None)
            for place in range(fault.first, fault.last + 1):
                time = pending[place - base].time
                if before and time and time < before - tolerance:
                    yield back_dated(place, time, before)


def back_dated(place: int, time: datetime, before: datetime) -> Fault:
    """The record says an earlier time than the log had reached."""
    text = f"record {place} is back-dated: it says {time.isoformat()}, the log before it {before.isoformat()}"
    return Fault(Kind.BACK_DATED, text, place, place)


def gaps(base: int, pending: Sequence[Entry], need: int) -> Iterator[Fault]:
    """Places from `base` on, `need` of them, whose number no line has."""
    there = {entry.index for entry in pending}
    missing = [index for index in range(base, base + need) if index not in there]
    while missing:
        run = next((i for i, (a, b) in enumerate(pairwise(missing)) if b != a + 1), len(missing) - 1) + 1
        first, last = missing[0], missing[run - 1]
        which = f"record {first} was" if run == 1 else f"records {first} to {last} were"
        yield Fault(Kind.REMOVED, f"{which} removed", first, last)
        missing = missing[run:]


def mismatches(entries: Sequence[Entry]) -> Iterator[Fault]:
    """Records whose content is not what the signed hash beside them says: exchanged, or changed."""
    wrong = [entry for entry in entries if entry.leaf != entry.computed]
    by_leaf = {entry.leaf: entry for entry in wrong}
    for entry in wrong:
        other = by_leaf.get(entry.computed)
        if other is not None and other.computed == entry.leaf:
            if entry.index < other.index:
                yield _swapped(entry.index, other.index)
        else:
            yield Fault(Kind.CHANGED, f"the content of record {entry.index} was changed", entry.index, entry.index)

"""Who is one person: identities, and when two of them are the same citizen.

An *identity* is the best identifier of a message (`identity_key`). Every message says that its identifiers
belong together: that is the evidence. Two identities are one person when

1. a source said so (HL7 v2 A40): always; or
2. they share an identifier, unless that would make two CPR numbers one person. A local number that was seen
   with two CPR numbers joins nobody: it was reused or mistyped, and a wrong join shows a stranger's plan.

`people` computes the groups from all evidence at once, so the order of the messages does not matter. The store
keeps one row per identity with every identifier said together with it, and one row per A40 pair; it gives back
those that a message touches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from gateway.domain.identifier import CPR, Identifier, rank
from gateway.domain.resource import Ids


@dataclass(frozen=True, slots=True)
class Person:
    """One citizen: the surviving identity key, and all identity keys that are this person."""

    survivor: str
    identities: tuple[str, ...]

    def citizen_id(self, ids: Ids) -> str:
        """The Patient id that every resource of this citizen points at."""
        return ids("Patient", self.survivor)


def identity_key(citizen: tuple[Identifier, ...]) -> str:
    """The key of the identity that a message speaks of; `citizen` is best first and not empty."""
    return citizen[0].key


def strength(key: str) -> tuple[int, str]:
    """CPR before X-eCPR before D-eCPR before others, then by spelling: the first survives a merge."""
    system, _, value = key.partition("|")
    return (rank(Identifier(system, value)), key)


def people(evidence: Mapping[str, Iterable[str]], merges: Collection[tuple[str, str]]) -> dict[str, Person]:
    """Identity key → Person, from identity key → identifier keys said with it, and (survivor, loser) pairs."""
    if len(evidence) == 1 and not merges:  # nearly every citizen
        return {key: Person(key, (key,)) for key in evidence}
    groups = _Groups(evidence)
    for first, second in _shared(evidence):
        if len(groups.cprs(first) | groups.cprs(second)) < 2:
            groups.join(first, second)
    chosen: dict[str, str] = {}
    for survivor, loser in sorted(merges):
        groups.join(survivor, loser)
        chosen[loser] = survivor
    return {key: _person(members, chosen) for members in groups.all() for key in members}


def _shared(evidence: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """Pairs of identities that share an identifier which was not seen with two CPR numbers."""
    holders: dict[str, set[str]] = defaultdict(set)
    for key, identifiers in evidence.items():
        for identifier in {key, *identifiers}:
            holders[identifier].add(key)
    pairs = []
    for holding in holders.values():
        numbers = sorted(k for k in holding if _is_cpr(k))
        if len(numbers) < 2:
            first, *rest = sorted(holding, key=strength)
            pairs += [(first, other) for other in rest]
    # A number that would tie two CPR numbers together over a third identity joins neither.
    tied: dict[str, set[str]] = defaultdict(set)
    for first, other in pairs:
        if _is_cpr(first):
            tied[other].add(first)
    untied = [(a, b) for a, b in pairs if len(tied.get(b, ())) < 2]
    return sorted(untied, key=lambda pair: (strength(pair[0]), strength(pair[1])))


def _is_cpr(key: str) -> bool:
    return key.startswith(f"{CPR}|")


def _person(members: set[str], chosen: Mapping[str, str]) -> Person:
    """The strongest number survives; between equals the one that an A40 chose."""
    best = min(members, key=strength)
    seen = {best}
    while chosen.get(best, best) not in seen and strength(chosen[best])[0] <= strength(best)[0]:
        best = chosen[best]
        seen.add(best)
    return Person(best, tuple(sorted(members, key=strength)))


class _Groups:
    """Union of identities, with the CPR numbers in each group."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._group = {key: {key} for key in keys}

    def join(self, first: str, second: str) -> None:
        together = self._group.setdefault(first, {first}) | self._group.setdefault(second, {second})
        for key in together:
            self._group[key] = together

    def cprs(self, key: str) -> set[str]:
        return {member for member in self._group.setdefault(key, {key}) if _is_cpr(member)}

    def all(self) -> list[set[str]]:
        return list({id(group): group for group in self._group.values()}.values())

"""Identifiers of citizens and organisations, and which of them can stand for a person.

Systems and their spellings: docs/glossary.md. No check digit is ever enforced: CPR numbers without
modulus 11 have been issued since 2007, and the official test numbers fail it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CPR = "urn:oid:1.2.208.176.1.2"
X_ECPR = "urn:oid:1.2.208.176.1.6.1.1"
D_ECPR = "urn:oid:1.2.208.176.1.6.1.3"
SOR = "urn:oid:1.2.208.176.1.1"
CVR = "http://cvr.dk"
GLN = "http://www.gs1.org/gln"
FK_ORG = "https://kombit.dk/sts/organisation"

# Ten digits that systems write when they have no number, or hide it; as keys they would merge strangers.
_NOBODY = frozenset({"0000000000", "1111111111", "9999999999"})

_SPELLINGS = {
    "https://www.gs1.org/gln": GLN,
    "urn:oid:1.3.88": GLN,
    "urn:oid:1.3.184": CVR,
    "urn:oid:1.3.198": CVR,
    "https://www.kombit.dk/organisation": FK_ORG,
}


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """One number in one system, in its normal spelling."""

    system: str
    value: str

    @property
    def key(self) -> str:
        """`system|value`, as FHIR token search writes it."""
        return f"{self.system}|{self.value}"


def normal(system: str, value: str) -> Identifier:
    """The one spelling of an identifier: known system aliases folded, hyphens and prefixes taken away.

    >>> normal("urn:oid:1.2.208.176.1.2", "251248-9996").value
    '2512489996'
    """
    system = _SPELLINGS.get(system, system)
    value = value.strip()
    if system == CPR or system.startswith("urn:oid:1.2.208.176.1.6.1."):
        value = re.sub(r"[\s-]", "", value).upper()
    elif system == FK_ORG:
        value = value.lower().removeprefix("urn:uuid:")
    return Identifier(system, value)


def names_a_person(identifier: Identifier) -> bool:
    """Whether this number can be the key of a citizen: not empty, not a dummy."""
    return bool(identifier.system and identifier.value) and identifier.value not in _NOBODY


def rank(identifier: Identifier) -> int:
    """How well a number stands for a person: CPR 0, X-eCPR 1, D-eCPR 2, any other 3."""
    if identifier.system == CPR:
        return 0
    if identifier.system == X_ECPR:
        return 1
    return 2 if identifier.system.startswith(D_ECPR) else 3


def best_first(identifiers: list[Identifier]) -> tuple[Identifier, ...]:
    """The usable ones, without repetition, the strongest first; ties in spelling order."""
    usable = {i for i in identifiers if names_a_person(i)}
    return tuple(sorted(usable, key=lambda i: (rank(i), i)))

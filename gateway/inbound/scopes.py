"""SMART scopes: read, narrowed to what a client is registered for, asked.

`system/<type>.<permissions>` (http://hl7.org/fhir/smart-app-launch/STU2/scopes-and-launch-context.html). Only
system scopes are given: the gateway's token endpoint serves systems, and who is in front of one travels beside.
A scope with a query part (`?category=…`) is never given, because nothing here would enforce it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_SCOPE = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]{2,63})\.(c?r?u?d?s?|read|write|\*)(?:\?([^#\s]+))?")
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_ORDER = "cruds"
FREE = frozenset({"CodeSystem", "ValueSet", "ConceptMap"})
"""Types without anything of a citizen: every token may read and search them."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission: `type` is a resource type or `*`, `may` letters of `cruds` in that order."""

    type: str
    may: str

    def __str__(self) -> str:
        return f"system/{self.type}.{self.may}"


def read(text: str) -> Scope | None:
    """The scope, version 1 spellings as version 2; None for anything but a plain system scope.

    >>> str(read("system/Encounter.read"))
    'system/Encounter.rs'
    >>> read("system/Encounter.sr") is read("user/Encounter.rs") is None
    True
    """
    match = _SCOPE.fullmatch(text)
    if not match or match[1] != "system" or match[4] is not None:
        return None
    may = _VERSION_1.get(match[3], match[3])
    return Scope(match[2], may) if may else None


def narrow(asked: str, registered: Iterable[Scope]) -> tuple[Scope, ...]:
    """What is given of what was asked: never a type or a letter that is not registered.

    `system/*.cruds` asked by a client registered for `system/CarePlan.rs` gives `system/CarePlan.rs`.
    """
    given: dict[str, set[str]] = {}
    registered = tuple(registered)
    for text in asked.split(" "):
        wanted = read(text)
        if wanted is None:
            continue
        for have in registered:
            if wanted.type in (have.type, "*") or have.type == "*":
                kind = have.type if wanted.type == "*" else wanted.type
                given.setdefault(kind, set()).update(set(wanted.may) & set(have.may))
    return tuple(Scope(kind, "".join(c for c in _ORDER if c in may)) for kind, may in sorted(given.items()) if may)


def allows(scopes: Iterable[str], kind: str, letter: str) -> bool:
    """Whether scopes, as a token holds them, permit one interaction (a letter of `cruds`) on one type."""
    if kind in FREE and letter in "rs":
        return True
    return any(s is not None and s.type in (kind, "*") and letter in s.may for s in map(read, scopes))

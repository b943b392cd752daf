"""The access limits that a case system puts on its cases and documents (OIO: SF1470 general guide, chapter 12).

| limit | who passes it |
|---|---|
| owner, KLE class, Foelsomhed | readers whose registration names all three together (`CaseAccess`) |
| Sikkerhedsprofil | only the organisations, units and people on it, whatever else they may |
| its cases | a document follows its cases: one of them must be open to the reader, and its own limits too |
| its case | an effort (Indsats) has no owner: it has its case's, and is limited no less than its case |

They narrow what law and consent permit and never widen it, also not for an override. Foelsomhed has four levels; who
may see one sees those below it. VIP_SAGER is open to those alone whose registration says so. A reader without any
registration for cases passes the three levels below for every owner and class: law and consent decide.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gateway.domain.identifier import normal, spelled

if TYPE_CHECKING:
    from gateway.domain.caller import Caller
    from gateway.domain.resource import Facts

KLE = "https://data.gov.dk/id/classification/KLE"
"""The code system of what cases are about: subjects (27.57.16) and action facets (G01)."""

SENSITIVITY = (
    "IKKE_FORTROLIGE_DATA", "FORTROLIGE_PERSONOPLYSNINGER", "FOELSOMME_PERSONOPLYSNINGER", "VIP_SAGER",
)  # fmt: skip
"""How sensitive data is, in the words of OIO, the harmless first (SF1470 sag guide, Sagindeksegenskaber)."""
SENSITIVITY_URL = "https://faellesplan.dk/fhir/StructureDefinition/oio-sensitivity"
PROFILE_URL = "https://faellesplan.dk/fhir/StructureDefinition/oio-access-profile"
ANY = "*"

_NOBODY = "nobody"
_VIP = len(SENSITIVITY) - 1
_SUBJECT = re.compile(r"\d\d\.\d\d\.\d\d", re.ASCII)
_OWNER = {
    "CarePlan": "author", "CareTeam": "managingOrganization", "DocumentReference": "custodian", "Account": "owner",
    "Flag": "author",
}  # fmt: skip
_CLASSED = ("category", "type", "code")


@dataclass(frozen=True, slots=True)
class Limits:
    """What limits a case or document: the identifier key of its owner, its KLE subject ("" where it has none), its
    level of Foelsomhed, and the keys on its profile. `gone`: it was taken out of its system. `told`: only a case tells
    of it, as of its notes."""

    owner: str
    subject: str
    level: int
    profile: tuple[str, ...] = ()
    gone: bool = False
    told: bool = False


@dataclass(frozen=True, slots=True)
class CaseAccess:
    """Cases that a client may read: of one owner (identifier key, or `*`), of KLE classes by the beginning of their
    number (or `*`), up to a level of Foelsomhed. All three must fit."""

    owner: str
    classes: tuple[str, ...]
    level: int

    def opens(self, limits: Limits) -> bool:
        """Whether a case within these limits may be read."""
        if limits.level > self.level or self.owner not in (ANY, limits.owner):
            return False
        return ANY in self.classes or (bool(limits.subject) and limits.subject.startswith(self.classes))


UNREGISTERED = CaseAccess(ANY, (ANY,), _VIP - 1)


def narrower(one: str, other: str) -> str:
    """The narrower of two classes when one lies within the other, "" when they have nothing in common."""
    if other == ANY or one.startswith(other):
        return one
    return other if one == ANY or other.startswith(one) else ""


def still_open(told: tuple[CaseAccess, ...], registered: tuple[CaseAccess, ...]) -> tuple[CaseAccess, ...] | None:
    """What is left of the cases that somebody was let in for, now that the client is registered for these; None where
    nothing is left. Who was let in for no rows had no limit but the client's."""
    if not told:
        return registered
    both = [
        CaseAccess(have.owner if one.owner == ANY else one.owner, classes, min(one.level, have.level))
        for one in told
        for have in registered or (UNREGISTERED,)
        if ANY in (one.owner, have.owner) or one.owner == have.owner
        if (classes := tuple(dict.fromkeys(c for a in one.classes for b in have.classes if (c := narrower(a, b)))))
    ]
    return tuple(dict.fromkeys(both)) or None


def limits_of(body: dict[str, Any]) -> Limits | None:
    """The limits of a FHIR body; None where no case system put any."""
    told = [one for one in body.get("extension", ()) if isinstance(one, dict)]
    levels = [_level(one.get("valueCode")) for one in told if one.get("url") == SENSITIVITY_URL]
    if not levels:
        return None
    profile = {_key(one.get("valueReference")) for one in told if one.get("url") == PROFILE_URL}
    owner = body.get(_OWNER.get(str(body.get("resourceType")), ""), {})
    gone = body.get("status") == "entered-in-error"
    first = owner[0] if isinstance(owner, list) and owner else owner
    numbers = [one.get("use") for one in body.get("identifier", ()) if isinstance(one, dict)]
    return Limits(_key(first), _subject(body), max(levels), tuple(sorted(profile)), gone, "official" not in numbers)


def barred(
    caller: Caller, facts: Sequence[Facts], permitted: Collection[tuple[str, str]], around: Iterable[Facts] = ()
) -> set[tuple[str, str]]:
    """Of the resources (kind, id) that are permitted so far, those that their limits close to this caller. `around` are
    others of the citizen that are not decided about: a document may lie on a case among them."""
    limited = [one for one in facts if one.limits is not None]
    if not limited:
        return set()
    cases = [one for one in (*limited, *around) if one.kind == "CarePlan" and one.limits]
    lying = {one.id: _cases_of(one, cases) for one in limited if one.kind == "DocumentReference"}
    closed = set()
    for one in limited:
        if not any(_passes(caller, limits, bool(lying.get(one.id))) for limits in _in_force(one, cases)):
            closed.add((one.kind, one.id))
    if not (closed or lying):  # nearly always
        return closed
    allowed = set(permitted)
    for one in limited:
        if one.kind == "DocumentReference" and not _follows(one, lying[one.id], allowed, closed):
            closed.add((one.kind, one.id))
    return closed & allowed


def told_why(caller: Caller, one: Facts, facts: Iterable[Facts]) -> str:
    """Which limit closes a resource that is `barred`, in words; `facts` are those of the citizen, it among them."""
    if one.limits is None:
        return ""
    cases = [other for other in facts if other.kind == "CarePlan" and other.limits]
    lying = one.kind == "DocumentReference" and bool(_cases_of(one, cases))
    closed = [limits for limits in _in_force(one, cases) if not _passes(caller, limits, lying)]
    if not closed:
        return "none of the cases that it lies on is open to this reader"
    limits = closed[0]
    if limits.profile and not _on_profile(caller, limits):
        return "Sikkerhedsprofil: this reader is not on it"
    level = SENSITIVITY[limits.level]
    return f"owner, KLE class and Foelsomhed ({level}) together fit no row of this client's registration (cases)"


def _in_force(one: Facts, cases: Sequence[Facts]) -> list[Limits]:
    """The limits of which one must let the reader in: its own; of an effort (a plan that has no owner, while every case
    has one) its own within those of each case that it is tied to."""
    own = one.limits
    if own is None:
        return []
    if one.kind != "CarePlan" or own.owner != _NOBODY:
        return [own]
    over = [case.limits for case in cases if case.limits and f"CarePlan/{case.id}" in one.related]
    return [_within(own, case) for case in over if case.owner != _NOBODY and not case.gone] or [own]


def _within(own: Limits, case: Limits) -> Limits:
    """Whose a thing is, what it is about and who is on its profile are its case's, where it does not say; it is never
    less sensitive."""
    return replace(
        own, owner=case.owner, subject=own.subject or case.subject, level=max(own.level, case.level),
        profile=own.profile or case.profile,
    )  # fmt: skip


def _on_profile(caller: Caller, limits: Limits) -> bool:
    """Whether the reader is on the Sikkerhedsprofil."""
    return not _keys_of(caller.organisation.key, caller.user, caller.member_of).isdisjoint(limits.profile)


@lru_cache(maxsize=1024)  # the same people ask again and again
def _keys_of(organisation: str, user: str, member_of: tuple[str, ...]) -> frozenset[str]:
    return frozenset([organisation, *(spelled(key) for key in (user, *member_of) if key)])


def _passes(caller: Caller, limits: Limits, on_case: bool) -> bool:
    if limits.profile and not _on_profile(caller, limits):
        return False
    if caller.role == "citizen":  # they are told by their own right; the three limit authorities
        return True
    access = caller.cases or (UNREGISTERED,)
    if on_case:  # whose it is and what it is about are its case's, where it does not say
        access = tuple(replace(row, owner=ANY) if limits.owner == _NOBODY else row for row in access)
        access = access if limits.subject else tuple(replace(row, classes=(ANY,)) for row in access)
    return any(row.opens(limits) for row in access)


def _follows(
    document: Facts, there: Sequence[Facts], permitted: Collection[tuple[str, str]], closed: set[tuple[str, str]]
) -> bool:
    """One of its cases must be open. What lies on a case that is not here, or lies on it no more, is nobody's."""
    if not there:
        return not any(reference.startswith("CarePlan/") for reference in document.related)
    left = [one for one in there if one.limits and not one.limits.gone]  # with its case it was taken out as well
    return any((one.kind, one.id) in permitted and (one.kind, one.id) not in closed for one in left)


def _cases_of(document: Facts, cases: Iterable[Facts]) -> list[Facts]:
    """A document may say itself on which cases it lies (LoRa); what only a case tells of must be told by it still."""
    own = f"DocumentReference/{document.id}"
    named = frozenset() if document.limits and document.limits.told else document.related
    return [one for one in cases if own in one.related or f"CarePlan/{one.id}" in named]


def _level(word: object) -> int:
    """A word that is none of the four counts as the last."""
    return SENSITIVITY.index(word) if isinstance(word, str) and word in SENSITIVITY else _VIP


def _subject(body: dict[str, Any]) -> str:
    told = [body.get(name, ()) for name in _CLASSED]
    for concept in (one for value in told for one in (value if isinstance(value, list) else [value])):
        for coding in concept.get("coding", ()) if isinstance(concept, dict) else ():
            code = coding.get("code", "") if isinstance(coding, dict) else ""
            if coding.get("system") == KLE and _SUBJECT.fullmatch(str(code)):
                return str(code)
    return ""


def _key(reference: object) -> str:
    """The key of who is referred to; a text that nobody's key is where it has none."""
    identifier = reference.get("identifier") if isinstance(reference, dict) else None
    if isinstance(identifier, dict) and identifier.get("system") and identifier.get("value"):
        return normal(str(identifier["system"]), str(identifier["value"])).key
    return _NOBODY

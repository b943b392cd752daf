"""Who a provision names: persons, organisations, care teams and groups, by reference or by identifier.

A permit covers exactly those it names, a deny also what is below them (rule 12). Two things are ours:
the extension `consent-sub-units` on an actor lets a permit cover an organisation's sub-units as well where it is true,
and a deny leave them alone where it is false, as MinSpærring knows both; and a code of `reader-role` in `actor.role`
narrows an organisation to one of its legal worlds (its jobcenter, not all of it).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.consent.ask import Asked, as_organisation
from gateway.domain.consent.codes import MAYBE, NO, YES, concept
from gateway.domain.identifier import normal

SUB_UNITS = "https://faellesplan.dk/fhir/StructureDefinition/consent-sub-units"
READER_ROLE = "https://faellesplan.dk/fhir/CodeSystem/reader-role"

_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_RECIPIENT = frozenset({f"{_PARTICIPATION}|IRCP", f"{_PARTICIPATION}|PRCP"})

_KINDS = frozenset(
    {"Practitioner", "PractitionerRole", "Organization", "CareTeam", "Patient", "RelatedPerson", "Group", "Device",
     "HealthcareService"}
)  # fmt: skip

_HERE = re.compile(r"(?:CareTeam|Patient|RelatedPerson)/[0-9a-f]{32}", re.ASCII)

Resolve = Callable[[str], Iterable[str]]
"""A literal reference (`Organization/7`) → the keys it stands for; none when it leads nowhere."""


def by_name(reference: str) -> Iterable[str]:
    """A relative reference stands for itself; absolute ones lead out of here and are not resolved."""
    kind, _, identity = reference.partition("/")
    return (reference,) if kind in _KINDS and identity and "/" not in identity else ()


def in_this_gateway(reference: str) -> Iterable[str]:
    """Only citizens, relatives and care teams are resources here, under ids that are made here; staff and organisations
    are named by identifier. Of a composed team nobody is a member: whoever writes a team of its own would be."""
    return (reference,) if _HERE.fullmatch(reference) else ()


@dataclass(frozen=True, slots=True)
class _Legal:
    """Keys that count only for askers with one of these roles."""

    roles: frozenset[str]
    exact: frozenset[str]
    units: frozenset[str]
    alone: bool

    def hits(self, asked: Asked) -> bool:
        """Whether a deny of these is about the asker."""
        return not (self.exact | self.units).isdisjoint(asked.own if self.alone else asked.wide)


@dataclass(frozen=True, slots=True)
class Actors:
    """The actors of a provision: any of them matches. `units` are those named with their sub-units. A deny is of those
    that `below` names, and of all that is below them; of those in `alone` it is of nobody else."""

    exact: frozenset[str]
    units: frozenset[str]
    below: frozenset[str]
    alone: frozenset[str]
    legal: tuple[_Legal, ...]
    vague: bool

    @property
    def reach(self) -> frozenset[str] | None:
        """Every key by which an asker can be meant, None when that may be anybody."""
        if self.vague:
            return None
        return (self.exact | self.units).union(*(one.exact | one.units for one in self.legal))

    def grades(self, asked: Asked) -> tuple[int, int]:
        """How well the asker is named as a permit names people, and as a deny does, sub-units included."""
        if not self.exact.isdisjoint(asked.exact) or not self.units.isdisjoint(asked.within):
            return (YES, YES)
        unclear = MAYBE if self.vague else NO
        wide = unclear if self.below.isdisjoint(asked.wide) and self.alone.isdisjoint(asked.own) else YES
        for one in self.legal:
            met = not (one.exact.isdisjoint(asked.exact) and one.units.isdisjoint(asked.within))
            if asked.role in one.roles and met:
                return (YES, YES)
            if (asked.role in one.roles or not asked.role) and one.hits(asked):
                wide = YES
        return (unclear, wide)


def keys_of(reference: Any, contained: Mapping[str, Any], resolve: Resolve) -> frozenset[str]:
    """Every key that a Reference stands for, literal or logical; empty when it cannot be resolved."""
    if not isinstance(reference, dict):
        return frozenset()
    keys = _identifier_keys([reference.get("identifier")])
    literal = reference.get("reference")
    if isinstance(literal, str) and literal.startswith("#"):
        within = contained.get(literal[1:])
        keys |= _identifier_keys(within.get("identifier")) if isinstance(within, dict) else set()
    elif isinstance(literal, str):
        keys |= set(resolve(literal.partition("/_history/")[0]))
    return frozenset(keys)


def _identifier_keys(identifiers: Any) -> set[str]:
    listed = identifiers if isinstance(identifiers, list) else [identifiers]
    found = set()
    for one in listed:
        system, value = (one.get("system"), one.get("value")) if isinstance(one, dict) else (None, None)
        if isinstance(system, str) and isinstance(value, str) and system and value.strip():
            number = normal(system, value)
            if ":" in number.system:  # `SOR` is no URI: nobody is known by it, and whoever is meant may be anybody
                found.add(number.key)
    return found


def actors(value: Any, contained: Mapping[str, Any], resolve: Resolve) -> Actors:
    """The list `provision.actor`."""
    exact: set[str] = set()
    units: set[str] = set()
    alone: set[str] = set()
    legal: list[_Legal] = []
    vague = not isinstance(value, list) or not value
    for one in value if isinstance(value, list) else ():
        actor = one if isinstance(one, dict) else {}
        keys = keys_of(actor.get("reference"), contained, resolve)
        if _is_organisation(actor.get("reference")):
            keys = as_organisation(keys)
        roles = _roles(actor.get("role"))
        if not keys or roles is None or "modifierExtension" in actor:
            vague = True
            continue
        with_units = says_sub_units(actor.get("extension"))
        if roles:
            parts = (frozenset[str](), keys) if with_units else (keys, frozenset[str]())
            legal.append(_Legal(roles, *parts, alone=with_units is False))
        else:
            {True: units, False: alone, None: exact}[with_units].update(keys)
    below = frozenset(exact | units)
    return Actors(frozenset(exact | alone), frozenset(units), below, frozenset(alone), tuple(legal), vague)


def _is_organisation(reference: Any) -> bool:
    return isinstance(reference, dict) and reference.get("type") == "Organization"


def _roles(role: Any) -> frozenset[str] | None:
    """Our reader roles that the actor is limited to, empty for any; None when the role is no recipient's."""
    if role is None:
        return frozenset()
    said = concept(role)
    ours = frozenset(code for system, _, code in (key.rpartition("|") for key in said) if system == READER_ROLE)
    return ours if ours or not said.isdisjoint(_RECIPIENT) else None


def says_sub_units(extensions: Any) -> bool | None:
    """Whether an actor, or whose data is meant, is named with its sub-units; None where that is not said, or is said
    in both ways."""
    listed = extensions if isinstance(extensions, list) else []
    said = [e.get("valueBoolean") for e in listed if isinstance(e, dict) and e.get("url") == SUB_UNITS]
    return said[0] if len(said) == 1 and isinstance(said[0], bool) else None

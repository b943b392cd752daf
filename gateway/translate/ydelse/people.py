"""Whom a grant or payment is about, and which authority answers for it.

The roles of Ydelsesindeks stand in Fælleskommunalt Klassifikationssystem alone. Where one is not known (roles.csv), a
single person is the citizen and a single authority the owner; of several the roles must tell.
"""

from __future__ import annotations

from gateway.domain.identifier import CVR, Identifier, best_first
from gateway.errors import MissingField, NoCitizen, RuleBroken, WrongType
from gateway.translate.oio.party import Party, authority, organisation, read_urn, replacement
from gateway.translate.oio.roles import Roles
from gateway.translate.oio.tree import Node
from gateway.translate.ydelse.index import Registered

_PARTS = ("Bevillingspart", "OekonomiskEffektueringPart")
_ACTORS = ("Bevillingsaktoer", "Aktoer")
_MAIN = "PrimaerPart"


def citizen(told: Registered, roles: Roles) -> Party:
    """Who gets the benefit. Raises MissingField, NoCitizen, WrongType, RuleBroken with the place."""
    parts = [part for name in _PARTS for part in told.relations.each(name)]
    if not parts:
        raise MissingField("Nobody is told to get the benefit.", where=f"{told.relations.place}/{_part_of(told)}")
    named = [part for part in parts if roles.of(part) == _MAIN]
    people = [person for part in named or parts if (person := _person(part, alone=len(parts) == 1))]
    found = {person.identifier: person for person in reversed(people)}
    if not found:
        raise NoCitizen(where=parts[0].place, hint="A citizen is named by URN (urn:oio:cpr-nr:…).")
    if len(found) > 1:
        raise RuleBroken("Several persons get the benefit, and no known role tells which one it is.",
                         where=parts[-1].place, hint="Fill in mappings/ydelse/roles.csv.")  # fmt: skip
    return next(iter(found.values()))


def _part_of(told: Registered) -> str:
    return _PARTS[0] if told.index.name == "BevillingIndeks" else _PARTS[1]


def _person(part: Node, *, alone: bool) -> Party | None:
    """The person in a party; None for a company. `alone`: what is wrong with the only party is told."""
    reference = part.first("ReferenceID")
    urn = reference.said("URNIdentifikator") if reference else ""
    if not urn:
        return None
    try:
        found, _ = read_urn(urn, reference or part)
    except WrongType:
        if alone:
            raise
        return None
    numbers = best_first([one for one in (found, replacement(part.said("BrugervendtNoegle"))) if one])
    return Party(numbers[0], part.said("FuldtNavn"), False, part, numbers[1:]) if numbers else None


def owner(told: Registered, roles: Roles) -> tuple[str, ...]:
    """What the owning authority may be registered as, best first: CVR number, FK Organisation UUID. Raises
    MissingField, RuleBroken."""
    actors = [actor for name in _ACTORS for actor in told.relations.each(name)]
    found = owning(actors, roles)
    if found is None:
        where = f"{told.relations.place}/{_ACTORS[told.index.name != 'BevillingIndeks']}[Ejer]"
        numbers = {number.value for actor in actors if (number := number_of(actor))}
        if len(numbers) > 1:
            raise RuleBroken(
                "Several authorities answer for it, and no known role tells which one owns it.", where=where
            )
        raise MissingField("No owner with a CVR number is told.", where=where)
    number, unit = number_of(found), organisation(found.first("ReferenceID"))
    return tuple(one.value for one in (number, unit) if one)


def owning(actors: list[Node], roles: Roles) -> Node | None:
    """The actor that owns: by its role, or the only authority that all of them name."""
    by_role = next((actor for actor in actors if roles.of(actor) == "Ejer"), None)
    if by_role is not None and (number_of(by_role) or organisation(by_role.first("ReferenceID"))):
        return by_role
    numbered = [actor for actor in actors if number_of(actor)]
    return numbered[0] if len({number_of(actor) for actor in numbered}) == 1 else None


def number_of(actor: Node) -> Identifier | None:
    """The CVR number of the authority that an actor is, or belongs to."""
    told = authority(actor.said("CVR-nr"))
    named = organisation(actor.first("ReferenceID"))
    return told or (named if named and named.system == CVR else None)

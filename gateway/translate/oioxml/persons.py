"""Who stands in a letter: organisations with all their numbers, practitioners, relatives; functions of rule files."""

from __future__ import annotations

import hashlib
from typing import Any

from lxml import etree

from gateway.domain.identifier import GLN, SOR, YDER, Identifier, normal
from gateway.translate.oioxml import letter as letters
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.wording import words
from gateway.translate.rules.reader import Env

Json = dict[str, Any]

MUNICIPALITY = "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes"
DEPARTMENT = "urn:faellesplan:medcom:sygehusafdelingsnummer"


def organisation(env: Env, party: etree._Element) -> Json | None:
    """A sender or receiver as a logical reference, by its surest number, with its names in one line."""
    names = [tree.said(party, name) for name in ("OrganisationName", "DepartmentName", "UnitName")]
    display = ", ".join(dict.fromkeys(filter(None, names)))
    number = organisation_number(party)
    made: Json = {"type": "Organization"}
    if number:
        made["identifier"] = {"system": number.system, "value": number.value}
    return made | ({"display": display} if display else {}) if number or display else None


def organisation_number(party: etree._Element) -> Identifier | None:
    """Municipality number, SOR number, yder number; else the EAN; else a hospital department's number."""
    return next(iter(organisation_numbers(party)), None)


def organisation_numbers(party: etree._Element) -> list[Identifier]:
    """All numbers of a party, the surest first. A number in the wrong place (an EAN as municipality) is left out."""
    code, number = tree.said(party, "IdentifierCode"), tree.said(party, "Identifier")
    found = []
    if code == "kommunenummer" and letters.municipality(number):
        found.append(Identifier(MUNICIPALITY, letters.municipality(number)))
    if number and code in ("sorkode", "ydernummer"):
        found.append(normal(SOR if code == "sorkode" else YDER, number))
    if ean := tree.said(party, "EANIdentifier"):
        found.append(normal(GLN, ean))
    if number and code == "sygehusafdelingsnummer":
        found.append(Identifier(DEPARTMENT, number))
    return found


def party(env: Env, node: etree._Element) -> Json | None:
    """As `organisation`, pointing at the contained Organization with all its numbers: whoever answers needs both."""
    found = organisation(env, node)
    return found and {"reference": f"#{tree.name(node).lower()}"} | found


def contained_party(env: Env, node: etree._Element) -> Json:
    """The Organization that `party` points at, with its telephone."""
    numbers = [{"system": one.system, "value": one.value} for one in organisation_numbers(node)]
    made: Json = {"resourceType": "Organization", "id": tree.name(node).lower(), "identifier": numbers}
    display = (organisation(env, node) or {}).get("display")
    telephone = tree.said(node, "TelephoneSubscriberIdentifier")
    made |= {"name": display} if display else {}
    return made | ({"telecom": [{"system": "phone", "value": telephone}]} if telephone else {})


def person(env: Env, node: etree._Element) -> Json | None:
    """A practitioner or practice that stands by name, number and telephone: a logical reference."""
    found = organisation(env, node)
    name = " ".join(filter(None, (tree.said(node, "PersonGivenName"), tree.said(node, "PersonSurnameName"))))
    if not name:
        return found
    made: Json = {"type": "Practitioner", "display": name}
    return made | ({"identifier": found["identifier"]} if found and "identifier" in found else {})


def contact(env: Env, node: etree._Element) -> Json | None:
    """Whom to talk to, with the telephone and the hours in the words that show it."""
    said = [tree.worded(one) for one in tree.parts(node, "ContactName")]
    said += [tree.said(node, name) for name in ("TelephoneSubscriberIdentifier", "ContactTimeText")]
    display = ", ".join(filter(None, said))
    return {"type": "Practitioner", "display": display} if display else None


def team(env: Env, node: etree._Element) -> str:
    """The care team that this source tells of this citizen."""
    return f"{env.source.id}|team|{env.message.citizen[0].key}"


def member(env: Env, kind: str, node: etree._Element) -> str:
    """A stable id of a team member: the unit's number, the relative's number or name."""
    number = organisation_number(node)
    who = number.key if number else " ".join(words(env, node).split())
    return hashlib.sha256(f"{kind}|{who}".encode()).hexdigest()[:16]


def relative(env: Env, node: etree._Element) -> str:
    """The key of a relative: the number, else the name, beside the citizen's."""
    names = [tree.said(node, name) for name in ("PersonIdentifier", "PersonSurnameName", "PersonGivenName")]
    who = names[0] or "|".join(names[1:]).lower()
    return f"{env.source.organisation.key}|RelatedPerson|{env.message.citizen[0].key}|{who}" if any(names) else ""

"""The named functions of mappings/oioxml. `env.message` is the `About`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from lxml import etree

from gateway.domain import correspondence
from gateway.domain.episode import EPISODE, anywhere, bare
from gateway.domain.identifier import CPR, D_ECPR, GLN, SOR, X_ECPR, Identifier
from gateway.errors import WrongType
from gateway.translate.oioxml import letter as letters
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.letter import Letter
from gateway.translate.rules.reader import Env, Function, Unfit

Json = dict[str, Any]

LPR3 = "https://www.esundhed.dk/Registre/Landspatientregisteret"
YDER = "urn:oid:1.2.208.176.1.4"
MUNICIPALITY = "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
STAYS = {
    "inaktiv": ("other", "unknown"),
    "indlagt": ("IMP", "in-progress"),
    "ambulant": ("AMB", "in-progress"),
    "ambulant_roentgen": ("AMB", "in-progress"),
    "doed": ("other", "finished"),
}
"""Patient/EpisodeOfCareStatusCode of an XDIS91 as class and status (Map_between_OIOXML_FHIR.md)."""
DEPARTMENT = "urn:faellesplan:medcom:sygehusafdelingsnummer"
_SYSTEMS = {
    "SKSdiagnosekode": "urn:oid:1.2.208.176.2.4.12",
    "ICPCkode": "urn:oid:1.2.208.176.2.31",
}  # as DK Core names them; the letters' other systems have no public name
_TRUE, _FALSE = frozenset({"true", "ja"}), frozenset({"false", "nej"})
_TIMES = frozenset({"Date", "Time", "TimeWithSec"})
_CODES = frozenset({"Code", "CodeSystem", "Terminology", "DiagnoseCode", "DiagnoseTypeCode", "DiagnoseDescriptionCode"})


@dataclass(frozen=True, slots=True)
class About:
    """What the functions know of the letter they are asked about."""

    letter: Letter
    citizen: tuple[Identifier, ...]
    recorded: datetime


def citizen(env: Env, *numbers: str) -> str:
    """The key of the citizen."""
    return str(env.message.citizen[0].key)


def citizen_identifier(env: Env, *numbers: str) -> Json:
    """The citizen's number: CPR official, a replacement temp (DK Core)."""
    found: Identifier = env.message.citizen[0]
    made = {"system": found.system, "value": found.value}
    if found.system == CPR:
        return {"use": "official"} | made
    return {"use": "temp"} | made if found.system.startswith((X_ECPR, D_ECPR)) else made


def at(env: Env, node: etree._Element) -> str:
    """A Date with its Time as a FHIR dateTime; a mere date stays one."""
    try:
        found = letters.moment(node, env.timezone)
    except WrongType:
        raise Unfit("is no date and time") from None
    if not tree.said(node, "Time") and not tree.said(node, "TimeWithSec"):
        return tree.said(node, "Date")[:10]
    return local(found, env.timezone)


def local(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as FHIR writes it, with the zone's own offset."""
    return moment.astimezone(zone).isoformat(timespec="seconds")


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
        found.append(Identifier(SOR if code == "sorkode" else YDER, number))
    if ean := tree.said(party, "EANIdentifier"):
        found.append(Identifier(GLN, ean))
    if number and code == "sygehusafdelingsnummer":
        found.append(Identifier(DEPARTMENT, number))
    return found


def party(env: Env, node: etree._Element) -> Json | None:
    """As `organisation`, pointing at the contained Organization with all its numbers: whoever answers needs both."""
    found = organisation(env, node)
    return found and {"reference": f"#{tree.name(node).lower()}"} | found


def contained(
    env: Env,
    sender: etree._Element,
    receiver: etree._Element | None = None,
    patient: etree._Element | None = None,
    number: etree._Element | None = None,
) -> list[Json]:
    """What a Communication points at inside itself: both parties, and the stay where one is told of."""
    made = [_contained(env, node) for node in (sender, receiver) if node is not None]
    found = stay(env, patient, number) if patient is not None else None
    return made + ([found] if found else [])


def _contained(env: Env, node: etree._Element) -> Json:
    numbers = [{"system": one.system, "value": one.value} for one in organisation_numbers(node)]
    made: Json = {"resourceType": "Organization", "id": tree.name(node).lower(), "identifier": numbers}
    display = (organisation(env, node) or {}).get("display")
    telephone = tree.said(node, "TelephoneSubscriberIdentifier")
    made |= {"name": display} if display else {}
    return made | ({"telecom": [{"system": "phone", "value": telephone}]} if telephone else {})


def episode(env: Env, number: str) -> str:
    """The key of the stay: 32 characters name it anywhere, a shorter number within the sender's organisation."""
    return anywhere(number) or f"{EPISODE}{env.source.organisation.key}|{bare(number)}"


def episode_number(env: Env, number: str) -> Json:
    """The episode's Identifier. Letters write UUIDs without hyphens, FHIR with them."""
    if anywhere(number):
        return _uuid(number)
    return {"system": f"urn:faellesplan:source:{env.source.id}:episode", "value": number}


def _uuid(number: str) -> Json:
    text = bare(number)
    text = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    return {"system": correspondence.URI, "value": f"urn:uuid:{text}"}


def message(env: Env, number: str) -> str:
    """The key of the letter as a message: who sent it, its number, whom it is about."""
    party = tree.part(env.message.letter.node, "Sender")
    sender = organisation_number(party) if party is not None else None
    return correspondence.message_key(sender.key if sender else env.source.id, number, env.message.citizen[0].key)


def message_number(env: Env, number: str) -> Json:
    """The letter's number as an Identifier, within its sender's EAN."""
    return {"system": f"urn:faellesplan:ean:{env.message.letter.ean}:letter", "value": number}


def stay(env: Env, patient: etree._Element, number: etree._Element | None = None) -> Json | None:
    """The stay that a correspondence goes with, contained in it, by MedCom's conversion rules; None for a letter that
    tells of none: status inaktiv and no episode."""
    kind, status = STAYS.get(tree.said(patient, "EpisodeOfCareStatusCode"), STAYS["inaktiv"])
    if number is None and status == "unknown":
        return None
    coding = {"code": kind} if kind == "other" else {"system": ACT_CODE, "code": kind}
    made: Json = {"resourceType": "Encounter", "id": "encounter", "status": status, "class": coding}
    if number is not None:
        identifier = episode_number(env, tree.worded(number))
        made["episodeOfCare"] = [{"type": "EpisodeOfCare", "identifier": identifier}]
    return made


def object_url(env: Env, number: str) -> str:
    """Where an attached file is read, by the number that both the letter and the file's own letter give it."""
    return f"Binary/{object_id(env, number)}"


def object_number(env: Env, number: str) -> Json:
    """The number of an attached file as an Identifier, as `episode_number` writes UUIDs."""
    if anywhere(number):
        return _uuid(number)
    return {"system": f"urn:faellesplan:ean:{env.message.letter.ean}:object", "value": number}


def object_id(env: Env, number: str) -> str:
    """The id of an attached file."""
    about: About = env.message
    owner = f"{about.letter.ean}|{about.citizen[0].key}"
    return env.ids("Binary", correspondence.attached_key(owner, bare(number)))


def content(env: Env, text: str) -> bytes:
    """The bytes of an attached file. Raises Unfit for what is no base64."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unfit("is not base64") from None


def priority(env: Env, text: str) -> str:
    """`høj_prioritet`, however the letter ø came through, is asap."""
    return "asap" if re.fullmatch(r"h.{1,2}j_prioritet", text) else "routine"


def words(env: Env, node: etree._Element) -> str:
    """All text of an element and of those in it, one line for each, without codes."""
    return "\n".join(_lines(node))


def _lines(node: etree._Element) -> list[str]:
    if _leaf(node):
        text = tree.worded(node)
        return [text] if text else []
    found = []
    for child in node:
        name = tree.name(child)
        if name in _CODES or name in _TIMES:
            continue
        if _leaf(child) and tree.worded(child) in _TRUE:
            found.append(name)  # a mere yes says nothing without its question
        elif not (_leaf(child) and tree.worded(child) in _FALSE):
            found += _lines(child)
    return found


def _leaf(node: etree._Element) -> bool:
    return len(node) == 0 or bool((node.text or "").strip()) or any((child.tail or "").strip() for child in node)


def coding(env: Env, node: etree._Element) -> Json | None:
    """The Code, CodeSystem and Terminology in or below an element, with its system as the letters name it."""
    code = next((one for one in node.iter() if tree.name(one) in ("Code", "DiagnoseCode") and tree.worded(one)), None)
    if code is None:
        return None
    beside = code.getparent()
    system = tree.said(beside, "CodeSystem") or tree.said(beside, "DiagnoseTypeCode")
    display = tree.said(beside, "Terminology") or tree.said(beside, "DiagnoseText")
    system = (
        system
        if ":" in system
        else _SYSTEMS.get(system) or f"urn:faellesplan:medcom:{quote(system or 'kode', safe='')}"
    )
    made = {"system": system, "code": tree.worded(code)}
    return made | ({"display": display} if display else {})


def concept(env: Env, node: etree._Element) -> Json | None:
    """As `coding`, a CodeableConcept with the words beside the code."""
    found = coding(env, node)
    text = (found or {}).get("display") or words(env, node)
    made: Json = {"coding": [found]} if found else {}
    return made | ({"text": text} if text else {}) or None


def part_key(env: Env, kind: str, node: etree._Element, number: etree._Element | None = None) -> str:
    """The key of one part of a plan: the stay (without one the letter), and the code or words that tell it apart."""
    found = coding(env, node)
    stay = bare(tree.worded(number)) if number is not None else env.message.letter.id
    return f"{env.source.organisation.key}|{kind}|{stay}|{found['code'] if found else words(env, node)}"


def plan_key(env: Env, kind: str, number: etree._Element | None = None) -> str:
    """The key of what a kind of letter tells of a stay: the next letter of this kind tells it anew."""
    about = env.message.letter
    stay = bare(tree.worded(number)) if number is not None else about.id
    return f"{env.source.organisation.key}|{kind}|{stay}|{about.kind}"


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


def titled(env: Env, node: etree._Element) -> str:
    """The name of an element, for tables that say what it means."""
    return tree.name(node)


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "citizen": Function(citizen, gives="key", arity=(1, 2), always=True),
        "citizen_identifier": Function(citizen_identifier, gives="Identifier", arity=(1, 2), always=True),
        "at": Function(at, takes="node", gives="dateTime"),
        "organisation": Function(organisation, takes="node", gives="Reference"),
        "episode": Function(episode, gives="key"),
        "episode_number": Function(episode_number, gives="Identifier"),
        "message": Function(message, gives="key"),
        "message_number": Function(message_number, gives="Identifier"),
        "object_url": Function(object_url, gives="url"),
        "object_number": Function(object_number, gives="Identifier"),
        "priority": Function(priority, gives="code", codes=frozenset({"asap", "routine"})),
        "party": Function(party, takes="node", gives="Reference"),
        "contained": Function(contained, takes="node", gives="any*", arity=(1, 4)),
        "stay": Function(stay, takes="node", gives="any", arity=(1, 2)),
        "words": Function(words, takes="node", gives="string"),
        "coding": Function(coding, takes="node", gives="Coding"),
        "part_key": Function(part_key, takes="node", gives="key", arity=(2, 3)),
        "plan_key": Function(plan_key, takes="node", gives="key", arity=(1, 2)),
        "team": Function(team, takes="node", gives="key"),
        "member": Function(member, takes="node", gives="id", arity=(2, 2)),
        "relative": Function(relative, takes="node", gives="key"),
        "person": Function(person, takes="node", gives="Reference"),
        "contact": Function(contact, takes="node", gives="Reference"),
        "titled": Function(titled, takes="node", gives="string"),
        "concept": Function(concept, takes="node", gives="CodeableConcept"),
    }
)

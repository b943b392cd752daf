"""The named functions of mappings/oioxml: a closed list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from lxml import etree

from gateway.errors import WrongType
from gateway.translate.oioxml import letter as letters
from gateway.translate.oioxml import numbers, persons, tree, wording
from gateway.translate.rules.reader import Env, Function, Unfit

Json = dict[str, Any]

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
STAYS = {
    "inaktiv": ("other", "unknown"),
    "indlagt": ("IMP", "in-progress"),
    "ambulant": ("AMB", "in-progress"),
    "ambulant_roentgen": ("AMB", "in-progress"),
    "doed": ("other", "finished"),
}
"""Patient/EpisodeOfCareStatusCode of an XDIS91 as class and status (Map_between_OIOXML_FHIR)."""


def at(env: Env, node: etree._Element) -> str:
    """A Date with its Time as a FHIR dateTime; a mere date stays one."""
    try:
        found = letters.moment(node, env.timezone)
    except WrongType:
        raise Unfit("is no date and time") from None
    if not tree.said(node, "Time") and not tree.said(node, "TimeWithSec"):
        return tree.said(node, "Date")[:10]
    return found.astimezone(env.timezone).isoformat(timespec="seconds")


def contained(
    env: Env,
    sender: etree._Element,
    receiver: etree._Element | None = None,
    patient: etree._Element | None = None,
    number: etree._Element | None = None,
) -> list[Json]:
    """What a Communication points at inside itself: both parties, and the stay where one is told of."""
    made = [persons.contained_party(env, node) for node in (sender, receiver) if node is not None]
    found = stay(env, patient, number) if patient is not None else None
    return made + ([found] if found else [])


def stay(env: Env, patient: etree._Element, number: etree._Element | None = None) -> Json | None:
    """The stay that a correspondence goes with, contained in it, by MedCom's conversion rules; None for a letter that
    tells of none: status inaktiv and no episode."""
    kind, status = STAYS.get(tree.said(patient, "EpisodeOfCareStatusCode"), STAYS["inaktiv"])
    if number is None and status == "unknown":
        return None
    coding = {"code": kind} if kind == "other" else {"system": ACT_CODE, "code": kind}
    made: Json = {"resourceType": "Encounter", "id": "encounter", "status": status, "class": coding}
    if number is not None:
        identifier = numbers.episode_number(env, tree.worded(number))
        made["episodeOfCare"] = [{"type": "EpisodeOfCare", "identifier": identifier}]
    return made


def priority(env: Env, text: str) -> str:
    """`høj_prioritet`, however the letter ø came through, is asap."""
    return "asap" if re.fullmatch(r"h.{1,2}j_prioritet", text) else "routine"


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "citizen": Function(numbers.citizen, gives="key", arity=(1, 2), always=True),
        "citizen_identifier": Function(numbers.citizen_identifier, gives="Identifier", arity=(1, 2), always=True),
        "at": Function(at, takes="node", gives="dateTime"),
        "organisation": Function(persons.organisation, takes="node", gives="Reference"),
        "episode": Function(numbers.episode, gives="key"),
        "episode_number": Function(numbers.episode_number, gives="Identifier"),
        "message": Function(numbers.message, gives="key"),
        "message_number": Function(numbers.message_number, gives="Identifier"),
        "object_url": Function(numbers.object_url, gives="url"),
        "object_number": Function(numbers.object_number, gives="Identifier"),
        "priority": Function(priority, gives="code", codes=frozenset({"asap", "routine"})),
        "party": Function(persons.party, takes="node", gives="Reference"),
        "contained": Function(contained, takes="node", gives="any*", arity=(1, 4)),
        "stay": Function(stay, takes="node", gives="any", arity=(1, 2)),
        "words": Function(wording.words, takes="node", gives="string"),
        "coding": Function(wording.coding, takes="node", gives="Coding"),
        "part_key": Function(numbers.part_key, takes="node", gives="key", arity=(2, 3)),
        "plan_key": Function(numbers.plan_key, takes="node", gives="key", arity=(1, 2)),
        "team": Function(persons.team, takes="node", gives="key"),
        "member": Function(persons.member, takes="node", gives="id", arity=(2, 2)),
        "relative": Function(persons.relative, takes="node", gives="key"),
        "person": Function(persons.person, takes="node", gives="Reference"),
        "contact": Function(persons.contact, takes="node", gives="Reference"),
        "titled": Function(wording.titled, takes="node", gives="string"),
        "concept": Function(wording.concept, takes="node", gives="CodeableConcept"),
    }
)

"""How things in a letter are known: stay, message, file, parts of a plan; as functions of rule files.

`env.message` is the `About`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from gateway.domain import correspondence
from gateway.domain.episode import EPISODE, anywhere, bare
from gateway.domain.identifier import CPR, D_ECPR, X_ECPR, Identifier
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.letter import Letter
from gateway.translate.oioxml.persons import organisation_number
from gateway.translate.oioxml.wording import coding, words
from gateway.translate.rules.reader import Env

Json = dict[str, Any]

LPR3 = "https://www.esundhed.dk/Registre/Landspatientregisteret"


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

"""Whose a write is: the source that speaks, the citizen it is about, and what of it is another citizen's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from gateway.domain import directory
from gateway.domain.caller import Caller
from gateway.domain.fold import SUBJECT
from gateway.domain.handover import own_sources
from gateway.domain.identifier import CPR, D_ECPR, X_ECPR, Identifier, best_first, normal
from gateway.domain.plan import citizen_of_joint, is_joint
from gateway.domain.resource import Facts
from gateway.domain.security_label import CONFIDENTIALITY
from gateway.domain.source import Source, written_as
from gateway.errors import Forbidden, MissingField, NotFound, RuleBroken
from gateway.flows.departed import when_left
from gateway.flows.ground import known_of
from gateway.flows.looking import Seen, look_at_one, opened
from gateway.flows.parts import Gateway
from gateway.flows.writing.asked import Around, Json, Work, overridden
from gateway.store import resources, wire
from gateway.translate.fhir.links import check_named

_OURS = re.compile(r"([A-Z][A-Za-z]+)/([0-9a-f]{32}|joint-[0-9a-f]{32})(?:/_history/\d+)?", re.ASCII)
_NOBODYS = frozenset({*directory.KINDS, "Binary"})
_OF_A_SOURCE = "urn:faellesplan:source:"
_NORMAL = f"{CONFIDENTIALITY}|N"
_CITIZENS = (CPR, X_ECPR, D_ECPR)
MOST_REFERENCES = 200


@dataclass(frozen=True, slots=True)
class Citizen:
    """Whom a write is about. `same` are all Patient ids of this person."""

    id: str
    numbers: tuple[Identifier, ...]
    same: frozenset[str]


def source_of(gateway: Gateway, caller: Caller) -> Source:
    """The source in whose name this client writes. Raises Forbidden."""
    return written_as(caller.sends, gateway.sources)


async def citizen_of(gateway: Gateway, caller: Caller, work: Work, body: Json, around: Around) -> Citizen:
    """The citizen that the resource names, whom this caller must be permitted to see; the element that names them is
    taken out where the fold writes it again. A write about somebody whom the caller may not see is on that citizen's
    record. Raises MissingField, NotFound."""
    kind = work.asked.kind
    place = f"{kind}.{SUBJECT.get(kind, 'subject')}"
    if kind == "Appointment":
        place, named = f"{kind}.participant", _patients_among(gateway, body)
    else:
        subject = body.pop(SUBJECT.get(kind, "subject"), None)
        told = subject if isinstance(subject, list) else [subject]  # of an Account there may be several
        named = [one for one in told if isinstance(one, dict)]
    found = [await _found(gateway, caller, work, one, place, around) for one in named]
    if len({one.id for one in found}) != 1:
        raise MissingField(
            "A reference to the one citizen is needed", where=place,
            hint="Patient/<id>, or an identifier, of a citizen that you may see.",
        )  # fmt: skip
    return found[0]


def _patients_among(gateway: Gateway, body: Json) -> list[Json]:
    actors = [one.get("actor", {}) for one in body.get("participant", [])]
    kinds = [_relative(gateway, str(one.get("reference", ""))).partition("/")[0] for one in actors]
    return [one for one, kind in zip(actors, kinds, strict=True) if "Patient" in (one.get("type"), kind)]


async def _found(gateway: Gateway, caller: Caller, work: Work, named: Json, place: str, around: Around) -> Citizen:
    identity = number = ""
    literal = _relative(gateway, str(named.get("reference", "")))
    if literal.startswith("Patient/"):
        identity = literal.removeprefix("Patient/").partition("/_history/")[0]
    elif "identifier" in named and not literal:
        told = normal(str(named["identifier"].get("system", "")), str(named["identifier"].get("value", "")))
        number = told.key
        known = await resources.citizens_of(gateway.database, [number])
        identity = known[0][1] if len(known) == 1 else ""
    else:
        raise MissingField("A reference to a Patient is needed", where=place, hint="Patient/<id>, or an identifier.")
    if identity in around.citizens:
        found = await _made_here(gateway, caller, work, identity, around.citizens[identity])
    else:
        found = await _seen(gateway, caller, work, identity, number)
    told = named.get("identifier", {}) if literal else {}
    said = normal(str(told.get("system", "")), str(told.get("value", "")))
    if said.system in _CITIZENS and not await _is_own(gateway, caller, found, said.key):
        raise RuleBroken("The reference and the identifier do not name one citizen", where=place, hint="Give either.")
    return found


async def _made_here(
    gateway: Gateway, caller: Caller, work: Work, identity: str, numbers: tuple[Identifier, ...]
) -> Citizen:
    """A citizen of whom the same transaction tells. Whether anybody else has told of this person before or nobody has:
    this caller must be permitted to see a Patient that it has told of, as it must be for a write that comes after that
    one alone. Raises NotFound."""
    found = await resources.find(gateway.database, "Patient", identity)
    if found is not None and not work.record.citizen:
        work.about(found.sealed.facts.citizen)
    seen = await look_at_one(gateway, gateway.database, caller, _told_too(gateway, caller, identity, numbers, found))
    if not seen.permitted:
        raise NotFound
    return Citizen(identity, numbers, frozenset({identity}))


def _told_too(
    gateway: Gateway, caller: Caller, identity: str, numbers: tuple[Identifier, ...], found: resources.Found | None
) -> resources.Found:
    """The Patient as it will be decided about when the caller's source has told of it."""
    source = source_of(gateway, caller).id
    if found is not None:
        facts = found.sealed.facts
        told = replace(facts, sources=(*(facts.sources or (facts.source,)), source), deleted=False)
        return replace(found, sealed=found.sealed.known_as(told))
    facts = Facts("Patient", identity, identity, "shared", source, "identity", frozenset({_NORMAL}), sources=(source,))
    named = [{"system": one.system, "value": one.value} for one in numbers]
    body = wire.encode({"resourceType": "Patient", "id": identity, "meta": {}, "identifier": named})
    return resources.Found(resources.Sealed(facts, 1, gateway.clock(), False, body), (), (facts,))


async def _seen(gateway: Gateway, caller: Caller, work: Work, identity: str, number: str = "") -> Citizen:
    """The citizen with this Patient id, named by a `number` perhaps. Raises NotFound for nobody, for whom this caller
    may not see, and for a number that came after it had handed the citizen over."""
    found = await resources.find(gateway.database, "Patient", identity)
    seen = await look_at_one(gateway, gateway.database, caller, found)
    if found is None:
        raise NotFound
    if not work.record.citizen:
        work.about(found.sealed.facts.citizen)
    if not seen.permitted or seen.gone or not _knows(gateway, caller, found, seen, number):
        raise NotFound
    return await citizen_behind(gateway, caller, work, found, seen)


def _knows(gateway: Gateway, caller: Caller, found: resources.Found, seen: Seen, number: str) -> bool:
    """Whether a caller who has handed the citizen over may know that the number is this citizen's: it sees it still, or
    gave it itself. Nobody else is asked."""
    own = tuple(f"{_OF_A_SOURCE}{one}:" for one in caller.sends)
    if not number or number.startswith(own) or when_left(gateway, caller, known_of(found.ground)) is None:
        return True
    shown = [one for body in opened(seen) for one in wire.decode(body).get("identifier", [])]
    return number in {normal(str(one.get("system", "")), str(one.get("value", ""))).key for one in shown}


async def citizen_behind(
    gateway: Gateway, caller: Caller, work: Work, found: resources.Found, seen: Seen
) -> Citizen:  # fmt: skip
    """The citizen that a resource is about, of which this caller has seen so much."""
    overridden(gateway, caller, work, found.sealed.facts.citizen, seen)
    identity = found.sealed.facts.citizen
    number = await resources.identity_of(gateway.database, identity, gateway.ids)
    return Citizen(identity, (number,), frozenset({identity, *(one.id for one in found.persons)}))


def numbers_of(source: Source, caller: Caller, patient: Json, token: str) -> tuple[Identifier, ...]:
    """The numbers that a Patient is known by, best first; the source gives one where it has none. Raises Forbidden for
    a number that another system gave for itself, RuleBroken for two CPR numbers."""
    listed = patient.get("identifier")
    given = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    told = [normal(str(one.get("system", "")), str(one.get("value", ""))) for one in given]
    for place, one in enumerate(told):
        system = one.system.removeprefix(_OF_A_SOURCE)
        if system != one.system and system.partition(":")[0] not in caller.sends:
            raise Forbidden("This number belongs to another system", where=f"Patient.identifier[{place}]")
    if len({one.value for one in told if one.system == CPR}) > 1:
        raise RuleBroken("A citizen has one CPR number", where="Patient.identifier")
    numbers = best_first(told)
    if not numbers:
        numbers = (Identifier(f"{_OF_A_SOURCE}{source.id}:patient", token),)
        own = {"system": numbers[0].system, "value": numbers[0].value}
        patient["identifier"] = [*given, own]
    return numbers


async def check_references(
    gateway: Gateway, caller: Caller, kind: str, body: Json, own: Citizen, around: Around
) -> None:
    """Whatever the resource refers to here is this citizen's and this caller's to see. Raises RuleBroken with the
    place: the same for what is not there, what is hidden and what is another citizen's."""
    check_named(kind, body)
    listed = list(_references(body, kind))
    numbered = list(_numbered(body, kind)) if kind != "Consent" else []
    check_few(kind, len(listed) + len(numbered))
    around.effort.add(len(numbered), kind)
    for place, number in numbered:
        if not await _is_own(gateway, caller, own, number):
            raise _nothing(f"{place}.identifier")
    sound: dict[str, bool] = {}
    for place, holder in listed:
        literal = _relative(gateway, holder["reference"])
        holder["reference"] = literal
        if literal not in sound:
            around.effort.add(1, kind)
            sound[literal] = await _may_be_named(gateway, caller, literal, own, around)
        if not sound[literal]:
            raise _nothing(f"{place}.reference")


def check_few(kind: str, references: int) -> None:
    """Each is looked up. Raises RuleBroken where a resource has too many."""
    if references > MOST_REFERENCES:
        raise RuleBroken("There are too many references", where=kind, hint=f"At most {MOST_REFERENCES}.")


def _nothing(place: str) -> RuleBroken:
    text = "This refers to nothing of this citizen that you may see"
    return RuleBroken(text, where=place, hint="Check the reference.")


async def _is_own(gateway: Gateway, caller: Caller, own: Citizen, number: str) -> bool:
    """Whether the number is this citizen's, and one that this caller may know the citizen by. Another's would be shown
    by this one's consents, and nobody's is told as another's is."""
    known = await resources.citizens_of(gateway.database, [number])
    mine = number in {one.key for one in own.numbers} or any(citizen in own.same for _, citizen in known)
    if not own_sources(caller, gateway.sources):
        return mine
    found = await resources.find(gateway.database, "Patient", own.id)
    seen = await look_at_one(gateway, gateway.database, caller, found)
    return mine and (found is None or _knows(gateway, caller, found, seen, number))


def _numbered(node: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every reference that names a citizen by number, with its place. Of a Consent they name who may see."""
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from _numbered(item, f"{place}[{number}]")
    elif isinstance(node, dict):
        told = node.get("identifier")
        if isinstance(told, dict) and "reference" not in node and node.get("type", "Patient") == "Patient":
            said = normal(str(told.get("system", "")), str(told.get("value", "")))
            if "type" in node or said.system in _CITIZENS:
                yield place, said.key
        for name, value in node.items():
            if isinstance(value, dict | list):
                yield from _numbered(value, f"{place}.{name}")


async def _may_be_named(gateway: Gateway, caller: Caller, literal: str, own: Citizen, around: Around) -> bool:
    if literal.startswith(("urn:uuid:", "urn:oid:")):
        return False  # of another entry, of which there is none
    if literal.startswith("Patient/"):
        return literal.removeprefix("Patient/").partition("/_history/")[0] in own.same
    ours = _OURS.fullmatch(literal)
    if ours is None or ours[1] in _NOBODYS:
        return True
    if (made := f"{ours[1]}/{ours[2]}") in around.promised:
        around.leaned.append((made, own.same))  # whose that is, is known when all entries are worked out
        return True
    if made in around.gone:
        return False
    if is_joint(ours[1], ours[2]):
        return citizen_of_joint(ours[2]) in own.same
    found = await resources.find(gateway.database, ours[1], ours[2])
    if found is None or found.sealed.facts.citizen not in own.same:
        return False
    return bool((await look_at_one(gateway, gateway.database, caller, found)).permitted)


def _relative(gateway: Gateway, literal: str) -> str:
    """Without our own address in front."""
    return literal.removeprefix(f"{gateway.public_url}/fhir/") if gateway.public_url else literal


def _references(node: Any, place: str) -> Iterator[tuple[str, Json]]:
    """Every literal reference that leads out of the resource, with its place."""
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from _references(item, f"{place}[{number}]")
    elif isinstance(node, dict):
        literal = node.get("reference")
        if isinstance(literal, str) and not literal.startswith("#"):
            yield place, node
        for name, value in node.items():
            if isinstance(value, dict | list):
                yield from _references(value, f"{place}.{name}")

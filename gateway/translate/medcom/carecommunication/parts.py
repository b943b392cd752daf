"""A CareCommunication whose parts were found and hold together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.correspondence import bare, message_key
from gateway.domain.identifier import GLN, SOR, Identifier, normal
from gateway.errors import NoCitizen, RuleBroken
from gateway.translate.fhir.lifting import Lifted
from gateway.translate.fhir.message import Message
from gateway.translate.fhir.times import moment_in
from gateway.translate.medcom.carecommunication.content import IsNothing, check_communication
from gateway.translate.medcom.carecommunication.files import File, files_of
from gateway.translate.medcom.carecommunication.header import check_envelope
from gateway.translate.medcom.citizen import patient_of, usable
from gateway.translate.medcom.header import focus_of, sor_of
from gateway.translate.medcom.provenance import Chain, chain_of

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """The message that this one answers or passes on: its number, and its key as far as its sender is told."""

    number: str
    key: str


@dataclass(frozen=True, slots=True)
class Correspondence:
    """One message. `key` names its Communication; `occurred` is when it was sent, `sent` when this Bundle was."""

    message: Message
    id: str
    key: str
    thread: str
    communication: Json
    chain: Chain
    citizen: tuple[Identifier, ...]
    answers: Answered | None
    files: tuple[File, ...]
    occurred: datetime
    sent: datetime


def correspondence_of(
    message: Message, lifted: Lifted, activities: Collection[str], zone: ZoneInfo, is_nothing: IsNothing
) -> Correspondence:
    """The parts, found and checked. From here on Communication, Patient and Provenance mean these parts in rules."""
    check_envelope(message)
    communication = focus_of(message, "Communication")
    patient = patient_of(message, communication)
    chain = chain_of(message, activities, zone)
    numbers = _numbers(message, patient)
    check_communication(message, communication, zone, is_nothing)
    files = files_of(message, communication, lifted)
    message.only("Communication", communication)
    message.only("Patient", patient)
    message.only("Provenance", chain.current)
    header = message.header
    sender = _sender_key(message, header["sender"])
    said = chain.current.get("occurredDateTime")
    return Correspondence(
        message=message,
        id=header["id"],
        key=message_key(sender, header["id"], numbers[0].key),
        thread=bare(communication["identifier"][0]["value"]),
        communication=communication,
        chain=chain,
        citizen=numbers,
        answers=_answered(message, chain, numbers[0].key),
        files=files,
        occurred=moment_in(message, chain.current, "occurredDateTime", zone) if said else chain.recorded,
        sent=moment_in(message, message.bundle, "timestamp", zone),
    )


def _numbers(message: Message, patient: Json) -> tuple[Identifier, ...]:
    """Every number that can stand for the citizen: CPR, national or regional replacement, one of each at most."""
    found, place = usable(message, patient), message.place(patient, "identifier")
    if not found:
        raise NoCitizen("The message is about nobody who can be told from others.", where=place)
    if len({one.system for one in found}) < len(set(found)):
        raise RuleBroken("A citizen has one number of each kind.", where=place)
    return found


def _answered(message: Message, chain: Chain, citizen: str) -> Answered | None:
    """The former message by the revision entity. Who sent it stands in its own Provenance; without that the one this
    message goes to sent it."""
    for entity in chain.current.get("entity", ()):
        if entity.get("role") != "revision":
            continue
        what = entity.get("what", {})
        told = what.get("identifier", {}).get("value", "").strip()
        former = what.get("reference", "").partition("/_history/")[0].rpartition("/")[2] or told
        if not former:
            continue
        if bare(former).lower() == bare(message.header["id"]).lower():
            raise RuleBroken("A message does not answer itself.", where=f"{message.place(chain.current)}.entity")
        return Answered(former, _former_key(message, chain, former, citizen))
    return None


def _former_key(message: Message, chain: Chain, former: str, citizen: str) -> str:
    location, hash_sign, letter = former.partition("#")
    if hash_sign:  # a letter of the old kind: [location number]#[letter]
        return message_key(normal(GLN, location).key, letter, citizen)
    said = chain.about(bare(former)) or chain.about(former)
    agents = said.get("agent", ()) if said else ()
    who = next((agent["who"] for agent in agents if "who" in agent), message.header["destination"][0]["receiver"])
    sender = _sender_key(message, who)
    return message_key(sender, former, citizen) if sender else ""


def _sender_key(message: Message, reference: Json) -> str:
    organisation = message.resolve(reference, "Organization")
    sor = sor_of(organisation) if organisation else ""
    return normal(SOR, sor).key if sor else ""

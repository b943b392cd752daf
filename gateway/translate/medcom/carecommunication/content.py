"""What a Communication must hold (MedComCareCommunication 5.0: cardinalities and invariants), told with its place.

Unknown content beside it is let be (test R-Tek-C). Categories are checked by their code table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from gateway.errors import MissingField, RuleBroken, UnknownCode
from gateway.translate.fhir.message import Message
from gateway.translate.fhir.times import moment
from gateway.translate.medcom.carecommunication.names import AUTHOR, CONTACT, DATE, NUMBER, SENDER
from gateway.translate.medcom.header import Dangling

Json = dict[str, Any]

_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CAREGIVERS = ("PractitionerRole", "CareTeam")
_PRIORITIES = frozenset({"routine", "asap"})
_REFERRAL, _OTHER = "regarding-referral", "other"

IsNothing = Callable[[str], bool]
"""Whether a text stands for nothing written (mappings/codes/medcom-placeholder.csv)."""


def check_communication(message: Message, communication: Json, zone: ZoneInfo, is_nothing: IsNothing) -> None:
    """The whole Communication. Raises MissingField, RuleBroken, UnknownCode, Dangling, WrongType."""
    place = message.place(communication)
    _check_thread(communication, place)
    if communication.get("status") != "unknown":
        raise UnknownCode("The status of a CareCommunication is unknown.", where=f"{place}.status")
    _check_subject_matter(communication, place)
    _check_caregivers(message, communication, place)
    if "encounter" in communication:
        _check_encounter(message, communication, place)
    payloads = communication.get("payload", ())
    if not any("contentString" in payload for payload in payloads):
        raise MissingField("A message has a text.", where=f"{place}.payload")
    for at, payload in enumerate(payloads):
        _check_payload(message, payload, f"{place}.payload[{at}]", zone, is_nothing)


def extension(node: Json, url: str) -> Json | None:
    """The extension of this kind, None without one."""
    return next((one for one in node.get("extension", ()) if one.get("url") == url), None)


def category_of(communication: Json) -> str:
    """The code of the category; empty without one."""
    for concept in communication.get("category", ()):
        for coding in concept.get("coding", ()):
            return str(coding.get("code", ""))
    return ""


def _check_thread(communication: Json, place: str) -> None:
    identifiers = communication.get("identifier", ())
    if not identifiers or not identifiers[0].get("value"):
        raise MissingField("The message does not say which thread it belongs to.", where=f"{place}.identifier")
    if len(identifiers) > 1:
        raise RuleBroken("A message belongs to one thread.", where=f"{place}.identifier[1]")
    if not _UUID.fullmatch(identifiers[0]["value"].strip()):
        raise RuleBroken("A thread's number is urn:uuid: and a UUID.", where=f"{place}.identifier[0].value")


def _check_subject_matter(communication: Json, place: str) -> None:
    """Category, topic and priority. Which codes there are is checked by the rules."""
    categories = communication.get("category", ())
    if not category_of(communication):
        raise MissingField("A message has a category.", where=f"{place}.category")
    if len(categories) > 1 or len(categories[0]["coding"]) > 1:
        raise RuleBroken("A message has exactly one category.", where=f"{place}.category")
    category = category_of(communication)
    if category == _OTHER and not communication.get("topic", {}).get("text", "").strip():
        raise MissingField("With the category other the topic says what it is about.", where=f"{place}.topic.text")
    if "priority" not in communication:
        return
    if category != _REFERRAL:
        raise RuleBroken(f"Only a message with the category {_REFERRAL} has a priority.", where=f"{place}.priority")
    if communication["priority"] not in _PRIORITIES:
        raise UnknownCode("The priority is routine or asap.", where=f"{place}.priority")


def _check_caregivers(message: Message, communication: Json, place: str) -> None:
    recipients = communication.get("recipient", ())
    if len(recipients) > 1:
        raise RuleBroken("A message is for one caregiver at most.", where=f"{place}.recipient[1]")
    for at, recipient in enumerate(recipients):
        _resolved(message, recipient, _CAREGIVERS, f"{place}.recipient[{at}]")
    sender = extension(communication, SENDER)
    if sender is not None:
        where = f"{place}.extension[{communication['extension'].index(sender)}]"
        _resolved(message, sender.get("valueReference"), _CAREGIVERS, f"{where}.valueReference")


def _check_encounter(message: Message, communication: Json, place: str) -> None:
    stay = _resolved(message, communication["encounter"], ("Encounter",), f"{place}.encounter")
    for at, episode in enumerate(stay.get("episodeOfCare", ())):
        if not episode.get("identifier", {}).get("value", "").strip():
            where = f"{message.place(stay)}.episodeOfCare[{at}].identifier.value"
            raise MissingField("An episode of care has a number.", where=where)


def _check_payload(message: Message, payload: Json, place: str, zone: ZoneInfo, is_nothing: IsNothing) -> None:
    content = [name for name in payload if name.startswith("content")]
    if not content:
        raise MissingField("A payload has a text or a file.", where=f"{place}.content[x]")
    if len(content) > 1 or content[0] not in ("contentString", "contentAttachment"):
        raise RuleBroken("A payload has a text or a file, one of them.", where=f"{place}.{content[0]}")
    date = extension(payload, DATE)
    if date is None or not date.get("valueDateTime"):
        raise MissingField("A payload says when it was written.", where=f"{place}.extension")
    moment(date["valueDateTime"], f"{place}.extension[{payload['extension'].index(date)}].valueDateTime", zone)
    _check_number(message, payload, place)
    if content[0] == "contentString":
        if is_nothing(payload["contentString"]):
            raise MissingField("A text says something.", where=f"{place}.contentString")
        _check_signature(message, payload, place)


def _check_number(message: Message, payload: Json, place: str) -> None:
    number = (extension(payload, NUMBER) or {}).get("valueIdentifier", {})
    if not number.get("value"):
        raise MissingField("A payload has a number.", where=f"{place}.extension")
    if not _UUID.fullmatch(number["value"].strip()):
        raise RuleBroken("A payload's number is urn:uuid: and a UUID.", where=f"{place}.extension")
    if "assigner" not in number:
        raise MissingField("A payload says whose number it has.", where=f"{place}.extension")
    _resolved(message, number["assigner"], ("Organization",), f"{place}.extension")


def _check_signature(message: Message, payload: Json, place: str) -> None:
    """Who wrote a text, in which role, and where to call: name, role and telephone."""
    author = extension(payload, AUTHOR)
    if author is None:
        raise MissingField("A text has an author.", where=f"{place}.extension")
    role = _resolved(message, author.get("valueReference"), ("PractitionerRole",), f"{place}.extension")
    if not any(code.get("coding") or code.get("text") for code in role.get("code", ())):
        raise MissingField("An author has a role.", where=f"{message.place(role)}.code")
    person = _resolved(message, role.get("practitioner"), ("Practitioner",), f"{message.place(role)}.practitioner")
    if not any(one.get("family") or one.get("given") or one.get("text") for one in person.get("name", ())):
        raise MissingField("An author has a name.", where=f"{message.place(person)}.name")
    contact = (extension(payload, CONTACT) or {}).get("valueContactPoint", {})
    if not contact.get("value", "").strip():
        raise MissingField("A text has the author's telephone number.", where=f"{place}.extension")


def _resolved(message: Message, reference: Json | None, kinds: tuple[str, ...], where: str) -> Json:
    if not reference:
        raise MissingField(where=where)
    found = message.resolve(reference)
    if found is None:
        raise Dangling(where=where)
    if found["resourceType"] not in kinds:
        raise RuleBroken(f"This is a reference to {' or '.join(kinds)}.", where=where)
    return found

"""Communication → XDIS91 and its XBIN01s, by the rules of MedCom's conversion service.

The letter has no thread: an answer or a forwarding says in its text that it is one. What has no place in the letter
(other numbers of the citizen, who wrote it, more texts than ten) stands in its text, so that nothing is lost.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from gateway.domain.episode import anywhere, bare
from gateway.domain.identifier import GLN, Identifier, normal
from gateway.domain.when import instant
from gateway.errors import MissingField
from gateway.translate.oioxml.functions import STAYS
from gateway.translate.oioxml.numbers import LPR3
from gateway.translate.oioxml.out.parties import (
    Party,
    add_address,
    add_name,
    add_number,
    add_party,
    numbers_of,
    party,
)
from gateway.translate.oioxml.writing import NS_2006, NS_2012, add, cut, formatted, number, started, when, written
from gateway.translate.rules.codes import Codes, CodeTable
from gateway.translate.rules.problems import Mark

Json = dict[str, Any]

_LETTER_OF = "urn:faellesplan:ean:"
_MEDCOM = "http://medcomfhir.dk/ig/core/StructureDefinition/medcom-core-"
_ANSWERS = {
    "reply-message": "Denne korrespondance er et svar på en tidligere korrespondance.",
    "forward-message": "Denne korrespondance er en videresendt korrespondance.",
}
_NUMBERS = (
    "Der er modtaget flere end et CPR-nummer i korrespondancemeddelelsen. "
    "Derfor er de resterende medsendte CPR-numre indsat her"
)
_MOST = 10


@dataclass(frozen=True, slots=True)
class Written:
    """A letter ready to be sent. `id` is what a receipt will name: Letter/Identifier, and the envelope's as well."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Tables:
    """The code tables that letters need: mappings/codes/locations.csv and oioxml-file-type.csv."""

    locations: CodeTable
    file_types: CodeTable

    @classmethod
    def of(cls, codes: Codes) -> Tables:
        """The two among all code tables; one that is missing is empty."""
        empty = CodeTable("", Mark("", 0), ())
        return cls(codes.tables.get("locations", empty), codes.tables.get("oioxml-file-type", empty))


NO_TABLES = Tables.of(Codes({}))


def letters(
    communication: Json, patient: Json, tables: Tables, now: datetime, files: Mapping[str, bytes] | None = None
) -> list[Written]:
    """The XDIS91, then one XBIN01 for each attached file whose content is in `files`, by the attachment's url.

    An attachment without content is named in the letter all the same. Raises MissingField, NoCitizen.
    """
    sender, receiver = _parties(communication, tables.locations)
    ident = _number(communication, sender)
    attached = [(at, one) for at, one in enumerate(communication["payload"]) if "contentAttachment" in one]
    objects = {at: _object(ident, at, one, tables.file_types, files or {}) for at, one in attached}
    ends = (sender, receiver)
    if any("contentString" in payload for payload in communication["payload"]):
        found = [Written(ident, _email(communication, patient, ends, ident, list(objects.values()), now))]
    else:
        found = []  # it was an XBIN01, and is one again
    for at, one in objects.items():
        if one.content:
            own = number(ident, str(at)) if found else ident
            found.append(_binary(communication, patient, ends, own, one, now))
    return found


@dataclass(frozen=True, slots=True)
class _Object:
    """One attached file: its number, what the letter calls it, and its content where it is at hand."""

    number: str
    title: str
    extension: str
    size: int
    content: bytes


def _object(ident: str, at: int, payload: Json, types: CodeTable, files: Mapping[str, bytes]) -> _Object:
    attachment = payload["contentAttachment"]
    content = files.get(attachment.get("url", ""), b"")
    if not content and "data" in attachment:
        content = base64.b64decode(attachment["data"])
    kind = attachment.get("contentType", "")
    extension = next((row.source_code for row in types.rows if row.target_code == kind), "bin")
    own = _said(payload, "identifier").get("valueIdentifier", {}).get("value", "")
    known = (bare(own) if anywhere(own) else own)[:35]
    size = len(content) or int(attachment.get("size") or 1)
    return _Object(
        known or number(ident, str(at), "object"),
        cut(attachment.get("title", ""), 70) or "BIN",
        extension,
        size,
        content,
    )


def _parties(communication: Json, locations: CodeTable) -> tuple[Party, Party]:
    for name in ("sender", "recipient", "payload"):
        if not communication.get(name):
            raise MissingField(where=f"Communication.{name}")
    inside: Iterable[Json] = communication.get("contained", ())
    told = [one.get("system", "") for one in communication.get("identifier", ())]
    own = [Identifier(GLN, one.split(":")[3]) for one in told if one.startswith(_LETTER_OF)]
    return (
        party(communication["sender"], inside, locations, "Communication.sender", own),
        party(communication["recipient"][0], inside, locations, "Communication.recipient[0]"),
    )


def _number(communication: Json, sender: Party) -> str:
    """The letter's own number where it was one already, else one made of the message's."""
    numbers = communication.get("identifier", ())
    for one in numbers:
        if one.get("system") == f"{_LETTER_OF}{sender.ean}:letter" and len(one["value"]) <= 14:
            return str(one["value"])
    seed = [f"{one.get('system')}|{one.get('value')}" for one in numbers] or [communication.get("id", "")]
    return number(sender.ean, *seed)


def _email(
    communication: Json, patient: Json, ends: tuple[Party, Party], ident: str, objects: list[_Object], now: datetime
) -> bytes:
    root, letter = started(NS_2006, "ClinicalEmail", ident, now, receipt=True)
    _head(letter, ident, ("XD9134L", "XDIS91"), _sent(communication, now))
    stay: Json = next((one for one in communication.get("contained", ()) if one.get("resourceType") == "Encounter"), {})
    if episode := _episode(stay):
        add(letter[0], "EpisodeOfCareIdentifier", episode)
    add_party(letter, "Sender", ends[0], phone=True, speciality=_speciality(communication))
    add_party(letter, "Receiver", ends[1])
    people = numbers_of(patient)
    element = add(letter, "Patient")
    add_number(element, people[0])
    add_name(element, patient)
    add_address(element, patient)
    add(element, "EpisodeOfCareStatusCode", _status(stay, patient))
    _additional(letter, communication)
    for text in _texts(communication, [one.value for one in people[1:]]):
        formatted(add(letter, "ClinicalInformation"), "Text01", text)
    for one in objects[:_MOST]:
        reference = add(letter, "Reference")
        add(reference, "RefDescription", one.title)
        _describe(add(reference, "BIN"), one)
    return written(root)


def _binary(
    communication: Json, patient: Json, ends: tuple[Party, Party], ident: str, one: _Object, now: datetime
) -> Written:
    root, letter = started(NS_2012, "BinaryLetter", ident, now, receipt=True)
    _head(letter, ident, ("XB0131X", "XBIN01"), _sent(communication, now))
    add_party(letter, "Sender", ends[0], speciality=_speciality(communication) or "ikkeklassificeret")
    add_party(letter, "Receiver", ends[1])
    element = add(letter, "Patient")
    add_number(element, numbers_of(patient)[0])
    add_name(element, patient)
    binary = add(letter, "BinaryObject")
    _describe(binary, one)
    add(binary, "Object_Base64Encoded", base64.b64encode(one.content).decode())
    return Written(ident, written(root))


def _head(letter: etree._Element, ident: str, version: tuple[str, str], sent: datetime) -> None:
    head = add(letter, "Letter")
    for tag, text in (("Identifier", ident), ("VersionCode", version[0]), ("StatisticalCode", version[1])):
        add(head, tag, text)
    when(head, "Authorisation", sent)
    add(head, "TypeCode", version[1])
    add(head, "StatusCode", "nytbrev")


def _describe(parent: etree._Element, one: _Object) -> None:
    kind = "tekstfil" if one.extension == "bin" else "billede"
    for tag, text in (("ObjectIdentifier", one.number), ("ObjectCode", kind), ("ObjectExtensionCode", one.extension)):
        add(parent, tag, text)
    add(parent, "OriginalObjectSize", str(one.size))


def _sent(communication: Json, now: datetime) -> datetime:
    return instant(communication["sent"]) if communication.get("sent") else now


def _episode(stay: Json) -> str:
    """The episode's number without hyphens: of several the local one."""
    said = [
        normal(one["identifier"].get("system", ""), one["identifier"]["value"]) for one in stay.get("episodeOfCare", ())
    ]
    local = [one for one in said if one.system != LPR3] or said
    return cut(bare(local[0].value) if anywhere(local[0].value) else local[0].value, 35) if local else ""


def _status(stay: Json, patient: Json) -> str:
    """MedCom's table back: anything else, or nothing, is inaktiv."""
    kind, status = stay.get("class", {}).get("code", ""), stay.get("status", "")
    found = next((name for name, pair in STAYS.items() if pair == (kind, status)), "inaktiv")
    return found if found != "doed" or patient.get("deceasedBoolean") is True else "inaktiv"


def _speciality(communication: Json) -> str:
    codes = [coding.get("code") for one in communication.get("category", ()) for coding in one.get("coding", ())]
    return "psykiatri_sygehus" if "PSY" in codes else ""


def _additional(letter: etree._Element, communication: Json) -> None:
    shown = [coding.get("display", "") for one in communication.get("category", ()) for coding in one.get("coding", ())]
    subject = cut(communication.get("topic", {}).get("text", "") or next(iter(shown), ""), 70)
    priority = {"asap": "høj_prioritet", "routine": "rutine"}.get(communication.get("priority", ""), "")
    if not subject and not priority:
        return
    made = add(letter, "AdditionalInformation")
    for tag, text in (("Priority", priority), ("Subject", subject)):
        if text:
            add(made, tag, text)


def _texts(communication: Json, others: list[str]) -> list[str]:
    """At most ten texts: what does not fit into ten stands in the tenth."""
    found = [_signed(one, communication) for one in communication.get("payload", ()) if "contentString" in one]
    codes = [coding.get("code", "") for one in communication.get("reasonCode", ()) for coding in one.get("coding", ())]
    note = next((_ANSWERS[code] for code in codes if code in _ANSWERS), "")
    if note:
        found = [f"{note}\n\n{found[0]}", *found[1:]] if found else [note]
    if others:
        found.append(f"{_NUMBERS}: {', '.join(others)}")
    return [*found[: _MOST - 1], "\n\n".join(found[_MOST - 1 :])] if len(found) > _MOST else found


def _signed(payload: Json, communication: Json) -> str:
    """A text with who wrote it and that one's telephone, which a letter has no other place for."""
    author = _said(payload, "practitioner").get("valueReference", {})
    inside: Json = next(
        (i for i in communication.get("contained", ()) if f"#{i.get('id')}" == author.get("reference")), {}
    )
    name = author.get("display") or inside.get("name", "")
    phone = _said(payload, "contact").get("valueContactPoint", {}).get("value", "")
    signature = ", ".join(filter(None, (name if isinstance(name, str) else "", f"tlf. {phone}" if phone else "")))
    return payload["contentString"] + (f"\n{signature}" if signature else "")


def _said(payload: Json, name: str) -> Json:
    """One of MedCom's extensions of a payload."""
    url = f"{_MEDCOM}{name}-extension"
    return next((one for one in payload.get("extension", ()) if one.get("url") == url), {})

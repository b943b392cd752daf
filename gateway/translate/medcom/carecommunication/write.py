"""A CareCommunication 5.0 made from a Communication as it is kept: what goes out and comes back tells the same.

Numbers that MedCom requires and the Communication does not have (a letter of the old kind has no thread) are made of
what it tells, so the same Communication gives the same message.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from gateway.domain.correspondence import bare, uri_of
from gateway.domain.identifier import best_first, normal
from gateway.domain.when import said_time
from gateway.errors import MissingField, NoCitizen
from gateway.translate.medcom.carecommunication.content import category_of, extension
from gateway.translate.medcom.carecommunication.crowd import Crowd
from gateway.translate.medcom.carecommunication.header import seen
from gateway.translate.medcom.carecommunication.names import (
    AUTHOR,
    CATEGORIES,
    CONTACT,
    DATE,
    DEFINITION,
    EVENT,
    NUMBER,
    PROFILES,
    SENDER,
    VERSION,
)  # fmt: skip
from gateway.translate.medcom.names import EVENT_CODES
from gateway.translate.medcom.writing import activity, bundle, destination, resource
from gateway.translate.rules.codes import CodeTable

Json = dict[str, Any]

_BASE = "https://medcomfhir.dk/ig/carecommunication"
_SEED = UUID("9d0f1f0c-4a3c-5b8e-8f63-1b7f6f2f0f55")
_FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NO_PHONE = "0000 0000"
_URGENT = "Denne meddelelse har høj prioritet. "
_OTHER, _REFERRAL = "other", "regarding-referral"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to be written as JSON or XML. `id` is what an Acknowledgement will name."""

    id: str
    bundle: Json


@dataclass(frozen=True, slots=True)
class _Work:
    """What every part of one message needs."""

    communication: Json
    crowd: Crowd
    sender: Json
    sent: str
    id: str

    def name(self, text: str) -> str:
        """An id or number made of the message's own."""
        return str(uuid5(_SEED, f"{self.id}|{text}"))


def letter(
    communication: Json,
    patient: Json,
    locations: CodeTable,
    now: datetime,
    files: Mapping[str, bytes],
    earlier: Sequence[Json] = (),
) -> Letter:
    """The message. `locations` is mappings/codes/locations.csv, `files` the contents by `Attachment.url`, `earlier` the
    messages that this one answers, directly or not.

    Raises MissingField without sender, receiver or text, NoCitizen.
    """
    for name in ("sender", "recipient", "payload"):
        if not communication.get(name):
            raise MissingField(where=f"Communication.{name}")
    number = header_id(communication)
    crowd = Crowd(communication, locations, lambda text: str(uuid5(_SEED, f"{number}|{text}")))
    sender, own = crowd.party(communication["sender"], "Communication.sender")
    receiver, to = crowd.party(communication["recipient"][0], "Communication.recipient[0]")
    work = _Work(communication, crowd, own, communication.get("sent") or said_time(now), number)
    person = _patient(patient, work)
    content = _communication(work, person, files)
    header = {
        "eventCoding": {"system": EVENT_CODES, "code": EVENT},
        "destination": [destination(receiver, to)],
        "sender": own,
        "source": {"endpoint": sender.endpoint},
        "focus": [{"reference": f"Communication/{content['id']}"}],
        "definition": f"{DEFINITION}|{VERSION}",
    }
    resources = [
        resource("MessageHeader", number, PROFILES["MessageHeader"], "Korrespondancemeddelelse", header),
        person,
        content,
        *_chain(work, content, earlier, to),
    ]
    resources[3:3] = crowd.resources
    at = said_time(now)
    return Letter(number, bundle(str(uuid5(_SEED, f"{number}|{at}")), PROFILES["Bundle"], _BASE, at, resources))


def header_id(communication: Json) -> str:
    """MessageHeader.id: the message's own number where it can be one, else one made of it."""
    told = [one.get("value", "") for one in communication.get("identifier", ())]
    own = next((bare(text) for text in told if _FHIR_ID.fullmatch(bare(text))), "")
    return own or str(uuid5(_SEED, "|".join(told) or str(communication.get("id", ""))))


def _patient(patient: Json, work: _Work) -> Json:
    """The citizen's numbers and name, and that both are protected; nothing else is needed to read a message."""
    known = best_first([normal(n.get("system", ""), n.get("value", "")) for n in patient.get("identifier", ())])
    if not known:
        raise NoCitizen(where="Patient.identifier")
    names: Sequence[Json] = patient.get("name", ())
    name: Json = next((one for one in names if one.get("use") == "official"), next(iter(names), {}))
    kept = {part: name[part] for part in ("text", "family", "given") if name.get(part)}
    words = " ".join([*name.get("given", ()), name.get("family", "")]).strip() or name.get("text", "")
    hidden = [one for one in patient.get("meta", {}).get("security", ()) if one.get("code") in ("R", "V")]
    content = {
        "meta": {"security": hidden} if hidden else {},
        "identifier": [{"system": one.system, "value": one.value} for one in known],
        "name": [{"use": "official", **kept}] if kept else [],
    }
    told = [words or "Navn ukendt", *(one.value for one in known)]
    return resource("Patient", work.name("patient"), PROFILES["Patient"], told, content)


def _communication(work: _Work, patient: Json, files: Mapping[str, bytes]) -> Json:
    told = work.communication
    category = category_of(told) or _OTHER
    subject = {"reference": f"Patient/{patient['id']}"}
    by = extension(told, SENDER)
    sender = work.crowd.caregiver(by["valueReference"]) if by and "valueReference" in by else None
    recipients = [who for one in told["recipient"] if (who := work.crowd.caregiver(one))]
    topic = told.get("topic", {}).get("text") or ("Korrespondance" if category == _OTHER else "")
    payloads = [_payload(work, one, at, files) for at, one in enumerate(told["payload"])]
    if told.get("priority") in ("asap", "urgent", "stat") and category != _REFERRAL:
        first = next((one for one in payloads if "contentString" in one), {})
        if first and not first["contentString"].startswith(_URGENT):
            first["contentString"] = _URGENT + first["contentString"]
    content = {
        "extension": [{"url": SENDER, "valueReference": sender}] if sender else [],
        "identifier": [{"value": _thread(work)}],
        "status": "unknown",
        "category": [{"coding": [{"system": CATEGORIES, "code": category}]}],
        "priority": told["priority"] if category == _REFERRAL and told.get("priority") in ("routine", "asap") else "",
        "subject": subject,
        "topic": {"text": topic} if topic else {},
        "encounter": work.crowd.stay(told.get("encounter", {}), subject),
        "recipient": recipients[:1],
        "payload": payloads,
    }
    words = [topic or category, *(one.get("contentString", "") for one in payloads)]
    return resource("Communication", work.name("communication"), PROFILES["Communication"], words, content)


def _thread(work: _Work) -> str:
    numbers = [one.get("identifier", {}).get("value", "") for one in work.communication.get("partOf", ())]
    return next((one for one in numbers if _UUID.fullmatch(one)), f"urn:uuid:{work.name('thread')}")


def _payload(work: _Work, payload: Json, at: int, files: Mapping[str, bytes]) -> Json:
    date = (extension(payload, DATE) or {}).get("valueDateTime", work.sent)
    said = (extension(payload, NUMBER) or {}).get("valueIdentifier", {})
    number = said.get("value", "").lower()
    by = work.crowd.organisation(said["assigner"]) if "assigner" in said else None
    own = number if _UUID.fullmatch(number) else f"urn:uuid:{work.name(f'payload {at}')}"
    made: list[Json] = [
        {"url": DATE, "valueDateTime": date},
        {"url": NUMBER, "valueIdentifier": {"value": own, "assigner": by or work.sender}},
    ]
    written = "contentString" in payload
    author = (extension(payload, AUTHOR) or {}).get("valueReference")
    who = (work.crowd.caregiver(author) if author else None) or (work.crowd.nobody() if written else None)
    contact = (extension(payload, CONTACT) or {}).get("valueContactPoint") or (
        {"system": "phone", "value": NO_PHONE} if written else None
    )
    made += [{"url": AUTHOR, "valueReference": who}] if who else []
    made += [{"url": CONTACT, "valueContactPoint": contact}] if contact else []
    if written:
        return {"extension": made, "contentString": seen(payload["contentString"])}
    return {"extension": made, "contentAttachment": _attachment(payload.get("contentAttachment", {}), files)}


def _attachment(attachment: Json, files: Mapping[str, bytes]) -> Json:
    """With its content; its type alone where the file never came, as MedCom's conversion service sends it."""
    content = files.get(attachment.get("url", ""))
    data = b64encode(content).decode() if content else attachment.get("data")
    if not data:
        return {"contentType": attachment.get("contentType", "application/pdf")}
    kept = {name: attachment[name] for name in ("contentType", "language", "title", "creation") if name in attachment}
    return kept | {"data": data}


def _chain(work: _Work, content: Json, earlier: Sequence[Json], receiver: Json) -> list[Json]:
    """A Provenance for every message of the chain that is known, the current one last."""
    made = [_provenance(work, one, receiver, header_id(one), ()) for one in reversed(earlier)]
    own = [
        number["value"]
        for payload in content["payload"]
        if (number := (extension(payload, NUMBER) or {})["valueIdentifier"])["assigner"] == work.sender
    ]
    return [*made, _provenance(work, work.communication, work.sender, work.id, own)]


def _provenance(work: _Work, message: Json, agent: Json, number: str, payloads: Sequence[str]) -> Json:
    codes = [coding.get("code", "") for one in message.get("reasonCode", ()) for coding in one.get("coding", ())]
    by = {
        name: value for name, value in message.get("sender", {}).items() if name != "reference"
    }  # contained elsewhere
    who = agent if message is work.communication else work.crowd.organisation(by) or agent
    sent = message.get("sent") or work.sent
    content = {
        "target": [{"reference": f"MessageHeader/{number}"}],
        "occurredDateTime": sent,
        "recorded": sent,
        "activity": activity(next((code for code in codes if code.endswith("-message")), "new-message")),
        "agent": [{"who": who}],
        "entity": [
            *({"role": "source", "what": {"identifier": {"value": one}}} for one in payloads),
            *_former(message),
        ],
    }
    told = f"Korrespondance sendt {sent}"
    return resource("Provenance", work.name(f"provenance {number}"), PROFILES["Provenance"], told, content)


def _former(message: Json) -> list[Json]:
    """What a message answers: the header of the former one, or a letter of the old kind by its number."""
    for reference in message.get("inResponseTo", ()):
        told = reference.get("identifier", {}).get("value", "")
        number = bare(told)
        if "#" in number:
            return [{"role": "revision", "what": {"identifier": {"value": number}}}]
        if number:
            known = number if _FHIR_ID.fullmatch(number) else str(uuid5(_SEED, uri_of(told)))
            return [{"role": "revision", "what": {"reference": f"MessageHeader/{known}"}}]
    return []

"""A Communication that somebody writes here: what it must hold, and what the gateway adds before it goes out.

Whether MedCom allows it is checked where every message is: the finished CareCommunication is read like one that came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from gateway.domain.correspondence import number, thread
from gateway.domain.identifier import Identifier
from gateway.domain.when import said_time
from gateway.errors import BadRequest, MissingField, RuleBroken
from gateway.translate.fhir.validating.written import check_written
from gateway.translate.medcom.carecommunication.content import extension
from gateway.translate.medcom.carecommunication.names import AUTHOR
from gateway.translate.medcom.names import ACTIVITY_CODES

Json = dict[str, Any]

_TAKEN = (
    "identifier", "partOf", "inResponseTo", "reasonCode", "category", "priority", "topic", "encounter", "sender",
    "recipient", "payload", "contained", "extension", "subject",
)  # fmt: skip
"""Elements that a writer gives; what the gateway owns (status, sent, labels) is never believed."""
_CONTAINED = frozenset({"PractitionerRole", "Practitioner", "CareTeam", "Organization", "Encounter"})
_WRITER = "writer"
_THREADS = UUID("3b0a1c52-6f0e-5a4b-9c6e-2f4f3f1d7c11")


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: the person in front of the system, and the organisation it speaks for."""

    name: str
    role: str
    organisation: Identifier
    organisation_name: str


def given(told: Json) -> Json:
    """What a writer gives of a Communication. Raises BadRequest, MissingField, RuleBroken with the place."""
    if told.get("resourceType") != "Communication":
        raise BadRequest("A Communication was expected", where="resourceType")
    check_written(told)
    if not told.get("subject", {}).get("reference", "").startswith("Patient/"):
        raise MissingField("A literal reference to the citizen is needed", where="Communication.subject.reference",
                           hint="Patient/<id>, as found by a search for the identifier.")  # fmt: skip
    if any(one.get("resourceType") not in _CONTAINED for one in told.get("contained", ())):
        raise RuleBroken(f"Contained are {', '.join(sorted(_CONTAINED))} only", where="Communication.contained")
    if len(told.get("inResponseTo", ())) > 1:
        raise RuleBroken("A message answers one other", where="Communication.inResponseTo[1]")
    return {name: told[name] for name in _TAKEN if name in told}


def former_of(told: Json) -> str:
    """The id of the Communication that is answered; empty for a new message. Raises BadRequest."""
    if not told.get("inResponseTo"):
        return ""
    kind, _, identity = told["inResponseTo"][0].get("reference", "").partition("/")
    if kind != "Communication" or not identity:
        raise BadRequest("What is answered is named as Communication/<id>", where="Communication.inResponseTo[0]")
    return str(identity)


def draft(told: Json, writer: Writer, former: Json | None, now: datetime) -> Json:
    """The Communication as it will be kept, but for its files. An answer stands in the thread of `former`, and goes to
    who sent it unless it says otherwise."""
    own = [one for one in told.get("identifier", ()) if one.get("value", "").startswith("urn:uuid:")][:1]
    begun = uuid5(_THREADS, own[0]["value"]) if own else uuid4()  # the same message sent twice begins one thread
    made = {
        "partOf": [thread(f"urn:uuid:{begun}")], "reasonCode": _activity("new-message"),
        **(_answering(former) if former else {}),
        **{name: value for name, value in told.items() if name not in ("identifier", "inResponseTo", "partOf")},
        "identifier": own or [number(f"urn:uuid:{uuid4()}")],
        "status": "completed",
        "sent": said_time(now),
    }  # fmt: skip
    made.setdefault("sender", _organisation(writer))
    contained = [*made.get("contained", ()), _author(writer, made["sender"])]
    return made | {
        "contained": contained,
        "payload": [_signed(one) for one in made.get("payload", ())],
    }


def _answering(former: Json) -> Json:
    """What an answer takes over from the message it answers."""
    sender = {name: value for name, value in former.get("sender", {}).items() if name != "reference"}
    made: Json = {name: former[name] for name in ("partOf", "category", "topic") if name in former}
    answered = {"reference": f"Communication/{former['id']}", "identifier": former["identifier"][0]}
    return made | {
        "recipient": [sender], "inResponseTo": [answered], "reasonCode": _activity("reply-message"),
    }  # fmt: skip


def _activity(code: str) -> list[Json]:
    return [{"coding": [{"system": ACTIVITY_CODES, "code": code}]}]


def _organisation(writer: Writer) -> Json:
    number_ = {"system": writer.organisation.system, "value": writer.organisation.value}
    return {"type": "Organization", "identifier": number_, "display": writer.organisation_name}


def _author(writer: Writer, sender: Json) -> Json:
    organisation = {name: value for name, value in sender.items() if name != "reference"}
    return {
        "resourceType": "PractitionerRole", "id": _WRITER, "organization": organisation,
        "practitioner": {"display": writer.name}, "code": [{"text": writer.role}],
    }  # fmt: skip


def _signed(payload: Json) -> Json:
    """A text that names no author is the writer's."""
    if "contentString" not in payload or extension(payload, AUTHOR):
        return payload
    author = {"url": AUTHOR, "valueReference": {"reference": f"#{_WRITER}"}}
    return payload | {"extension": [*payload.get("extension", ()), author]}

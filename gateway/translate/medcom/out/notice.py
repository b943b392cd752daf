"""One HospitalNotification of any of the 18 types, made from an Encounter as it is after what is told.

http://medcomfhir.dk/ig/hospitalnotification (3.0). The lifecycle table that reads
notifications writes them too: code, activity, status and which times belong together stand there only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from gateway.domain.encounter import LEAVE as OUR_LEAVE
from gateway.domain.identifier import CPR, names_a_person, normal
from gateway.domain.statement import Act, Body, Verb
from gateway.domain.when import instant, said_time
from gateway.errors import MissingField, NoCitizen, RuleBroken
from gateway.translate.medcom.lifecycle import Lifecycle, Row
from gateway.translate.medcom.names import EVENT_CODES, LEAVE, NOTIFICATION, REPORT, REPORT_TO, SOR_ENDPOINT
from gateway.translate.medcom.original import Party
from gateway.translate.medcom.stay import episode_identifier
from gateway.translate.medcom.writing import (
    PROVENANCE,
    activity,
    bundle,
    destination,
    organisation,
    printable,
    resource,
)

Json = dict[str, Any]

_HN = "http://medcomfhir.dk/ig/hospitalnotification/StructureDefinition/medcom-hospitalNotification"
_PATIENT = "http://medcomfhir.dk/ig/core/StructureDefinition/medcom-core-patient"
_BASE = "https://medcomfhir.dk/ig/hospitalnotification"
_SEED = UUID("5f1c2f5e-6a0e-5d0b-9c56-0d6f0f6a9b1e")  # ids of messages are made of what they tell: told twice, the same
_CLASS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a chain, as its Provenance tells of it. `role` is what it does to the message `before` it."""

    id: str
    activity: str
    recorded: datetime
    before: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom, to whom, when; `earlier` is the chain of messages so far, the oldest first. With `report` the hospital
    asks for the report of admission."""

    sender: Party
    receiver: Party
    provider: Party
    sent: datetime
    earlier: tuple[Said, ...] = ()
    report: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification ready to be written as JSON or XML, and its own link of the chain."""

    code: str
    said: Said
    bundle: Json


def notice(code: str, stay: Body, patient: Body, envelope: Envelope, table: Lifecycle) -> Notice:
    """The notification `code` (STIN, RE_SLHJ, AN_MORS …) about a stay: FHIR R4 bodies as this gateway keeps them.

    Raises RuleBroken for a class that is not notified, MissingField for a time that must be told, NoCitizen for a
    citizen without a CPR number: notifications are about citizens with one.
    """
    kind = stay.get("class", {}).get("code", "")
    row = _row(code, kind, table)
    told = _activity(row, kind, envelope, table)
    before = envelope.earlier[-1].id if envelope.earlier else ""
    role = ("removal" if row.verb is Verb.WITHDRAW else "revision") if before else ""
    seed = f"{stay.get('id')}|{envelope.sender.endpoint}|{code}|{before}|{stay.get('period')}|{_leave(stay)}"
    said = Said(str(uuid5(_SEED, seed)), told, envelope.sent, before, role)
    return Notice(code, said, _bundle(row, said, stay, patient, envelope))


def _row(code: str, kind: str, table: Lifecycle) -> Row:
    rows = [one for one in (*table.activities.values(), *table.death.values()) if one.code == code]
    if not rows:
        raise LookupError(code)
    found = next((one for one in rows if one.kind in ("", kind)), None)
    if found is None or kind not in ("IMP", "EMER"):
        raise RuleBroken("A stay of this class has no such notification.", where="Encounter.class")
    return found


def _activity(row: Row, kind: str, envelope: Envelope, table: Lifecycle) -> str:
    """The row's; a death repeats that of the message before."""
    if row.act is not Act.DIE:
        return row.activity
    if envelope.earlier:
        return envelope.earlier[-1].activity
    return next(
        one.activity for one in table.activities.values()
        if one.act is Act.START and one.verb is Verb.ASSERT and one.kind == kind
    )  # fmt: skip


def _bundle(row: Row, said: Said, stay: Body, patient: Body, envelope: Envelope) -> Json:
    names = ("patient", "encounter", "receiver", "sender", "provider")
    ids = {name: str(uuid5(_SEED, f"{said.id}|{name}")) for name in names}
    if envelope.provider == envelope.sender:
        ids["provider"] = ids["sender"]
    parties = {ids[name]: getattr(envelope, name) for name in ("receiver", "sender", "provider")}
    resources = [
        _header(said, ids, envelope),
        _patient(row, ids, patient),
        _encounter(row, ids, stay, envelope),
        *(organisation(identity, one) for identity, one in parties.items()),
        *(_provenance(one, ids["sender"]) for one in (*envelope.earlier, said)),
    ]
    now = said_time(envelope.sent)
    return bundle(str(uuid5(_SEED, f"{said.id}|{now}")), f"{_HN}-message", _BASE, now, resources)


def _header(said: Said, ids: dict[str, str], envelope: Envelope) -> Json:
    report = [
        {"url": REPORT, "valueBoolean": True},
        {"url": REPORT_TO, "valueReference": {"reference": f"Organization/{ids['sender']}"}},
    ]
    content = {
        "extension": report if envelope.report else [],
        "eventCoding": {"system": EVENT_CODES, "code": NOTIFICATION},
        "destination": [destination(envelope.receiver, {"reference": f"Organization/{ids['receiver']}"})],
        "sender": {"reference": f"Organization/{ids['sender']}"},
        "source": {"endpoint": envelope.sender.endpoint},
        "focus": [{"reference": f"Encounter/{ids['encounter']}"}],
    }
    return resource("MessageHeader", said.id, f"{_HN}-messageHeader", "Advis om sygehusophold", content)


def _patient(row: Row, ids: dict[str, str], patient: Body) -> Json:
    """The CPR number and the name; what the receiver must protect is told with them."""
    known = [normal(one.get("system", ""), one.get("value", "")) for one in patient.get("identifier", ())]
    cpr = next((one for one in known if one.system == CPR and names_a_person(one)), None)
    if cpr is None:
        raise NoCitizen("Notifications are about citizens with a CPR number.", where="Patient.identifier")
    name = _name(patient)
    words = [" ".join([*name.get("given", ()), name.get("family", "")]).strip() or "Navn ukendt", f"CPR {cpr.value}"]
    hidden = [one for one in patient.get("meta", {}).get("security", ()) if one.get("code") in ("R", "V")]
    content = {
        "meta": {"security": hidden} if hidden else {},
        "identifier": [{"system": CPR, "value": cpr.value}],
        "name": [name] if name else [],
    } | ({"deceasedBoolean": row.deceased == "true"} if row.deceased else {})
    return resource("Patient", ids["patient"], _PATIENT, words, content)


def _name(patient: Body) -> Json:
    names = patient.get("name", ())
    name: Json = next((one for one in names if one.get("use") == "official"), next(iter(names), {}))
    family = printable(name.get("family") or ("" if name.get("given") else name.get("text", ""))).strip()
    given = [text for one in name.get("given", ()) if (text := printable(one).strip())]
    kept = {element: value for element, value in (("family", family), ("given", given)) if value}
    return {"use": "official"} | kept if kept else {}


def _encounter(row: Row, ids: dict[str, str], stay: Body, envelope: Envelope) -> Json:
    period = dict(_edges(stay.get("period", {}), "Encounter.period", *_shown(row, "period")))
    shown = _shown(row, "leave") or (("start",) if stay.get("status") == row.status == "onleave" else ())
    if not row.status and stay.get("status") == "onleave":  # a death on leave is taken back
        shown = ("start",)
    leave = dict(_edges(_leave(stay), "Encounter.extension", *shown)) if shown else {}
    kind, status = stay["class"]["code"], row.status or stay.get("status", "")
    words = [f"{envelope.provider.name}: {kind}, {status}", *(f"{edge} {at}" for edge, at in period.items())]
    content = {
        "extension": [{"url": LEAVE[0], "valuePeriod": leave}] if leave else [],
        "status": status,
        "class": {"system": _CLASS, "code": kind},
        "subject": {"reference": f"Patient/{ids['patient']}"},
        "episodeOfCare": [{"identifier": one} for one in _episodes(stay, envelope)],
        "period": period,
        "serviceProvider": {"reference": f"Organization/{ids['provider']}"},
    }
    return resource("Encounter", ids["encounter"], f"{_HN}-encounter", words, content)


def _shown(row: Row, which: str) -> tuple[str, ...]:
    """Which edges of the period or the leave a notification tells: the stay's start always, an end only of what has
    ended, and the leave that a cancelled return leaves open."""
    edges = {name.partition(".")[2] for name in row.happened if name.startswith(f"{which}.")}
    if which == "period":
        return ("start", "end") if "end" in edges and row.verb is not Verb.WITHDRAW else ("start",)
    if row.verb is Verb.WITHDRAW:
        return ("start",) if row.act is Act.RETURN else ()
    return ("start", "end") if row.act is Act.RETURN else tuple(edges)


def _edges(period: Json, where: str, *wanted: str) -> Iterator[tuple[str, str]]:
    for edge in wanted:
        if edge not in period:
            raise MissingField("The time of what is told is missing.", where=f"{where}.{edge}")
        yield edge, said_time(instant(period[edge]))  # with its time and Danish zone, also where only the day is known


def _leave(stay: Body) -> Json:
    """The latest leave: a notification tells of one."""
    leaves = [one.get("valuePeriod", {}) for one in stay.get("extension", ()) if one.get("url") == OUR_LEAVE]
    return leaves[-1] if leaves else {}


def _episodes(stay: Body, envelope: Envelope) -> list[Json]:
    """The episode's numbers. A stay that nobody numbered has the one that the gateway gave it, as a number of the unit
    that sends."""
    told = [one["identifier"] for one in stay.get("episodeOfCare", ()) if one.get("identifier", {}).get("value")]
    if told:
        return [episode_identifier(one) for one in told]
    sor = envelope.sender.endpoint.removeprefix(SOR_ENDPOINT)
    try:
        return [{"system": f"{SOR_ENDPOINT}{sor}", "value": str(UUID(stay.get("id", "")))}]
    except ValueError:
        raise MissingField("The stay has no number.", where="Encounter.episodeOfCare") from None


def _provenance(said: Said, sender: str) -> Json:
    at = said_time(said.recorded)
    what = {"reference": f"MessageHeader/{said.before}"}
    content = {
        "target": [{"reference": f"MessageHeader/{said.id}"}],
        "occurredDateTime": at,
        "recorded": at,
        "activity": activity(said.activity),
        "agent": [{"who": {"reference": f"Organization/{sender}"}}],
        "entity": [{"role": said.role, "what": what}] if said.before else [],
    }
    return resource("Provenance", str(uuid5(_SEED, f"provenance|{said.id}")), PROVENANCE, said.activity, content)

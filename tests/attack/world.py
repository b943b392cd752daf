"""A gateway with its HTTP doors open, a cast that attacks it, and short messages about invented citizens."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.identifier import CPR, CVR, SOR, Identifier
from gateway.domain.record import AccessRecord, from_bytes
from gateway.domain.resource import ids
from gateway.flows.receive import receive
from gateway.inbound.clients import Client
from gateway.inbound.scopes import Scope
from tests.flows.messages import adt, case
from tests.inbound.http_world import SECRET, Http, Raw, http
from tests.inbound.oauth_client import hospital

SARAH, ASK, NOBODY = "1502824933", "2512489996", "2509479989"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
TYPES = "http://hl7.org/fhir/resource-types"
WRITTEN = "https://faellesplan.dk/fhir/StructureDefinition/consent-form"
JSON = "application/fhir+json"
FORM = "application/x-www-form-urlencoded"
_FFB = "http://fhir.kl.dk/ffbmessaging/CodeSystem/kl-messaging-ffb-messageEventSystem"
_ALL = (Scope("*", "rs"), Scope("Bundle", "c"), Scope("Consent", "cu"))
_READ = (Scope("*", "rs"),)
_COPENHAGEN = Identifier(CVR, "64942212")


def _client(name: str, role: str, sector: str, organisation: Identifier, *purposes: str, **more: Any) -> Client:
    told = {
        "id": name, "name": name, "role": role, "sector": sector, "organisation": organisation, "member_of": (),
        "organisation_name": name, "purposes": purposes, "scopes": _READ, "sends": (),
    }  # fmt: skip
    return hospital(**(told | more))


CAST: tuple[Client, ...] = (
    _client("psyk", "hospital", "region", Identifier(SOR, "399841000016000"), "TREAT", "BTG",
            scopes=_ALL, sends=("regionh-psyk-adt", "regionh-medcom")),
    _client("herlev", "hospital", "region", Identifier(SOR, "265161000016000"), "TREAT", "BTG",
            scopes=_ALL, sends=("regionh-somatik-adt", "regionh-medcom")),
    _client("social", "social", "municipality", _COPENHAGEN, "COC", "BTG",
            scopes=_ALL, sends=("koebenhavn-ffb", "koebenhavn-sag")),
    _client("elsewhere", "social", "municipality", Identifier(CVR, "11259979"), "COC",
            scopes=_ALL, sends=("frederiksberg-sag",)),
    _client("nursing", "nursing", "municipality", _COPENHAGEN, "TREAT", "BTG",
            scopes=(*_READ, Scope("Bundle", "c")), sends=("koebenhavn-fsiii",)),
    _client("jobcenter", "jobcenter", "municipality", _COPENHAGEN, "ELIGDTRM", sends=("koebenhavn-momentum",)),
    _client("benefit", "benefit", "municipality", _COPENHAGEN, "ELIGDTRM", scopes=_ALL, sends=("koebenhavn-ydelse",)),
    _client("helpers", "ngo", "other", Identifier(CVR, "25313763"), "COC"),
    _client("provider", "provider", "other", Identifier(CVR, "29188505"), "COC"),
    _client("auditor", "auditor", "region", Identifier(SOR, "399841000016000"), "HCOMPL",
            scopes=(Scope("AuditEvent", "rs"),)),
)  # fmt: skip
_WRITTEN = re.compile(rb'\{"resourceType": "(?!Bundle)([A-Z][A-Za-z]+)"')
_PURPOSE = {client.id: client.purposes[0] for client in CAST}


@dataclass
class Doors:
    """The doors, and what an attacker does at them."""

    http: Http
    _known: dict[str, dict[str, str]] = field(default_factory=dict)

    async def bearer(
        self, who: str, *, purpose: str | None = None, scope: str = "system/*.cruds", **iua: Any
    ) -> dict[str, str]:
        """An Authorization header; `purpose` "" for none, BTG with its reason."""
        said = _PURPOSE[who] if purpose is None else purpose
        named = repr((who, said, scope, sorted(iua.items()), int(self.http.world.clock().timestamp()) // 60))
        if named not in self._known:
            self._known[named] = await self._token(who, said, scope, iua)
        return self._known[named]

    async def _token(self, who: str, said: str, scope: str, iua: dict[str, Any]) -> dict[str, str]:
        person = {
            "subject_id": f"urn:test:staff|{who}-1", "subject_name": who, "purpose_of_use": [said] if said else [],
        }  # fmt: skip
        extensions: dict[str, Any] = {"ihe_iua": person | iua}
        if said == "BTG":
            extensions["faellesplan"] = {"override": {"code": "emergency", "text": "Bevidstløs"}}
        return await self.http.bearer(scope, who, extensions=extensions)

    async def asks_for_token(self, who: str, **iua: Any) -> int:
        """The status of a token request with these claims about who acts."""
        person = {"subject_id": "urn:test:staff|1", "purpose_of_use": [_PURPOSE[who]]} | iua
        world = self.http.world
        assertion = world.assertion(iss=who, sub=who, extensions={"ihe_iua": person})
        form = world.form(assertion, scope="system/*.cruds")
        return int((await self.http.web.post("/oauth/token", data=dict(form))).status_code)

    async def get(self, who: str, path: str, *, headers: dict[str, str] | None = None, **acting: Any) -> Raw:
        """A GET below /fhir/, its path byte for byte."""
        return await self.http.raw("GET", f"/fhir/{path}", (await self.bearer(who, **acting)) | (headers or {}))

    async def search(self, who: str, kind: str, form: str, **acting: Any) -> Raw:
        """A search by form, its fields as they go over the wire."""
        headers = await self.bearer(who, **acting) | {"Content-Type": FORM}
        return await self.http.raw("POST", f"/fhir/{kind}/_search", headers, form.encode())

    async def write(
        self, who: str, body: Any, identity: str = "", *, headers: dict[str, str] | None = None, **acting: Any
    ) -> Raw:
        """A Consent, new or changed."""
        told = await self.bearer(who, **acting) | {"Content-Type": JSON} | await self._latest(identity)
        told |= headers or {}
        if identity and isinstance(body, dict):
            body = {"id": identity, **body}
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        method, path = ("PUT", f"/fhir/Consent/{identity}") if identity else ("POST", "/fhir/Consent")
        return await self.http.raw(method, path, told, content)

    async def _latest(self, identity: str) -> dict[str, str]:
        """If-Match for the version that there is."""
        sql = "SELECT version FROM resource WHERE kind = 'Consent' AND id = $1"
        version = await self.http.gateway.database.fetchval(sql, identity) if identity else None
        return {"If-Match": f'W/"{version or 1}"'} if identity else {}

    async def send(self, who: str, message: bytes) -> Raw:
        """A message through its own door, a resource through that of its type; what a vendor's system told when it was
        asked comes through none."""
        if b'"vendor"' in message[:20]:
            answer = await receive(self.http.gateway, "momentum", message, sends=("koebenhavn-momentum",))
            return Raw(answer.status, {}, answer.body)
        path, kind = ("/messages/hl7v2", "application/hl7-v2")
        if resource := _WRITTEN.match(message):
            path, kind = f"/fhir/{resource[1].decode()}", JSON
        elif message[:1] == b"{":
            path, kind = "/cases/kl" if b'"collection"' in message else "/fhir/$process-message", JSON
        elif message[:1] == b"<":
            path, kind = "/cases/ydelse" if b"YdelseIndeksInput" in message[:200] else "/cases/oio", "application/xml"
        return await self.http.raw("POST", path, await self.bearer(who) | {"Content-Type": kind}, message)

    async def arrive(self, *messages: tuple[str, bytes]) -> None:
        """Messages that must be taken."""
        for who, message in messages:
            told = await self.send(who, message)
            assert told.status == 200, told.body
            self.http.world.clock.forward(1)

    async def records(self, **where: Any) -> list[AccessRecord]:
        """The access records of looks and writes, oldest first."""
        rows = await self.http.gateway.database.fetch(
            "SELECT body FROM access_record WHERE interaction NOT IN ('import', 'token') ORDER BY id"
        )
        told = [from_bytes(row["body"]) for row in rows]
        return [one for one in told if all(getattr(one, name) == value for name, value in where.items())]


@asynccontextmanager
async def doors(database_url: str, *clients: Client, **options: Any) -> AsyncIterator[Doors]:
    """The doors open on a database of their own."""
    async with http(database_url, *(clients or CAST), **options) as here:
        yield Doors(here)


def identity(kind: str, key: str) -> str:
    """The id that this gateway makes: what somebody knows who once saw it."""
    return ids(SECRET)(kind, key)


def patient_of(cpr: str) -> str:
    return identity("Patient", f"{CPR}|{cpr}")


def kl_id(kind: str, name: str, source: str = "koebenhavn-ffb") -> str:
    return identity(kind, f"{source}|{kind}|{name}")


def stay(cpr: str = SARAH, event: str = "A01", number: int = 1, **more: Any) -> bytes:
    """An ADT message of the psychiatric hospital."""
    return adt(event, number, "20250302090000+0100", cpr=cpr, **more)


def order(
    cpr: str = SARAH, *resources: dict[str, Any], number: str = "1", patient: dict[str, Any] | None = None,
    sent: str = "2025-03-01T10:00:00+01:00",
) -> bytes:  # fmt: skip
    """An FFB order of Copenhagen with these resources; every one is about the citizen."""
    citizen = {
        "resourceType": "Patient",
        "id": "p",
        "identifier": [{"system": CPR, "value": cpr}],
        "name": [{"family": "Lind", "given": ["Sarah"]}],
    } | (patient or {})
    citizen = {name: value for name, value in citizen.items() if value is not None}
    header = {
        "resourceType": "MessageHeader",
        "id": f"h{number}",
        "eventCoding": {"system": _FFB, "code": "ffb-order"},
        "sender": {"reference": "Organization/o"},
        "source": {"endpoint": "https://ffb.kk.example/fhir"},
        "focus": [{"reference": "Patient/p"}],
    }
    sender = {"resourceType": "Organization", "id": "o", "name": "Københavns Kommune"}
    bodies = [header, citizen, sender, *(_about(one) for one in resources)]
    entries = [{"fullUrl": f"{b['resourceType']}/{b['id']}", "resource": b} for b in bodies]
    bundle = {"resourceType": "Bundle", "id": f"b{number}", "type": "message", "timestamp": sent, "entry": entries}
    return json.dumps(bundle).encode()


def _about(body: dict[str, Any]) -> dict[str, Any]:
    name = "patient" if body["resourceType"] in ("Consent", "RelatedPerson") else "subject"
    return {name: {"reference": "Patient/p"}} | body


def plan(name: str = "plan", **more: Any) -> dict[str, Any]:
    return {"resourceType": "CarePlan", "id": name, "status": "active", "intent": "plan", "title": "Plan"} | more


def consent(patient: str, says: str = "deny", **changed: Any) -> dict[str, Any]:
    """A citizen's word; `provision` completes the provision."""
    provision = {"type": says} | changed.pop("provision", {})
    scope = {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}
    return {
        "resourceType": "Consent",
        "extension": [{"url": WRITTEN, "valueCode": "written"}],
        "status": "active",
        "scope": {"coding": [scope]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": f"Patient/{patient}"},
        "dateTime": "2025-03-01",
        "policyRule": {"text": "sundhedsloven"},
        "provision": provision,
    } | changed


def about(kind: str) -> dict[str, Any]:
    """A provision about one type."""
    return {"class": [{"system": TYPES, "code": kind}]}


def bodies(answer: Raw) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in answer.json().get("entry", [])]


__all__ = [
    "ASK", "CAST", "FORM", "JSON", "NOBODY", "REASON", "SARAH", "TYPES", "Doors", "Raw", "about", "bodies", "case",
    "consent", "doors", "identity", "kl_id", "order", "patient_of", "plan", "stay",
]  # fmt: skip

"""One synthetic citizen, known to a municipality and admitted to a hospital; and the systems that ask about her."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.domain.identifier import CPR, CVR, SOR, Identifier
from gateway.inbound.clients import Client
from gateway.inbound.scopes import Scope
from tests.inbound.http_world import Http
from tests.inbound.oauth_client import hospital, nurse

FIXTURES = Path(__file__).parents[2] / "fixtures" / "messages"
NUMBER = "1502824933"
EVERYTHING = "system/*.cruds"

HOSPITAL = hospital(
    id="epj",
    scopes=(Scope("*", "rs"), Scope("Bundle", "c"), Scope("Consent", "cu")),
    sends=("regionh-somatik-adt", "regionh-medcom"),
    organisation=Identifier(SOR, "265161000016000"),
)
SOCIAL = hospital(
    id="social",
    name="Københavns Kommune, sagssystem",
    organisation=Identifier(CVR, "64942212"),
    organisation_name="Københavns Kommune",
    sector="municipality",
    role="social",
    purposes=("TREAT", "HOPERAT", "BTG"),
    scopes=(Scope("*", "rs"), Scope("Bundle", "c"), Scope("Consent", "cu")),
    sends=("koebenhavn-ffb", "koebenhavn-sag"),
)
JOBCENTER = hospital(
    id="jobcenter",
    name="Jobcenter",
    organisation=Identifier(CVR, "64942213"),
    sector="municipality",
    role="jobcenter",
    purposes=("HOPERAT",),
    scopes=(Scope("*", "rs"),),
    sends=(),
)
AUDITOR = hospital(
    id="auditor",
    name="Revision",
    sector="other",
    role="auditor",
    purposes=("HOPERAT",),
    scopes=(Scope("AuditEvent", "rs"),),
    sends=(),
)
CLIENTS: tuple[Client, ...] = (HOSPITAL, SOCIAL, JOBCENTER, AUDITOR)


def admission(control: str = "M1") -> bytes:
    """An ADT A01 of the citizen, in ISO 8859-1."""
    visit = ["PV1", "1", "I", "M1^^^HGH", *[""] * 15, "V-17^^^REGH", *[""] * 24, "20250314083000"]
    return "\r".join(
        (
            rf"MSH|^~\&|SP|HGH|FAELLESPLAN|KK|20250314084500||ADT^A01|{control}|P|2.5||||||8859/1",
            "EVN|A01|20250314083000",
            f"PID|1||{NUMBER}^^^CPR||Tangmose^Sarah||19820215|F",
            "|".join(visit),
            "",
        )
    ).encode("latin-1")


async def headers(here: Http, client: str = "epj", purpose: str = "TREAT", **more: Any) -> dict[str, str]:
    """Bearer header of a person in front of a client."""
    purposes = [purpose] if purpose else []
    return await here.bearer(EVERYTHING, client, extensions=nurse(iua={"purpose_of_use": purposes}, **more))


ORDER = (FIXTURES / "kl" / "order.json").read_bytes()


async def arrive(here: Http, order: bytes = ORDER) -> str:
    """The municipality's order and the hospital's admission come in; gives the Patient id."""
    social, epj = await headers(here, "social"), await headers(here)
    fhir = {**social, "Content-Type": "application/fhir+json"}
    answer = await here.web.post("/fhir/$process-message", headers=fhir, content=order)
    assert answer.status_code == 200, answer.text
    er7 = {**epj, "Content-Type": "application/hl7-v2"}
    answer = await here.web.post("/messages/hl7v2", headers=er7, content=admission())
    assert answer.status_code == 200, answer.text
    found = await here.web.post("/fhir/Patient/_search", headers=epj, data={"identifier": f"{CPR}|{NUMBER}"})
    (entry,) = found.json()["entry"]
    return str(entry["resource"]["id"])

"""Ankestyrelsen's two cases of homeless citizens who cross municipal borders, as messages, and in the joint plan.

A home in one municipality, a shelter in another and a hospital in a third: who acts is what the sources say of it,
never where the citizen is. tests/domain/test_acting.py has the rule of law that says who ought to.
"""

from __future__ import annotations

import json
import re
from typing import Any

from gateway.domain.identifier import CVR, Identifier
from gateway.domain.municipality import MUNICIPALITY, facts_of
from gateway.inbound.scopes import Scope
from tests.flows.messages import case
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital
from tests.inbound.one_citizen import CLIENTS, ORDER, admission, headers

Json = dict[str, Any]
CPR = "1502824933"
COPENHAGEN, FREDERIKSBERG = ("64942212", "0101"), ("11259979", "0147")
FRB = hospital(
    id="frb", name="Frederiksberg, FFB", organisation=Identifier(CVR, FREDERIKSBERG[0]),
    organisation_name="Frederiksberg Kommune", sector="municipality", role="social", purposes=("TREAT", "HOPERAT"),
    scopes=(Scope("*", "rs"), Scope("Bundle", "c")), sends=("frederiksberg-ffb", "frederiksberg-sag"),
)  # fmt: skip


def order(*, start: str, end: str = "", acting: str = "0101", sender: str = "", at: str = "2025-02-04") -> bytes:
    """A municipality's order; the citizen's address is the shelter in Ishøj. With `sender` (CVR) another
    municipality's, of other resources."""
    bundle = json.loads(ORDER)
    bundle["timestamp"] = f"{at}T10:30:00+01:00"
    for resource in (entry["resource"] for entry in bundle["entry"]):
        if resource["resourceType"] == "Patient":
            resource["address"] = [{"line": ["Strandvejen 1"], "postalCode": "2635", "city": "Ishøj"}]
        if resource["resourceType"] == "MessageHeader":
            resource["id"] = f"{acting}{at}".replace("-", "")
        if resource["resourceType"] == "CarePlan":
            resource["period"] = {"start": start} | ({"end": end} if end else {})
            resource["status"] = "completed" if end else "active"
            for one in resource.get("extension", []):
                if one["url"].endswith("actingMunicipality"):
                    one["valueCoding"] = {"system": one["valueCoding"]["system"], "code": acting}
    text = json.dumps(bundle)
    if sender:
        text = text.replace(
            '"name": "Københavns Kommune"', f'"identifier": [{{"system": "{CVR}", "value": "{sender}"}}]'
        )
        text = text.replace(
            '"name": "K\\u00f8benhavns Kommune"', f'"identifier": [{{"system": "{CVR}", "value": "{sender}"}}]'
        )
        text = text.replace("https://ffb.kk.example/fhir", "https://ffb.frb.example/fhir")
        text = re.sub(r"\b([0-9a-f]{4})[0-9a-f]{4}-", r"\g<1>cccc-", text)
    return text.encode()


def shelter(owner: str, number: str) -> bytes:
    """A case about a place at a shelter (27.57.16): this municipality has helped the citizen there."""
    text = case(CPR, owner=owner).decode()
    return re.sub(r"(<\w+:UUIDIdentifikator>)5b0c9d2e", rf"\g<1>{number * 8}", text, flags=re.IGNORECASE).encode()


async def send(here: Http, client: str, path: str, body: bytes, kind: str) -> None:
    answer = await here.web.post(path, headers={**await headers(here, client), "Content-Type": kind}, content=body)
    assert answer.status_code == 200, answer.text


async def ordered(here: Http, client: str, body: bytes) -> None:
    await send(here, client, "/fhir/$process-message", body, "application/fhir+json")


async def acts(here: Http, client: str, *, override: bool = False) -> list[tuple[str, bool]]:
    """Who acts, as one reader's joint plan has it, and whether that is disputed."""
    reason = {"faellesplan": {"override": {"code": "emergency", "text": "Fundet bevidstløs"}}} if override else {}
    purpose = "BTG" if override else "TREAT" if client == "epj" else "HOPERAT"
    look = await headers(here, client, purpose, **reason)
    found = await here.web.post("/fhir/Patient/_search", headers=look, data={"identifier": f"urn:oio:cpr-nr|{CPR}"})
    patient = found.json()["entry"][0]["resource"]["id"]
    answer = await here.web.get(f"/fhir/CarePlan/joint-{patient}", headers=look)
    assert answer.status_code == 200, answer.text
    return [(fact.code, fact.disputed) for fact in facts_of(answer.json()) if fact.role == "acting"]


def test_case_a_home_then_shelters_and_a_hospital_elsewhere(database_url: str) -> None:
    """København's plan and place at a shelter in Ishøj; Frederiksberg helps into the next shelter; Herlev admits."""

    async def work() -> None:
        async with http(database_url, *CLIENTS, FRB) as here:
            await ordered(here, "social", order(start="2014-01-01"))
            assert await acts(here, "social") == [("0101", False)]
            await send(here, "social", "/cases/oio", shelter(COPENHAGEN[0], "1"), "application/xml")
            await send(here, "epj", "/messages/hl7v2", admission(), "application/hl7-v2")
            await send(here, "frb", "/cases/oio", shelter(FREDERIKSBERG[0], "2"), "application/xml")
            assert await acts(here, "social") == [("0101", False)]
            assert await acts(here, "frb") == [], "what it may not see does not tell it either"
            assert await acts(here, "epj") == [("0101", False)], "who treats may know whom to call, and sees no plan"

    run(work)


def test_case_b_a_flat_for_thirteen_days_and_back_to_the_shelter(database_url: str) -> None:
    """København's plan ends when the citizen moves in with a friend in Frederiksberg, which acts from then on, also
    when the citizen is at the shelter again; whichever message comes first."""
    ended = order(start="2014-01-01", end="2025-02-28", at="2025-03-01")
    began = order(start="2025-03-01", acting="147", sender=FREDERIKSBERG[0], at="2025-03-02")

    async def work() -> None:
        async with http(database_url, *CLIENTS, FRB) as here:
            await ordered(here, "frb", began)
            await ordered(here, "social", ended)
            await ordered(here, "social", order(start="2014-01-01"))  # late
            assert await acts(here, "frb") == [("0147", False)]
            await send(here, "frb", "/cases/oio", shelter(FREDERIKSBERG[0], "3"), "application/xml")
            assert await acts(here, "frb") == [("0147", False)]
            assert await acts(here, "social") == [], "its plan is over, and it does not see the other's"

    run(work)


def test_two_municipalities_that_both_say_it_are_both_shown(database_url: str) -> None:
    """Never guessed: who sees both orders sees both municipalities and that they disagree."""

    async def work() -> None:
        async with http(database_url, *CLIENTS, FRB) as here:
            await ordered(here, "social", order(start="2014-01-01"))
            await ordered(
                here, "frb", order(start="2025-03-01", acting="147", sender=FREDERIKSBERG[0], at="2025-03-02")
            )
            assert await acts(here, "epj", override=True) == [("0101", True), ("0147", True)]
            assert await acts(here, "social") == [("0101", False)], "what it may not see contradicts nothing"

    run(work)


def test_nothing_but_the_sources_word_makes_a_municipality_act(database_url: str) -> None:
    """An address, an owner of a case, a hospital: none of them."""

    async def work() -> None:
        async with http(database_url, *CLIENTS, FRB) as here:
            await send(here, "social", "/cases/oio", shelter(COPENHAGEN[0], "1"), "application/xml")
            await send(here, "epj", "/messages/hl7v2", admission(), "application/hl7-v2")
            assert await acts(here, "social") == []
            rows = await here.gateway.database.fetch("SELECT body FROM resource")
            assert not any(MUNICIPALITY.encode() in row["body"] for row in rows)

    run(work)

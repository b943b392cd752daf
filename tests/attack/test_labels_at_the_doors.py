"""A citizen who keeps psychiatry and substance use from a reader keeps them from it however they were told."""

from __future__ import annotations

from typing import Any

from tests.attack.world import SARAH, case, consent, doors, order, patient_of, plan, stay
from tests.inbound.http_world import run
from tests.inbound.rest_world import rest

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
SNOMED = "http://snomed.info/sct"
TOLD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Condition", {"code": {"coding": [{"system": SNOMED, "code": "191542003", "display": "Katatoni skizofreni"}]}}),
    ("Condition", {"code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-nl", "code": "F20.2"}]}}),
    ("Condition", {"code": {"coding": [{"display": "Skizofreni"}]}}),
    ("Goal", {"target": [{"measure": {"text": "Drik"}, "detailString": "Ingen alkohol"}]}),
    ("CarePlan", {"contained": [{"resourceType": "Condition", "id": "c", "subject": {"display": "-"},
                                 "code": {"text": "Angst"}}], "addresses": [{"reference": "#c"}]}),
    ("CarePlan", {"extension": [{"url": "https://x.example", "valueString": "Metadon hver dag"}]}),
    ("CarePlan", {"activity": [{"detail": {"status": "unknown", "code": {"coding": [
        {"system": "https://x.example", "code": "7", "display": "Alkoholbehandling"}]}}}]}),
    ("Task", {"reasonCode": {"coding": [{"system": "https://x.example", "code": "PSYK"}]}}),
    ("DocumentReference", {"content": [{"attachment": {"contentType": "text/plain", "title": "Brev",
                                                       "data": "SGFyIHNraXpvZnJlbmk="}}]}),
)  # fmt: skip
BASE: dict[str, dict[str, Any]] = {
    "Goal": {"lifecycleStatus": "active", "description": {"text": "Mål"}},
    "CarePlan": {"status": "active", "intent": "plan"},
    "Task": {"status": "requested", "intent": "order"},
    "DocumentReference": {"status": "current"},
}


def test_what_is_written_by_rest(database_url: str) -> None:
    """Written by the hospital, which may see it; objected to for the other hospital."""

    async def test() -> None:
        async with rest(database_url) as here:
            made = [await here.made(here.about(kind, **BASE.get(kind, {}), **body)) for kind, body in TOLD]
            plain = await here.made(here.about("Condition", code={"text": "Brækket arm"}))
            labels = [{"system": ACT_CODE, "code": code} for code in ("PSY", "SUD", "ETHUD")]
            said = consent(here.patient, provision={"securityLabel": labels})
            assert (await here.call("POST", "/Consent", said, who="social")).status_code == 201
            for one in made:
                assert (await here.call("GET", f"/{one['resourceType']}/{one['id']}")).status_code == 404, one
            assert (await here.call("GET", f"/Condition/{plain['id']}")).status_code == 200

    run(test)


def test_what_comes_by_message(database_url: str) -> None:
    hidden = plan("hidden", title="Efter SEL 101")
    shown = plan("shown", title="Efter SEL 85")
    code = "\rDG1|1||Z65.1^x||20250302|A\rDG1|2||F20.0^x^ICD-10||20250302|A\rDG1|3||J18.9^x^ICD-10||20250302|A\r"

    async def test() -> None:
        async with doors(database_url) as here:
            labels = [{"system": ACT_CODE, "code": code} for code in ("PSY", "SUD")]
            labels.append({"system": "https://faellesplan.dk/fhir/CodeSystem/data-class", "code": "criminal"})
            await here.arrive(("social", case(SARAH)), ("social", order(SARAH, hidden, shown)))
            message = stay(SARAH, sender="PAS|HGH", unit="M4").decode().rstrip("\r") + code
            await here.arrive(("herlev", message.encode()))
            before = (await here.search("herlev", "Condition", f"patient={patient_of(SARAH)}")).json()["total"]
            assert before == 3
            said = consent(patient_of(SARAH), provision={"securityLabel": labels})
            assert (await here.write("social", said)).status == 201
            found = (await here.search("herlev", "Condition", f"patient={patient_of(SARAH)}")).json()
            assert [one["resource"]["code"]["coding"][0]["code"] for one in found["entry"]] == ["J18.9"]
            plans = (await here.search("social", "CarePlan", f"patient={patient_of(SARAH)}")).json()
            titles = {one["resource"].get("title") for one in plans["entry"]}
            assert "Efter SEL 85" in titles
            assert "Efter SEL 101" not in titles

    run(test)

"""What a citizen blocks in MinSpærring, by HTTP: a person, a place with or without its sub-units, a period."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.consent.actors import SUB_UNITS
from gateway.domain.identifier import SOR, Identifier
from gateway.inbound.scopes import Scope
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import nurse
from tests.inbound.one_citizen import EVERYTHING, HOSPITAL, NUMBER, SOCIAL, arrive, headers
from tests.inbound.test_consent_doors import put

WHOLE, DEPARTMENT, OTHER = "265161000016000", "265171000016009", "502701000016000"  # mappings/codes/part-of.csv
CATEGORY = "https://faellesplan.dk/fhir/CodeSystem/consent-category"
RECIPIENT = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}


def of(client: str, sor: str) -> Any:
    return replace(HOSPITAL, id=client, organisation=Identifier(SOR, sor), member_of=(), sends=("regionh-somatik-adt",))


CLIENTS = (
    replace(HOSPITAL, member_of=(), scopes=(*HOSPITAL.scopes, Scope("Organization", "cruds"))), SOCIAL,
    of("department", DEPARTMENT), of("other", OTHER),
)  # fmt: skip
READERS = ("epj", "department", "other")


def at_the_department() -> bytes:
    """A stay that the hospital's system tells of, at a department that has a number of its own."""
    visit = ["PV1", "1", "I", f"P3^7^1^{DEPARTMENT}&1.2.208.176.1.1&ISO", *[""] * 15, "V-18^^^REGH", *[""] * 24]
    return "\r".join(
        (
            r"MSH|^~\&|SP|HGH|FAELLESPLAN|KK|20250414084500||ADT^A01|M2|P|2.5||||||8859/1",
            "EVN|A01|20250414083000",
            f"PID|1||{NUMBER}^^^CPR||Tangmose^Sarah||19820215|F",
            "|".join([*visit, "20250414083000"]),
            "",
        )
    ).encode("latin-1")


def place(sor: str, units: bool | None) -> dict[str, Any]:
    """A place by SOR, with its sub-units, without them, or as it stands."""
    said = {} if units is None else {"extension": [{"url": SUB_UNITS, "valueBoolean": units}]}
    return {"reference": {"type": "Organization", "identifier": {"system": SOR, "value": sor}}, **said}


async def arrived(here: Http) -> str:
    patient = await arrive(here)
    er7 = {**await headers(here), "Content-Type": "application/hl7-v2"}
    answer = await here.web.post("/messages/hl7v2", headers=er7, content=at_the_department())
    assert answer.status_code == 200, answer.text
    return patient


async def blocked(here: Http, patient: str, provision: dict[str, Any]) -> None:
    """One consentitem of type 0."""
    body = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
        },
        "category": [{"coding": [{"system": CATEGORY, "code": "minspaerring"}]}],
        "patient": {"reference": f"Patient/{patient}"},
        "dateTime": "2025-03-14T09:00:00+01:00",
        "policyRule": {"text": "sundhedsloven § 42 a"},
        "provision": {"type": "deny", "period": {"start": "2025-01-01"}} | provision,
    }
    answer = await put(here, "/fhir/Consent", body, await headers(here))
    assert answer.status_code == 201, answer.text


async def places_seen(here: Http, patient: str, client: str) -> set[str]:
    """Where the stays took place that a client sees."""
    found = await here.web.get("/fhir/Encounter", params={"patient": patient}, headers=await headers(here, client))
    assert found.status_code == 200, found.text
    entries = found.json().get("entry", [])
    assert found.json()["total"] == len(entries)
    return {one["resource"]["serviceProvider"]["identifier"]["value"] for one in entries}


@pytest.mark.parametrize(("units", "left"), [(None, set()), (True, set()), (False, {DEPARTMENT})])
def test_data_from_a_place(database_url: str, units: bool | None, left: set[str]) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrived(here)
            assert await places_seen(here, patient, "other") == {WHOLE, DEPARTMENT}
            await blocked(here, patient, {"data": [{"meaning": "authoredby", **place(WHOLE, units)}]})
            assert await places_seen(here, patient, "other") == left

    run(test)


@pytest.mark.parametrize(("units", "closed"), [(None, True), (True, True), (False, False)])
def test_readers_at_a_place(database_url: str, units: bool | None, closed: bool) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrived(here)
            both = {WHOLE, DEPARTMENT}
            assert [await places_seen(here, patient, client) for client in READERS] == [both] * 3
            await blocked(here, patient, {"actor": [{"role": RECIPIENT, **place(WHOLE, units)}]})
            seen = [await places_seen(here, patient, client) for client in READERS]
            assert seen == [set(), set() if closed else both, both]

    run(test)


def test_a_block_at_the_department_leaves_the_hospital_open(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrived(here)
            await blocked(here, patient, {"data": [{"meaning": "authoredby", **place(DEPARTMENT, None)}]})
            assert await places_seen(here, patient, "other") == {WHOLE}

    run(test)


def test_what_the_directory_tells_of_a_unit_closes_at_once(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrived(here), await headers(here)
            await blocked(here, patient, {"actor": [{"role": RECIPIENT, **place(WHOLE, None)}]})
            assert await places_seen(here, patient, "other")
            numbered = {"identifier": [{"system": SOR, "value": OTHER}], "name": "Prøveafdeling"}
            told = {"resourceType": "Organization", "partOf": place(WHOLE, None)["reference"], **numbered}
            made = await put(here, "/fhir/Organization", told, epj)
            assert made.status_code == 201, made.text
            assert await places_seen(here, patient, "other") == set()
            whole = {"resourceType": "Organization", "identifier": [{"system": SOR, "value": WHOLE}], "name": "Prøve"}
            named = await put(here, "/fhir/Organization", whole, epj)
            by_reference = made.json() | {"partOf": {"reference": f"Organization/{named.json()['id']}"}}
            path, tag = f"/fhir/Organization/{made.json()['id']}", {"If-Match": 'W/"1"'}
            assert (await put(here, path, by_reference, epj, "PUT", **tag)).status_code == 200
            assert await places_seen(here, patient, "other") == set(), "by a literal reference too"
            assert (await here.web.delete(path, headers=epj)).status_code == 204
            assert await places_seen(here, patient, "other"), "and it is a part of nothing again"

    run(test)


def test_a_person_and_a_period(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrived(here)
            person = {"type": "Practitioner", "identifier": {"system": SOR, "value": f"{WHOLE}.kbo"}}
            april = {"start": "2025-04-01", "end": "2025-04-30"}
            her = {"actor": [{"role": RECIPIENT, "reference": person}]}
            await blocked(here, patient, {**her, "period": {"start": "2024-01-01", "end": "2024-12-31"}})
            assert await places_seen(here, patient, "other") == {WHOLE, DEPARTMENT}, "its time is over"
            await blocked(here, patient, {"dataPeriod": april})
            assert await places_seen(here, patient, "other") == {WHOLE}
            await blocked(here, patient, her)
            assert await places_seen(here, patient, "other") == set()
            colleague = nurse(iua={"purpose_of_use": ["TREAT"], "subject_id": f"{WHOLE}.abo"})
            bearer = await here.bearer(EVERYTHING, "other", extensions=colleague)
            found = await here.web.get("/fhir/Encounter", params={"patient": patient}, headers=bearer)
            assert found.json()["total"] == 1, "the colleague sees what the period leaves"

    run(test)

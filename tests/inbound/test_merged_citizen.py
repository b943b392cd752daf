"""A40 through the doors: who was admitted without a CPR number turns out to be a known citizen, and both have spoken.

Stays, references, consents and looks follow to the survivor; of two words the more restrictive one counts
(rule 14 of domain/consent).
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.domain.identifier import CPR, X_ECPR
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, FIXTURES, NUMBER, admission, arrive, headers
from tests.inbound.test_consent_doors import objection, put

STRANGER = "0703921VJ5"


async def hl7(here: Http, message: bytes) -> None:
    er7 = {**await headers(here), "Content-Type": "application/hl7-v2"}
    answer = await here.web.post("/messages/hl7v2", headers=er7, content=message)
    assert answer.status_code == 200, answer.text


async def arrive_without_cpr(here: Http) -> str:
    """The same citizen under a replacement number: known to the municipality and admitted once more."""
    order = (FIXTURES / "kl" / "order.json").read_text("utf-8").replace(f'"{NUMBER}"', f'"{STRANGER}"')
    order = order.replace(f'"{CPR}"', f'"{X_ECPR}"')
    order = re.sub(r"\b([0-9a-f]{4})([0-9a-f]{4})-", r"\2\1-", order)  # other resources than those of `arrive`
    fhir = {**await headers(here, "social"), "Content-Type": "application/fhir+json"}
    answer = await here.web.post("/fhir/$process-message", headers=fhir, content=order.encode())
    assert answer.status_code == 200, answer.text
    unknown = admission("M2").replace(b"V-17", b"V-18").replace(f"{NUMBER}^^^CPR".encode(), b"%s")
    await hl7(here, unknown.replace(b"%s", f"{STRANGER}^^^X-ECPR".encode()))
    found = await here.web.post(
        "/fhir/Patient/_search", headers=await headers(here), data={"identifier": f"{X_ECPR}|{STRANGER}"}
    )
    (entry,) = found.json()["entry"]
    return str(entry["resource"]["id"])


async def merge(here: Http) -> None:
    """The stranger is the citizen."""
    message = "\r".join(
        (
            r"MSH|^~\&|SP|HGH|FAELLESPLAN|KK|20250314100000||ADT^A40^ADT_A39|M9|P|2.5||||||8859/1",
            "EVN|A40|20250314100000",
            f"PID|1||{NUMBER}^^^CPR",
            f"MRG|{STRANGER}^^^X-ECPR",
            "",
        )
    )
    await hl7(here, message.encode("latin-1"))
    here.world.clock.forward(1)


async def stays(here: Http, patient: str) -> list[dict[str, Any]]:
    found = await here.web.get("/fhir/Encounter", params={"patient": patient}, headers=await headers(here))
    assert found.status_code == 200, found.text
    entries = [entry["resource"] for entry in found.json().get("entry", [])]
    return [one for one in entries if any(i["value"] in ("V-17", "V-18") for i in one.get("identifier", []))]


async def consents(here: Http, patient: str) -> list[dict[str, Any]]:
    found = await here.web.get("/fhir/Consent", params={"patient": patient}, headers=await headers(here, "social"))
    return [entry["resource"] for entry in found.json().get("entry", [])]


def permit(patient: str) -> dict[str, Any]:
    return objection(patient, provision={"type": "permit", "purpose": objection(patient)["provision"]["purpose"]})


def test_stays_and_references_follow_to_the_survivor(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            citizen, stranger = await arrive(here), await arrive_without_cpr(here)
            assert [len(await stays(here, one)) for one in (citizen, stranger)] == [1, 1]
            await merge(here)
            assert {one["subject"]["reference"] for one in await stays(here, citizen)} == {f"Patient/{citizen}"}
            assert len(await stays(here, citizen)) == 2
            former = await here.web.get(f"/fhir/Patient/{stranger}", headers=await headers(here))
            assert former.json()["active"] is False
            assert former.json()["link"] == [{"other": {"reference": f"Patient/{citizen}"}, "type": "replaced-by"}]
            plan = await here.web.get(f"/fhir/Patient/{citizen}/$joint-plan", headers=await headers(here))
            subjects = {
                entry["resource"][name]["reference"]
                for entry in plan.json()["entry"]
                for name in ("subject", "patient", "for")
                if name in entry["resource"]
            }
            assert subjects == {f"Patient/{citizen}"}

    run(test)


@pytest.mark.parametrize(("objects", "merged_first"), [("citizen", False), ("stranger", False), ("stranger", True)])
def test_of_two_words_the_more_restrictive_counts(database_url: str, objects: str, merged_first: bool) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            who = {"citizen": await arrive(here), "stranger": await arrive_without_cpr(here)}
            permits = "stranger" if objects == "citizen" else "citizen"
            epj = await headers(here)
            if merged_first:
                await merge(here)
            for body in (objection(who[objects]), permit(who[permits])):
                made = await put(here, "/fhir/Consent", body, epj)
                assert made.status_code == 201, made.text
            here.world.clock.forward(1)
            if not merged_first:
                assert [len(await stays(here, who[name])) for name in (objects, permits)] == [0, 1]
                await merge(here)
            assert [len(await stays(here, one)) for one in who.values()] == [0, 0]
            moved = await consents(here, who["citizen"])
            assert {one["patient"]["reference"] for one in moved} == {f"Patient/{who['citizen']}"}
            assert sorted(one["provision"]["type"] for one in moved if "provision" in one) == ["deny", "permit"]

    run(test)


def test_looks_follow_to_the_survivor(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            citizen, stranger = await arrive(here), await arrive_without_cpr(here)
            await stays(here, stranger)
            await merge(here)
            auditor = await headers(here, "auditor", "HOPERAT")
            found = await here.web.get("/fhir/AuditEvent", params={"patient": citizen}, headers=auditor)
            assert found.status_code == 200, found.text
            whom = {
                entity["what"]["reference"]
                for entry in found.json()["entry"]
                for entity in entry["resource"].get("entity", [])
                if entity.get("what", {}).get("reference", "").startswith("Patient/")
            }
            assert f"Patient/{stranger}" in whom, "what was looked at before the merge stays on record as it was"

    run(test)

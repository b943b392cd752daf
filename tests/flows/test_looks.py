"""Looks: decided, put on record, and only then spoken; the same answer for absent and hidden."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.caller import Override
from gateway.errors import BadRequest, Forbidden, GatewayError, NotFound, Unavailable
from gateway.flows import audit
from gateway.flows.joint_plan import joint_plan
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import read
from gateway.flows.receive import receive
from gateway.flows.search import search
from tests.flows.conftest import House, caller
from tests.flows.consents import record_consent
from tests.flows.messages import CPR, adt, case

WRITTEN = "https://faellesplan.dk/fhir/StructureDefinition/consent-form"


async def admitted(gateway: Gateway) -> str:
    """A citizen with a case and a psychiatric stay; the Patient id."""
    for message in (case(), adt("A01", 1, "20260302090000+0100")):
        answer = await receive(gateway, "hl7v2" if message.startswith(b"MSH") else "oio", message)
        assert answer.accepted, answer.body
    return str(await gateway.database.fetchval("SELECT citizen FROM identity"))


def consent(patient: str, **provision: Any) -> bytes:
    body = {
        "resourceType": "Consent",
        "extension": [{"url": WRITTEN, "valueCode": "written"}],
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
        },
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": f"Patient/{patient}"},
        "dateTime": "2026-03-01",
        "policyRule": {"text": "Sundhedsloven § 43"},
        "provision": {
            "type": "permit",
            "purpose": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "COC"}],
        }
        | provision,
    }
    return json.dumps(body).encode()


def kinds(served: Served) -> list[str]:
    return sorted(e["resource"]["resourceType"] for e in json.loads(served.body).get("entry", []))


async def failure(look: Awaitable[Any]) -> GatewayError | None:
    try:
        await look
    except GatewayError as error:
        return error
    return None


async def records(gateway: Gateway, **where: str) -> list[dict[str, Any]]:
    rows = await gateway.database.fetch("SELECT interaction, decision, citizen, body FROM access_record ORDER BY id")
    told = [json.loads(row["body"]) | {"citizen": row["citizen"]} for row in rows if row["interaction"] != "import"]
    return [one for one in told if all(one.get(name) == value for name, value in where.items())]


def at(house: House, ahead: timedelta = timedelta()) -> None:
    house.clock.ahead = ahead


def test_what_is_hidden_and_what_is_absent_get_the_same_answer_and_both_are_on_record(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[Any, Any, list[dict[str, Any]], str]:
        patient = await admitted(gateway)
        hidden = await failure(joint_plan(gateway, caller("jobcenter"), patient))
        absent = await failure(joint_plan(gateway, caller("jobcenter"), "0" * 32))
        return hidden, absent, await records(gateway), patient

    hidden, absent, told, patient = house.run(work)
    assert type(hidden) is type(absent) is NotFound
    assert hidden.told() == absent.told()
    assert [(one["decision"], one["citizen"]) for one in told] == [("deny", patient), ("deny", "")]
    assert told[0]["withheld"]


def test_where_the_record_cannot_be_written_nothing_is_said(house: House) -> None:
    async def work(gateway: Gateway) -> Any:
        patient = await admitted(gateway)
        name = await gateway.database.fetchval("SELECT current_database()")
        await gateway.database.fetchval(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        await gateway.database.pool.expire_connections()
        return await failure(read(gateway, caller("hospital"), "Patient", patient))

    assert type(house.run(work)) is Unavailable


def test_the_social_authority_sees_the_stay_only_with_a_written_consent_and_until_it_is_withdrawn(house: House) -> None:
    async def work(gateway: Gateway) -> list[list[str]]:
        patient = await admitted(gateway)
        social = caller("social")
        seen = [kinds(await joint_plan(gateway, social, patient))]
        given = await record_consent(gateway, social, consent(patient))
        seen.append(kinds(await joint_plan(gateway, social, patient)))
        stopped = json.loads(consent(patient)) | {"status": "inactive"}
        await record_consent(gateway, social, json.dumps(stopped).encode(), json.loads(given.body)["id"])
        seen.append(kinds(await joint_plan(gateway, social, patient)))
        return seen

    before, during, after = house.run(work)
    assert "Encounter" not in before
    assert "Encounter" in during
    assert "Encounter" not in after


def test_an_oral_consent_does_not_reach_case_work(house: House) -> None:
    async def work(gateway: Gateway) -> list[str]:
        patient = await admitted(gateway)
        oral = json.loads(consent(patient))
        oral["extension"][0]["valueCode"] = "oral"
        await record_consent(gateway, caller("social"), json.dumps(oral).encode())
        return kinds(await joint_plan(gateway, caller("social"), patient))

    assert "Encounter" not in house.run(work)


def test_a_consent_lapses_a_year_after_it_was_given_whatever_it_says(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[list[str], list[str]]:
        patient = await admitted(gateway)
        today = house.clock().date().isoformat()
        body = json.loads(consent(patient, period={"start": today, "end": "2099-01-01"})) | {"dateTime": today}
        await record_consent(gateway, caller("social"), json.dumps(body).encode())
        at(house, timedelta(days=360))
        before = kinds(await joint_plan(gateway, caller("social"), patient))
        at(house, timedelta(days=367))
        return before, kinds(await joint_plan(gateway, caller("social"), patient))

    before, after = house.run(work)
    assert "Encounter" in before
    assert "Encounter" not in after


def test_an_objection_closes_treatment_too_and_an_override_opens_it_on_record(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[Any, list[str], list[dict[str, Any]]]:
        patient = await admitted(gateway)
        treat = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}
        objection = consent(
            patient,
            type="deny",
            purpose=[treat],
            **{"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Encounter"}]},
        )
        await record_consent(gateway, caller("hospital"), objection)
        hidden = kinds(await joint_plan(gateway, caller("nursing"), patient))
        reason = Override("vital-interest", "Bevidstløs ved besøget", gateway.clock())
        override = caller("nursing", purposes=("BTG",), override=reason)
        opened = kinds(await joint_plan(gateway, override, patient))
        return hidden, opened, await records(gateway, decision="override")

    hidden, opened, told = house.run(work)
    assert "Encounter" not in hidden
    assert "Encounter" in opened
    assert told[0]["override_code"] == "vital-interest"
    assert told[0]["override_reason"] == "Bevidstløs ved besøget"


def test_an_override_without_a_reason_opens_nothing(house: House) -> None:
    async def work(gateway: Gateway) -> Any:
        patient = await admitted(gateway)
        return await failure(joint_plan(gateway, caller("nursing", purposes=("BTG",)), patient))

    assert type(house.run(work)) is NotFound


def test_without_a_purpose_nothing_is_shown_and_the_look_is_on_record(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[list[Any], list[dict[str, Any]]]:
        patient = await admitted(gateway)
        nobody = caller("hospital", purposes=())
        looks = [
            read(gateway, nobody, "Patient", patient),
            joint_plan(gateway, nobody, patient),
            search(gateway, nobody, "Encounter", [("patient", patient)]),
        ]
        return [await failure(look) for look in looks], await records(gateway, decision="deny")

    failures, told = house.run(work)
    assert [type(one) for one in failures] == [Forbidden] * 3
    assert len(told) == 3


def test_a_search_is_decided_before_it_is_counted(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        patient = await admitted(gateway)
        asked = [("patient", patient), ("status", "in-progress")]
        hospital = await search(gateway, caller("hospital"), "Encounter", asked)
        jobcenter = await search(gateway, caller("jobcenter"), "Encounter", asked)
        found = await search(gateway, caller("hospital"), "Patient", [("identifier", f"urn:oid:1.2.208.176.1.2|{CPR}")])
        return json.loads(hospital.body), json.loads(jobcenter.body), json.loads(found.body)

    hospital, jobcenter, found = house.run(work)
    assert (hospital["total"], jobcenter["total"]) == (1, 0)
    assert "entry" not in jobcenter
    assert found["total"] == 1
    assert CPR not in found["link"][0]["url"]


def test_the_composed_plan_is_found_read_and_the_same(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[Any, Any, Any]:
        patient = await admitted(gateway)
        nurse = caller("nursing")
        by_search = await search(gateway, nurse, "CarePlan", [("patient", patient)])
        by_id = await read(gateway, nurse, "CarePlan", f"joint-{patient}")
        again = await read(gateway, nurse, "CarePlan", f"joint-{patient}")
        return json.loads(by_search.body), by_id, again

    found, plan, again = house.run(work)
    assert found["entry"][0]["resource"] == json.loads(plan.body)
    assert plan.weak
    assert plan.version == again.version


def test_a_search_with_an_unknown_parameter_is_refused(house: House) -> None:
    async def work(gateway: Gateway) -> list[Any]:
        return [
            await failure(search(gateway, caller("hospital"), "Encounter", [("statuss", "finished")])),
            await failure(
                search(gateway, caller("hospital"), "Encounter", [("patient", "x"), ("statuss", "finished")])
            ),
        ]

    assert [type(one) for one in house.run(work)] == [BadRequest, BadRequest]


def test_a_consent_about_someone_whom_the_caller_may_not_see_is_refused(house: House) -> None:
    async def work(gateway: Gateway) -> list[Any]:
        patient = await admitted(gateway)
        stranger = caller("frederiksberg")
        return [
            await failure(record_consent(gateway, stranger, consent(patient))),
            await failure(record_consent(gateway, stranger, consent("0" * 32))),
        ]

    assert [type(one) for one in house.run(work)] == [NotFound, NotFound]


def test_the_auditor_sees_looks_not_content_and_is_on_record(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[dict[str, Any], Any, Any, list[dict[str, Any]]]:
        patient = await admitted(gateway)
        await joint_plan(gateway, caller("hospital"), patient)
        auditor = caller("auditor")
        found = json.loads((await audit.search(gateway, auditor, [("patient", patient)])).body)
        content = await failure(joint_plan(gateway, auditor, patient))
        other = await failure(audit.search(gateway, caller("hospital"), [("patient", patient)]))
        return found, content, other, await records(gateway, kind="AuditEvent")

    found, content, other, told = house.run(work)
    assert {e["resource"]["resourceType"] for e in found["entry"]} == {"AuditEvent"}
    assert CPR not in json.dumps(found)
    assert type(content) is NotFound
    assert type(other) is Forbidden
    assert [one["decision"] for one in told] == ["permit", "deny"]


@pytest.mark.parametrize("number", ["999999999", "abc", "1" * 30])
def test_an_audit_event_that_is_not_there(house: House, number: str) -> None:
    async def work(gateway: Gateway) -> Any:
        return await failure(audit.read(gateway, caller("auditor"), number))

    assert type(house.run(work)) is NotFound


def test_a_merged_citizen_is_one_plan_and_the_old_consents_follow(house: House) -> None:
    """The citizen came without CPR; an objection was noted; then A40 told who it is."""
    local = adt("A01", 1, "20260302090000+0100").replace(
        f"{CPR}^^^CPR&1.2.208.176.1.2&ISO^NI".encode(), b"778812^^^REGH&1.2.208.176.1.2.1&ISO^MR"
    )
    merge = adt("A40", 9, "20260309090000+0100", more="MRG|778812^^^REGH&1.2.208.176.1.2.1&ISO^MR")

    async def work(gateway: Gateway) -> tuple[list[str], list[str], list[str]]:
        await receive(gateway, "oio", case())
        first = await gateway.database.fetchval("SELECT citizen FROM identity")
        answers = [await receive(gateway, "hl7v2", m) for m in (merge, local)]
        assert all(a.accepted for a in answers), answers
        citizens = await gateway.database.fetch("SELECT DISTINCT citizen FROM resource")
        links = await search(gateway, caller("hospital"), "Patient", [("identifier", f"urn:oid:1.2.208.176.1.2|{CPR}")])
        return [r["citizen"] for r in citizens], [first], kinds(links)

    citizens, first, found = house.run(work)
    assert citizens == first
    assert found.count("Patient") == 2


def test_of_two_updates_of_one_version_only_one_is_taken(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[list[Any], Any]:
        patient = await admitted(gateway)
        social = caller("social")
        given = json.loads((await record_consent(gateway, social, consent(patient))).body)
        stop = json.dumps(json.loads(consent(patient)) | {"status": "inactive"}).encode()
        both = [record_consent(gateway, social, stop, given["id"], 'W/"1"') for _ in range(2)]
        return await asyncio.gather(*map(failure, both)), await records(gateway, interaction="update")

    failures, told = house.run(work)
    assert sorted(type(one).__name__ for one in failures) == ["Conflict", "NoneType"]
    assert sorted(one["decision"] for one in told) == ["deny", "permit"]

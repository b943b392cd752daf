"""Chains from citizens' resources into the directory, and the compartment of a Patient, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.domain.identifier import SOR
from gateway.inbound.scopes import Scope
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import AUDITOR, CLIENTS, HOSPITAL, JOBCENTER, SOCIAL, arrive, headers
from tests.inbound.test_search_door import found, names, url_of

WRITERS = tuple(replace(one, scopes=(Scope("*", "cruds"),)) for one in (HOSPITAL, SOCIAL, JOBCENTER))


async def put(here: Http, bearer: dict[str, str], kind: str, **said: Any) -> str:
    told = await here.web.post(f"/fhir/{kind}", headers=bearer, json={"resourceType": kind, **said})
    assert told.status_code == 201, told.text
    return str(told.json()["id"])


def test_chains_lead_into_the_directory_as_far_as_it_is_shown(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WRITERS, AUDITOR) as here:
            patient, epj, social = await arrive(here), await headers(here), await headers(here, "social")
            stays = names(await found(here, epj, f"Encounter?patient={patient}"))
            told = (await found(here, epj, f"Encounter?patient={patient}"))["entry"][0]["resource"]
            number = told["serviceProvider"]["identifier"]
            assert number["system"] == SOR
            clinic = await put(here, epj, "Organization", name="Klinik Prøve", identifier=[
                {"system": SOR, "value": number["value"]}], type=[{"text": "hospital"}])  # fmt: skip
            for query, there in (
                ("service-provider.name=klinik", True), ("service-provider:Organization.name=klinik", True),
                ("service-provider.name=banana", False), (f"service-provider._id={clinic}", True),
                ("service-provider.name:exact=klinik", False), (f"service-provider:below={clinic}", True),
                (f"service-provider:identifier={SOR}|{number['value']}", True),
                ("service-provider.name:missing=true", False),
            ):  # fmt: skip
                one = await found(here, epj, f"Encounter?patient={patient}&{query}")
                assert names(one) == (stays if there else []), query
                assert one["total"] == int(there), query
            has = await found(here, epj, "Patient?_has:Encounter:patient:service-provider.name=klinik")
            assert names(has) == [f"Patient/{patient}"]
            member = {"identifier": {"system": "https://www.sst.dk/autorisation", "value": "0ABCD"}}
            await put(here, social, "Practitioner", identifier=[member["identifier"]], name=[{"family": "Østergård"}])
            team = await put(here, social, "CareTeam", status="active", subject={"reference": f"Patient/{patient}"},
                             participant=[{"member": member | {"type": "Practitioner"}}])  # fmt: skip
            for query in ("participant:below=PractitionerRole/x", "participant:above=Practitioner/x,Goal/x"):
                assert names(await found(here, social, f"CareTeam?patient={patient}&{query}")) == [], "none has steps"
            asked = f"CareTeam?patient={patient}&participant:Practitioner.name=Østergård"
            assert f"CareTeam/{team}" in names(await found(here, social, asked))
            assert names(await found(here, social, asked.replace("gård", "bro"))) == []
            secret = await put(here, social, "Organization", name="Krisecenter Lunden", identifier=[
                {"system": SOR, "value": "953741000016009"}])  # fmt: skip
            hidden = await put(here, social, "CareTeam", status="active", subject={"reference": f"Patient/{patient}"},
                               managingOrganization=[{"identifier": {"system": SOR, "value": "953741000016009"}}],
                               participant=[{"member": {"reference": f"Organization/{secret}"}}])  # fmt: skip
            chain = f"CareTeam?patient={patient}&participant:Organization.name=krise"
            assert names(await found(here, social, chain)) == [f"CareTeam/{hidden}"]
            for other in (await headers(here, "jobcenter", "HOPERAT"), epj):
                assert f"CareTeam/{hidden}" not in names(await found(here, other, chain))
            poor = await here.bearer("system/Encounter.rs system/Organization.r", "epj", extensions={
                "ihe_iua": {"subject_id": "urn:x|1", "purpose_of_use": ["TREAT"]}})  # fmt: skip
            assert names(await found(here, poor, f"Encounter?patient={patient}&service-provider.name=klinik")) == []

    run(test)


def test_the_compartment_of_a_patient(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social, epj = await arrive(here), await headers(here, "social"), await headers(here)
            for kind in ("CarePlan", "Encounter", "Goal", "Condition", "Consent"):
                named = await found(here, social, f"{kind}?patient={patient}")
                within = await found(here, social, f"Patient/{patient}/{kind}")
                assert (names(within), within["total"]) == (names(named), named["total"]), kind
                assert url_of(within, "self").endswith(f"/fhir/Patient/{patient}/{kind}")
            posted = await here.web.post(
                f"/fhir/Patient/{patient}/CarePlan/_search", headers=social, data={"status": "active", "_count": "1"}
            )
            first = posted.json()
            assert len(names(first)) == 1
            path = url_of(first, "next").partition("/fhir/")[2]
            assert path.startswith(f"Patient/{patient}/CarePlan?_page=")
            assert names(await found(here, social, path)) != names(first)
            assert (await here.web.get(f"/fhir/{path}", headers=epj)).status_code == 404
            elsewhere = path.replace(f"Patient/{patient}/CarePlan", "CarePlan")
            assert (await here.web.get(f"/fhir/{elsewhere}", headers=social)).status_code == 404
            other = await found(here, social, f"Patient/{patient}/CarePlan?patient={'0' * 32}")
            assert names(other) == []
            whole = await found(here, social, f"Patient/{patient}/*?_count=500")
            kinds = {name.partition("/")[0] for name in names(whole)}
            assert {"Patient", "CarePlan", "Goal"} <= kinds
            assert "Task" not in kinds
            assert len(set(names(whole))) == len(names(whole)) == whole["total"]
            some = await found(here, social, f"Patient/{patient}/*?_type=Goal,CarePlan&_sort=-_lastUpdated&_count=500")
            assert {name.partition("/")[0] for name in names(some)} == {"Goal", "CarePlan"}
            paged, path = list[str](), f"Patient/{patient}/*?_count=2"
            while path:
                told = await found(here, social, path)
                paged += names(told)
                path = url_of(told, "next").partition("/fhir/")[2]
            assert paged == names(whole)
            nobody = await found(here, social, f"Patient/{'0' * 32}/*")
            assert (nobody["total"], names(nobody)) == (0, [])
            entries = [{"request": {"method": "GET", "url": f"Patient/{patient}/{one}"}} for one in ("Goal", "*")]
            batch = {"resourceType": "Bundle", "type": "batch", "entry": entries}
            answers = (await here.web.post("/fhir", headers=social, json=batch)).json()["entry"]
            assert [one["resource"]["type"] for one in answers] == ["searchset", "searchset"]
            for wrong in (f"Patient/{patient}/*?status=active", f"Patient/{patient}/*?_type=Task",
                          f"Patient/{patient}/Goal?_type=Goal", f"Patient/{patient}/Goal?banana=1"):  # fmt: skip
                assert (await here.web.get(f"/fhir/{wrong}", headers=social)).status_code == 400, wrong
            for absent in (f"Patient/{patient}/Task", f"Patient/{patient}/Practitioner", f"Patient/{patient}/Banana"):
                assert (await here.web.get(f"/fhir/{absent}", headers=social)).status_code == 404, absent

    run(test)


def test_a_compartment_is_decided_and_recorded_as_any_search(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, nobodys = await arrive(here), await headers(here, "jobcenter", "HOPERAT")
            social = await headers(here, "social")

            async def records(bearer: dict[str, str], path: str) -> list[tuple[str, str, str, str]]:
                last = await here.gateway.database.fetchval("SELECT coalesce(max(id), 0) FROM access_record")
                await found(here, bearer, path)
                rows = await here.gateway.database.fetch(
                    "SELECT citizen, interaction, decision FROM access_record WHERE id > $1", last
                )
                return [tuple(row) for row in rows]

            assert await records(social, f"Patient/{patient}/Goal") == await records(social, f"Goal?patient={patient}")
            (whole,) = await records(social, f"Patient/{patient}/*")
            assert whole[:2] == (patient, "search-system")
            (hidden,) = await records(nobodys, f"Patient/{patient}/Encounter")
            assert hidden == (patient, "search-type", "deny")
            assert names(await found(here, nobodys, f"Patient/{patient}/Encounter")) == []
            events = await here.web.get(
                f"/fhir/Patient/{patient}/AuditEvent", headers=await headers(here, "auditor", "HOPERAT")
            )
            assert events.status_code == 200
            assert len(events.json()["entry"]) >= 4
            told = await found(here, social, f"Patient/{patient}/Provenance")
            assert {name.partition("/")[0] for name in names(told)} == {"Provenance"}
            why = {"ihe_iua": {"subject_id": "urn:x|1", "purpose_of_use": ["TREAT"]}}
            goals = await here.bearer("system/Patient.s system/Goal.rs", "social", extensions=why)
            some = await found(here, goals, f"Patient/{patient}/*")
            assert {name.partition("/")[0] for name in names(some)} <= {"Patient", "Goal"}
            none = await here.bearer("system/Goal.rs", "social", extensions=why)
            assert (await here.web.get(f"/fhir/Patient/{patient}/*", headers=none)).status_code == 403

    run(test)


def test_provenance_is_ordered_and_paged_and_asks_nothing_of_others(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social = await arrive(here), await headers(here, "social")
            targets = [name for name in names(await found(here, social, f"Patient/{patient}/*")) if "joint" not in name]
            asked = f"Provenance?target={','.join(targets[:5])}&_sort=-recorded"
            whole = await found(here, social, asked)
            assert whole["total"] == len(names(whole)) == 5
            times = [one["resource"]["recorded"] for one in whole["entry"]]
            assert times == sorted(times, reverse=True)
            paged, path = list[str](), f"{asked}&_count=2"
            while path:
                told = await found(here, social, path)
                assert told["total"] == 5
                paged += names(told)
                path = url_of(told, "next").partition("/fhir/")[2]
            assert paged == names(whole)
            (short,) = (await found(here, social, f"Provenance?target={targets[0]}&_elements=recorded"))["entry"]
            assert "SUBSETTED" in str(short["resource"]["meta"])
            for wrong in ("agent.name=x", "_has:Goal:subject:status=x", "_include=Provenance:agent", "_sort=banana"):
                answer = await here.web.get(f"/fhir/Provenance?target={targets[0]}&{wrong}", headers=social)
                assert answer.status_code == 400, wrong
            for wrong in ("_sort=banana", "_include=Subscription:x", "_has:Goal:subject:status=x"):
                assert (await here.web.get(f"/fhir/Subscription?{wrong}", headers=social)).status_code == 400, wrong
            assert (await found(here, social, "Subscription?_sort=-_lastUpdated&_summary=count"))["total"] == 0

    run(test)

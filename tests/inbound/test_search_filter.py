"""`_filter` over HTTP: of citizens, of the directory, of the log; and where it is refused."""

from __future__ import annotations

from tests.inbound.http_world import http, run
from tests.inbound.one_citizen import AUDITOR, arrive, headers
from tests.inbound.test_search_beyond import WRITERS, put
from tests.inbound.test_search_door import found, names


def test_a_filter_is_asked_as_its_parameters_are(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WRITERS, AUDITOR) as here:
            patient, epj, social = await arrive(here), await headers(here), await headers(here, "social")
            stays = await found(here, epj, f"Encounter?patient={patient}")
            number = stays["entry"][0]["resource"]["serviceProvider"]["identifier"]
            await put(here, epj, "Organization", name="Klinik Prøve", identifier=[number])
            secret = await put(here, social, "Organization", name="Krisecenter Lunden")
            hidden = await put(here, social, "CareTeam", status="active", subject={"reference": f"Patient/{patient}"},
                               participant=[{"member": {"reference": f"Organization/{secret}"}}])  # fmt: skip
            for text, there in (
                ("status pr true", True), ("status eq planned or class eq IMP", True), ("not (class eq IMP)", False),
                ('service-provider.name co "linik"', True), ('service-provider.name ew "prøve"', True),
                ('service-provider.name eq "klinik"', False), ('service-provider.name eq "KLINIK prøve"', True),
                ("service-provider.name ne banana", True), ("patient.family sw tang and date ge 2020", True),
            ):  # fmt: skip
                told = await found(here, epj, f"Encounter?patient={patient}&_filter={text}")
                assert names(told) == (names(stays) if there else []), text
                assert told["total"] == int(there)
                assert "_filter" not in told["link"][0]["url"], "it may hold anybody's number"
            chain = f'CareTeam?patient={patient}&_filter=participant:Organization.name co "lunden"'
            assert names(await found(here, social, chain)) == [f"CareTeam/{hidden}"]
            assert names(await found(here, await headers(here, "jobcenter", "HOPERAT"), chain)) == []
            poor = await here.bearer("system/Encounter.rs system/Organization.r", "epj", extensions={
                "ihe_iua": {"subject_id": "urn:x|1", "purpose_of_use": ["TREAT"]}})  # fmt: skip
            asked = f'Encounter?patient={patient}&_filter=service-provider.name co "linik"'
            assert names(await found(here, poor, asked)) == []
            own = 'Organization?_filter=name co "linik" or name co "lunden"'
            assert len(names(await found(here, epj, own))) == 2
            assert len(names(await found(here, await headers(here, "jobcenter", "HOPERAT"), own))) == 1
            for wrong in ('Encounter?_filter=banana eq 1', f"Encounter?patient={patient}&_filter:not=status eq x",
                          f"Encounter?patient={patient}&_filter=status eq x)", "Encounter?_sort=_filter",
                          f"Encounter?patient={patient}&_filter:missing=true"):  # fmt: skip
                assert (await here.web.get(f"/fhir/{wrong}", headers=epj)).status_code == 400, wrong

    run(test)


def test_the_log_and_who_said_it_take_filters_without_chains(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WRITERS, AUDITOR) as here:
            patient, social = await arrive(here), await headers(here, "social")
            auditor = await headers(here, "auditor", "HOPERAT")
            goal = names(await found(here, social, f"Goal?patient={patient}"))[0]
            await here.web.get(f"/fhir/{goal}", headers=social)
            looks = await found(here, auditor, f"AuditEvent?_filter=action eq R and entity eq {goal}")
            assert len(names(looks)) == 1
            none = await found(here, auditor, f"AuditEvent?_filter=action eq D and entity eq {goal}")
            assert names(none) == []
            said = await found(here, social, f"Provenance?target={goal}&_filter=recorded ge 2020")
            assert len(names(said)) == 1
            for wrong, bearer in (
                ("AuditEvent?_filter=agent.name eq x", auditor), ("AuditEvent?_filter=patient.family eq x", auditor),
                (f"Provenance?target={goal}&_filter=agent.name eq x", social),
                (f"Provenance?target={goal}&_filter=patient.family eq x", social),
            ):  # fmt: skip
                answer = await here.web.get(f"/fhir/{wrong}", headers=bearer)
                assert answer.status_code == 400, (wrong, answer.text)

    run(test)

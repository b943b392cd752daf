"""A page of what is searched for, with all that goes with it, takes three statements at most: what is found, what it
leads to, the record. Whatever a caller asks, counted at a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.identifier import CPR, SOR
from gateway.inbound.scopes import Scope
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital, nurse
from tests.inbound.one_citizen import CLIENTS, HOSPITAL, NUMBER, SOCIAL, arrive, headers
from tests.inbound.statements import counted
from tests.inbound.test_search_beyond import put
from tests.inbound.test_search_door import found, names, url_of

MOST = 3
NOBODYS = "2512489996"
AUTHORISATION = "https://www.sst.dk/autorisation"
WRITERS = tuple(replace(one, scopes=(Scope("*", "cruds"),)) for one in (HOSPITAL, SOCIAL))

# What is asked, and types of which something must come; `{patient}`, `{number}`, `{clinic}`, `{stay}` stand for hers.
OF_CITIZENS: tuple[tuple[str, set[str]], ...] = (
    ("Encounter?patient={patient}", {"Encounter"}),
    ("Encounter?patient={patient}&_include=Encounter:patient&_count=50", {"Encounter", "Patient"}),
    ("Encounter?patient.identifier={number}&_include=Encounter:patient", {"Encounter", "Patient"}),
    ("Encounter?patient.identifier={number}&_include=Encounter:service-provider", {"Encounter", "Organization"}),
    ("CareTeam?patient.identifier={number}&_include=CareTeam:participant", {"CareTeam", "Practitioner"}),
    ("CareTeam?patient:identifier={number}&_include=*&_revinclude=*", {"CareTeam", "Practitioner"}),
    ("Encounter?_id={stay}&_include=*&_include:iterate=*&_revinclude=*&_revinclude:iterate=*",
     {"Encounter", "Organization", "PractitionerRole", "Practitioner", "Location"}),
    (("CareTeam?patient.identifier={number}&_include=CareTeam:participant"
     "&_revinclude:iterate=PractitionerRole:practitioner&_include:iterate=PractitionerRole:organization"
     "&_include:iterate=Organization:partof&_revinclude:iterate=Location:organization"
     "&_revinclude=Provenance:target"),
     {"CareTeam", "Practitioner", "PractitionerRole", "Organization", "Location", "Provenance"}),
    ("Encounter?patient.identifier={number}&_revinclude=Provenance:target", {"Encounter", "Provenance"}),
    (("Encounter?patient.identifier={number}&service-provider.name=klinik&_include=Encounter:service-provider"
     "&_revinclude=Provenance:target"), {"Encounter", "Organization", "Provenance"}),
    ("Encounter?patient.identifier={number}&service-provider:below={clinic}&_include=*", {"Encounter", "Organization"}),
    ("CareTeam?patient={patient}&participant:PractitionerRole.organization.name=afsnit&_include=*",
     {"CareTeam", "PractitionerRole"}),
    ("CareTeam?patient={patient}&participant:Practitioner._has:PractitionerRole:practitioner:active=true&_include=*",
     {"CareTeam", "Practitioner"}),
    ("Patient?identifier={number}&_has:Encounter:patient:service-provider.name=klinik&_revinclude=*",
     {"Patient", "Encounter"}),
    ('Encounter?patient={patient}&_filter=service-provider.name co "linik" or status eq planned&_include=*',
     {"Encounter", "Organization"}),
    ("Encounter?subject:Patient.family=tang&_include=*", set()),  # of one citizen alone there may be a wildcard
    ("Encounter?service-provider.name=klinik&_include=Encounter:service-provider&_include=Encounter:patient&_count=50",
     {"Encounter", "Organization", "Patient"}),
    ("Encounter?_sort=-date&_total=accurate&_include=Encounter:service-provider", {"Encounter", "Organization"}),
    ("Encounter?_revinclude=Provenance:target&_include=Encounter:patient", {"Encounter", "Provenance", "Patient"}),
    ("Patient?_summary=count", set()),
    ("Patient/{patient}/*?_include=*&_revinclude=*", {"Patient", "Encounter", "Practitioner", "Organization"}),
    ("Patient/{patient}/$everything", {"Patient", "Encounter"}),
)  # fmt: skip
OF_THE_DIRECTORY: tuple[tuple[str, set[str]], ...] = (
    ("PractitionerRole?practitioner.family=øster", {"PractitionerRole"}),
    ("PractitionerRole?practitioner.family=øster&_include=*&_include:iterate=*&_revinclude=*",
     {"PractitionerRole", "Practitioner", "Organization"}),
    ("Organization?partof:below={clinic}&_revinclude=PractitionerRole:organization",
     {"Organization", "PractitionerRole"}),
    (("Practitioner?_has:PractitionerRole:practitioner:organization.name=afsnit"
     "&_revinclude=PractitionerRole:practitioner"), {"Practitioner", "PractitionerRole"}),
    ("Location?_sort=-name&_total=accurate&_include=Location:organization", {"Location", "Organization"}),
)  # fmt: skip


async def staff(here: Http, patient: str) -> dict[str, str]:
    """A clinic with a part of it, a nurse who works there and is in the citizen's team, and where it is."""
    epj, social = await headers(here), await headers(here, "social")
    stay = (await found(here, epj, f"Encounter?patient={patient}"))["entry"][0]["resource"]
    number = stay["serviceProvider"]["identifier"]
    assert number["system"] == SOR
    clinic = await put(here, epj, "Organization", name="Klinik Prøve", identifier=[number])
    part = await put(here, epj, "Organization", name="Afsnit Prøve", partOf={"reference": f"Organization/{clinic}"})
    nurse = {"identifier": {"system": AUTHORISATION, "value": "0ABCD"}, "type": "Practitioner"}
    await put(here, epj, "Practitioner", identifier=[nurse["identifier"]], name=[{"family": "Østergård"}])
    role = await put(here, epj, "PractitionerRole", practitioner=nurse, active=True,
                     organization={"reference": f"Organization/{part}"})  # fmt: skip
    await put(here, epj, "Location", name="Vejen 1", managingOrganization={"reference": f"Organization/{clinic}"})
    participants: list[dict[str, Any]] = [{"member": nurse}, {"member": {"reference": f"PractitionerRole/{role}"}}]
    await put(here, social, "CareTeam", status="active", subject={"reference": f"Patient/{patient}"},
              participant=participants)  # fmt: skip
    return {"patient": patient, "number": f"{CPR}|{NUMBER}", "clinic": clinic, "stay": stay["id"]}


@pytest.fixture
def told(database_url: str) -> Iterator[list[str]]:
    with counted(database_url) as statements:
        yield statements


def kinds(bundle: dict[str, Any]) -> set[str]:
    return {one.partition("/")[0] for mode in ("match", "include") for one in names(bundle, mode)}


@pytest.mark.parametrize("asked", [OF_CITIZENS, OF_THE_DIRECTORY], ids=["citizens", "directory"])
def test_a_page_takes_three_statements(
    database_url: str, told: list[str], asked: tuple[tuple[str, set[str]], ...]
) -> None:
    async def test() -> None:
        async with http(database_url, *WRITERS, *CLIENTS[2:]) as here:
            hers = await staff(here, await arrive(here))
            for query, wanted in asked:
                seen = set[str]()
                for who in ("epj", "social"):
                    bearer = await headers(here, who)
                    told.clear()
                    seen |= kinds(await found(here, bearer, query.format(**hers)))
                    assert 2 <= len(told) <= MOST, (query, len(told), told)
                    told.clear()
                    nobody = query.format(**hers | dict.fromkeys(("patient", "stay"), "0" * 32))
                    answer = await here.web.get(f"/fhir/{nobody.replace(NUMBER, NOBODYS)}", headers=bearer)
                    assert answer.status_code in (200, 404), answer.text
                    assert len(told) <= MOST, (nobody, told)
                assert wanted <= seen, (query, seen)

    run(test)


def test_every_include_of_every_type_takes_three_statements(database_url: str, told: list[str]) -> None:
    """Each that the gateway says it serves, forth and back and again, of one citizen found by her number."""

    async def test() -> None:
        async with http(database_url, *WRITERS, *CLIENTS[2:]) as here:
            hers = await staff(here, await arrive(here))
            social = await headers(here, "social")
            served = (await here.web.get("/fhir/metadata")).json()["rest"][0]["resource"]
            looked = 0
            for one in served:
                kind, named = one["type"], [each["name"] for each in one.get("searchParam", ())]
                number = "identifier" if kind == "Patient" else "patient.identifier"
                if kind in ("AuditEvent", "Provenance") or ("patient" not in named and kind != "Patient"):
                    continue
                includes = [("_include", each) for each in one.get("searchInclude", ())]
                includes += [("_revinclude", each) for each in one.get("searchRevInclude", ())]
                for first in range(0, len(includes), 10):  # twenty at most, each plain and again
                    some = includes[first : first + 10]
                    query = "&".join(f"{name}={each}&{name}:iterate={each}" for name, each in some)
                    told.clear()
                    await found(here, social, f"{kind}?{number}={hers['number']}&{query}")
                    assert len(told) <= MOST, (kind, query, len(told), told)
                    looked += 1
            assert looked > 20

    run(test)


def test_provenance_of_many_takes_three_statements(database_url: str, told: list[str]) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social = await arrive(here), await headers(here, "social")
            whole = names(await found(here, social, f"Patient/{patient}/*"))
            targets = [one for one in whole if "joint" not in one][:10]
            versions = [f"{one}/_history/1" for one in targets[:5]]
            last = await here.gateway.database.fetchval("SELECT max(id) FROM access_record")
            for asked in (targets, versions, [*targets, *versions, f"Goal/{'0' * 32}", "DocumentReference/x"]):
                told.clear()
                page = await found(here, social, f"Provenance?target={','.join(asked)}")
                assert len(told) == MOST, (asked, told)
                there = [one["resource"]["target"][0]["reference"] for one in page["entry"]]
                wanted = {one.partition("/_history/")[0] for one in asked if "0000" not in one and "/x" not in one}
                assert {one.partition("/_history/")[0] for one in there} == wanted
            looks = "SELECT count(*) FROM access_record WHERE id > $1 AND interaction = 'search-type'"
            assert await here.gateway.database.fetchval(looks, last) == 10 + 5 + 17, "one of each target"

    run(test)


def test_the_log_takes_three_statements(database_url: str, told: list[str]) -> None:
    """Whoever is named, whatever is tested on the events, and what was deleted told at the end."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social = await arrive(here), await headers(here, "social")
            goal = names(await found(here, social, f"Goal?patient={patient}"))[0]
            await found(here, social, goal)
            auditor = await headers(here, "auditor", "HOPERAT")
            await found(here, auditor, "AuditEvent?_count=1")  # what a new connection asks once about its types
            await here.gateway.database.fetch(
                "INSERT INTO log_forgotten (transaction, before) VALUES (1, '2020-01-01')"
            )
            for query in (
                "_count=3", "action=R", f"patient={patient}", f"patient={patient}&action=R&_count=1",
                f"patient.identifier={CPR}|{NUMBER}&patient={patient}", f"entity={goal}",
                f"patient.identifier={CPR}|{NUMBER}&entity={goal}&outcome=0&_elements=outcome", "outcome=8",
                f"patient.identifier={CPR}|{NOBODYS}", "_id=1,2", "date=ne1999&client=social",
            ):  # fmt: skip
                told.clear()
                page = await found(here, auditor, f"AuditEvent?{query}")
                assert 2 <= len(told) <= MOST, (query, told)
                if onwards := url_of(page, "next"):
                    told.clear()
                    await found(here, auditor, onwards.partition("/fhir/")[2])
                    assert len(told) <= MOST, (query, told)
                else:
                    outcomes = [one["resource"] for one in page["entry"] if one["search"]["mode"] == "outcome"]
                    assert "deleted" in str(outcomes), query

    run(test)


def test_includes_that_are_refused_stand_on_record(
    database_url: str, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal tells that there is much: so it was a look."""
    monkeypatch.setattr("gateway.flows.directory.including.MOST", 0)

    async def test() -> None:
        async with http(database_url, *WRITERS, *CLIENTS[2:]) as here:
            hers = await staff(here, await arrive(here))
            social = await headers(here, "social")
            last = await here.gateway.database.fetchval("SELECT max(id) FROM access_record")
            told.clear()
            query = f"CareTeam?patient={hers['patient']}&_include=*&_revinclude:iterate=PractitionerRole:practitioner"
            answer = await here.web.get(f"/fhir/{query}", headers=social)
            assert answer.status_code == 400
            assert len(told) == MOST
            (record,) = await here.gateway.database.fetch("SELECT * FROM access_record WHERE id > $1", last)
            assert (record["citizen"], record["interaction"]) == (hers["patient"], "search-type")

    run(test)


def test_a_citizen_of_her_own_data_takes_three_statements(database_url: str, told: list[str]) -> None:
    """By which names she goes decides for her alone; it comes with what is found."""
    portal = hospital(
        id="portal", name="Borgerportalen", sector="other", role="citizen", sends=(), purposes=("PATRQT",),
        organisation_name="Borgerportalen", scopes=(Scope("*", "rs"),),
    )  # fmt: skip

    async def test() -> None:
        async with http(database_url, *WRITERS, portal) as here:
            hers = await staff(here, await arrive(here))
            iua = {"purpose_of_use": ["PATRQT"], "subject_id": f"{CPR}|{NUMBER}", "subject_name": "Sarah"}
            own = await here.bearer("system/*.rs", "portal", extensions=nurse(iua=iua))
            for query in (
                "Patient?identifier={number}&_revinclude=*&_revinclude=Provenance:target",
                "CareTeam?patient={patient}&_include=*&participant:PractitionerRole.organization.name=afsnit",
            ):
                told.clear()
                page = await found(here, own, query.format(**hers))
                assert len(told) <= MOST, (query, told)
                assert names(page), query
            whole = [one for one in names(await found(here, own, f"Patient/{hers['patient']}/*")) if "joint" not in one]
            targets = [*whole[:5], *(f"{one}/_history/1" for one in whole[:5])]
            told.clear()
            page = await found(here, own, f"Provenance?target={','.join(targets)}")
            assert len(told) == MOST, told
            assert len(page["entry"]) == 5, "the first of each, asked for in two ways"
            for path in (f"{whole[0]}/_history", f"CarePlan/_history?patient={hers['patient']}"):
                told.clear()
                page = await found(here, own, path)
                assert page["entry"], path
                assert len(told) <= 6, (path, told)  # however many versions there are

    run(test)

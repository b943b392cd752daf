"""The directory: what tables tell, search, includes and scopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.errors import BadRequest, NotFound
from gateway.flows import directory
from tests.flows.directory.people import (
    AUTHORISATION,
    CODES,
    HOSPITAL,
    NGO,
    SOCIAL,
    body,
    found,
    made,
    referred,
)
from tests.inbound.http_world import http, run


def test_organisations_of_the_tables_are_found_by_every_spelling_of_a_number(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            spellings = (
                f"{CODES}|0101", f"{CODES}|101", "0101", "http://cvr.dk|64942212", "urn:oio:cvr-nr|DK64942212",
                "urn:oid:1.3.184|6494 2212",
            )  # fmt: skip
            for one in spellings:
                told = body(await directory.search(gateway, NGO, "Organization", [("identifier", one)]))
                assert [e["resource"]["name"] for e in told["entry"]] == ["København"], one
            identity = told["entry"][0]["resource"]["id"]
            assert identity == gateway.ids("Organization", f"{CODES}|0101")
            read = await directory.read(gateway, NGO, "Organization", identity)
            assert body(read)["active"] is True
            assert read.version
            number = {"system": "1.2.208.176.1.1", "value": "265161000016000"}
            (hospital,) = await referred(gateway, NGO, "Organization", {"identifier": number})
            assert hospital["name"] == "Herlev og Gentofte Hospital"

    run(test)


@pytest.mark.parametrize(
    ("day", "standing"), [("2026-12-31", "Region Hovedstaden"), ("2027-01-02", "Region Østdanmark")]
)
def test_regions_stand_by_the_day(database_url: str, day: str, standing: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            moment = datetime.fromisoformat(f"{day}T12:00:00+00:00").astimezone(UTC)
            gateway = replace(here.gateway, clock=lambda: moment)
            told = body(await directory.search(gateway, NGO, "Organization", [("name", "region ")]))
            active = {e["resource"]["name"] for e in told["entry"] if e["resource"]["active"]}
            both = {"Region Hovedstaden", "Region Østdanmark"}
            assert active & both == {standing}

    run(test)


def test_search_by_its_parameters(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            number = {"system": AUTHORISATION, "value": "0ABCD"}
            anna = await made(
                gateway, HOSPITAL, "Practitioner", identifier=[number], active=True, gender="female",
                name=[{"family": "Østergård", "given": ["Anna"]}], telecom=[{"system": "phone", "value": "33123456"}],
            )  # fmt: skip
            bo = await made(
                gateway, HOSPITAL, "Practitioner", active=False, name=[{"family": "Prøve", "given": ["Bo"]}]
            )
            ward = await made(gateway, HOSPITAL, "Location", status="active", name="Afsnit 1", alias=["A1"])
            role = await made(
                gateway, HOSPITAL, "PractitionerRole", practitioner={"reference": f"Practitioner/{anna}"},
                location=[{"reference": f"Location/{ward}"}], period={"start": "2024-01-01"},
                code=[{"coding": [{"system": "urn:roles", "code": "nurse"}]}],
            )  # fmt: skip
            employed = await made(
                gateway, HOSPITAL, "PractitionerRole", organization={"identifier": {"system": CODES, "value": "0101"}}
            )
            by_system = [("organization:identifier", f"{CODES}|")]
            assert found(await directory.search(gateway, NGO, "PractitionerRole", by_system)) == [employed]
            asked: Sequence[tuple[str, list[tuple[str, str]], list[str]]] = (
                ("Practitioner", [("identifier", f"{AUTHORISATION}|0ABCD")], [anna]),
                ("Practitioner", [("identifier", "0ABCD,other")], [anna]),
                ("Practitioner", [("identifier", f"{AUTHORISATION}|")], [anna]),
                ("Practitioner", [("gender", "http://hl7.org/fhir/administrative-gender|female")], [anna]),
                ("Practitioner", [("gender", "http://hl7.org/fhir/administrative-gender|male")], []),
                ("Practitioner", [("gender", "http://hl7.org/fhir/administrative-gender|,male")], [anna]),
                ("Practitioner", [("family", "øster")], [anna]),
                ("Practitioner", [("family:exact", "Prøve")], [bo]),
                ("Practitioner", [("name:contains", "nna")], [anna]),
                ("Practitioner", [("active", "true")], [anna]),
                ("Practitioner", [("active:not", "true")], [bo]),
                ("Practitioner", [("identifier:missing", "true")], [bo]),
                ("Practitioner", [("phone", "33123456")], [anna]),
                ("Practitioner", [("_id", bo)], [bo]),
                ("Practitioner", [("name", "a%")], []),
                ("Practitioner", [("name", "\0")], []),
                ("Location", [("name", "a1"), ("status", "active")], [ward]),
                ("PractitionerRole", [("practitioner", f"Practitioner/{anna}")], [role]),
                ("PractitionerRole", [("practitioner", anna)], [role]),
                ("PractitionerRole", [("practitioner", f"{gateway.here.url}Practitioner/{anna}")], [role]),
                ("PractitionerRole", [("practitioner", f"Practitioner/{anna}/_history/7")], [role]),
                ("PractitionerRole", [("practitioner", f"{gateway.here.url}Practitioner/{anna}/_history/1")], [role]),
                ("PractitionerRole", [("practitioner", f"https://other.example/fhir/Practitioner/{anna}")], []),
                ("PractitionerRole", [("practitioner", f"Location/{anna}")], []),
                ("PractitionerRole", [("practitioner:identifier", f"{AUTHORISATION}|")], []),
                ("PractitionerRole", [("organization:identifier", f"{AUTHORISATION}|,{CODES}|0101")], [employed]),
                ("PractitionerRole", [("location", ward), ("date", "ge2024-06-01")], [role]),
                ("PractitionerRole", [("role", "urn:roles|nurse")], [role]),
                ("PractitionerRole", [("role", "nurse"), ("practitioner", bo)], []),
            )
            for kind, params, wanted in asked:
                assert found(await directory.search(gateway, NGO, kind, params)) == wanted, params
            with pytest.raises(BadRequest):
                await directory.search(gateway, NGO, "Practitioner", [("favourite", "x")])

    run(test)


def test_a_search_reads_what_it_needs_and_pages(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            for number in range(7):
                await made(gateway, HOSPITAL, "HealthcareService", name=f"Tilbud {number}")
            params, pages = [("name", "tilbud"), ("_count", "3")], []
            for size in (3, 3, 1):
                told = await directory.search(gateway, NGO, "HealthcareService", params)
                assert (body(told)["total"], len(found(told))) == (7, size)
                pages += found(told)
                links = {one["relation"]: one["url"] for one in body(told)["link"]}
                params = [("_page", links.get("next", "=").partition("_page=")[2])]
            assert len(set(pages)) == 7
            assert "next" not in links
            plan = await gateway.database.fetch(
                "EXPLAIN SELECT id FROM directory_key WHERE kind = 'Location' AND name = 'name'"
                " AND value >= 'a' AND value < 'a' || chr(1114111)"
            )
            assert "ix_directory_key" in str(plan) or "Index" in str(plan)

    run(test)


def test_includes_lead_into_the_directory_and_stop_at_a_shelter(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            nurse = await made(gateway, HOSPITAL, "Practitioner", identifier=[{"system": AUTHORISATION, "value": "0Q"}])
            named = {"identifier": {"system": AUTHORISATION, "value": "0Q"}}
            role = await made(gateway, SOCIAL, "PractitionerRole", practitioner=named)
            secret = await made(
                gateway, SOCIAL, "PractitionerRole", practitioner=named, code=[{"text": "vagt på krisecenter"}]
            )
            asked = [("_include", "PractitionerRole:practitioner")]
            told = body(await directory.search(gateway, NGO, "PractitionerRole", asked))
            assert [(e["resource"]["id"], e["search"]["mode"]) for e in told["entry"]] == [
                (role, "match"), (nurse, "include"),
            ]  # fmt: skip
            back = [("_id", nurse), ("_revinclude", "PractitionerRole:practitioner")]
            assert found(await directory.search(gateway, NGO, "Practitioner", back)) == [nurse, role]
            everyone = found(await directory.search(gateway, SOCIAL, "Practitioner", back))
            assert everyone == [nurse, *sorted([role, secret])]
            ward = await made(
                gateway, HOSPITAL, "Organization", name="Afsnit", partOf={"reference": "Organization/top"}
            )
            at = await made(gateway, HOSPITAL, "PractitionerRole", practitioner=named, organization={
                "reference": f"Organization/{ward}"})  # fmt: skip
            more = [*back, ("_include:iterate", "PractitionerRole:organization")]
            assert found(await directory.search(gateway, NGO, "Practitioner", more)) == [
                nurse, ward, *sorted([role, at])]  # fmt: skip
            less = replace(NGO, scopes=("system/Practitioner.rs",))
            assert found(await directory.search(gateway, less, "Practitioner", back)) == [nurse]
            monkeypatch.setattr("gateway.flows.directory.including.MOST", 2)
            seen = found(await directory.search(gateway, NGO, "Practitioner", back))
            assert seen == [nurse, *sorted([role, at])], "what is hidden does not count"
            with pytest.raises(BadRequest):
                await directory.search(gateway, SOCIAL, "Practitioner", back)

    run(test)


def test_a_scope_with_parameters_covers_what_meets_them(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            used = await made(gateway, HOSPITAL, "Location", status="active", name="A")
            old = await made(gateway, HOSPITAL, "Location", status="inactive", name="B")
            less = replace(NGO, scopes=("system/Location.rs?status=active", "system/Organization.rs?name=region"))
            assert found(await directory.search(gateway, less, "Location", [])) == [used]
            with pytest.raises(NotFound):
                await directory.read(gateway, less, "Location", old)
            with pytest.raises(NotFound):
                await directory.read(gateway, less, "Organization", gateway.ids("Organization", f"{CODES}|0101"))
            told = body(await directory.search(gateway, less, "Organization", []))
            names = [one["resource"]["name"] for one in told["entry"]]
            assert names
            assert all(name.startswith("Region") for name in names)

    run(test)

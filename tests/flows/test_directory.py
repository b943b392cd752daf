"""The directory: staff, organisations, services and places; shelters are told to nobody who may not see them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.caller import Caller
from gateway.domain.identifier import CVR, SOR, Identifier
from gateway.errors import BadRequest, Conflict, Forbidden, Gone, NeedsVersion, NotFound, RuleBroken, SeveralMatch
from gateway.flows import directory
from gateway.flows.parts import Gateway, Served
from tests.inbound.http_world import http, run

CODES = "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes"
KLE = "https://data.gov.dk/id/classification/KLE"
AUTHORISATION = "https://www.sst.dk/autorisation"
SCOPES = ("system/*.cruds",)


def caller(role: str = "hospital", *sends: str, **more: Any) -> Caller:
    said: dict[str, Any] = {
        "client": role, "client_name": role, "organisation": Identifier(SOR, "265161000016000"),
        "organisation_name": role, "sector": "region", "role": role, "user": "urn:x|7", "user_name": "Asta Prøve",
        "user_role": "", "purposes": ("TREAT",), "scopes": SCOPES, "sends": sends or ("regionh-medcom",),
    }  # fmt: skip
    return Caller(**said | more)


HOSPITAL = caller()
SOCIAL = caller("social", "koebenhavn-ffb", sector="municipality", organisation=Identifier(CVR, "64942212"))
JOBCENTER = caller("jobcenter", "koebenhavn-momentum", sector="municipality", purposes=("HOPERAT",))
NGO = caller("ngo", "praksis-medcom", sector="other")


def raw(kind: str, **more: Any) -> bytes:
    return json.dumps({"resourceType": kind, **more}).encode()


def body(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(served.body)
    return found


def found(served: Served) -> list[str]:
    return [one["resource"]["id"] for one in body(served).get("entry", [])]


async def made(gateway: Gateway, who: Caller, kind: str, **more: Any) -> str:
    identity: str = body(await directory.create(gateway, who, kind, raw(kind, **more)))["id"]
    return identity


def test_a_resource_goes_through_its_life(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            new = raw("Location", name="Sengeafsnit 4", position={"longitude": 12.50, "latitude": 55})
            first = await directory.create(gateway, HOSPITAL, "Location", new)
            identity = body(first)["id"]
            assert (first.created, first.version) == (True, "1")
            assert b"12.5" in first.body
            here.world.clock.forward(60)
            changed = raw("Location", id=identity, name="Sengeafsnit 5", meta={"versionId": "77", "source": "x"})
            with pytest.raises(NeedsVersion):
                await directory.update(gateway, HOSPITAL, "Location", identity, changed, "")
            with pytest.raises(Conflict):
                await directory.update(gateway, HOSPITAL, "Location", identity, changed, 'W/"2"')
            second = await directory.update(gateway, HOSPITAL, "Location", identity, changed, 'W/"1"')
            assert second.version == "2"
            assert "source" not in body(second)["meta"]
            again = await directory.update(gateway, HOSPITAL, "Location", identity, changed, 'W/"2"')
            assert again.version == "2"  # the same content makes no version
            old = body(await directory.read(gateway, SOCIAL, "Location", identity, 1))
            assert old["name"] == "Sengeafsnit 4"
            await directory.withdraw(gateway, HOSPITAL, "Location", identity)
            await directory.withdraw(gateway, HOSPITAL, "Location", identity)
            with pytest.raises(Gone):
                await directory.read(gateway, SOCIAL, "Location", identity)
            told = body(await directory.history(gateway, SOCIAL, "Location", identity))
            assert [one["request"]["method"] for one in told["entry"]] == ["DELETE", "PUT", "POST"]
            assert found(await directory.search(gateway, SOCIAL, "Location", [("name", "seng")])) == []
            with pytest.raises(Gone):
                await directory.update(gateway, HOSPITAL, "Location", identity, changed, 'W/"3"')

    run(test)


def test_a_source_changes_only_what_it_wrote(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            identity = await made(gateway, HOSPITAL, "Practitioner", name=[{"family": "Prøve"}])
            changed = raw("Practitioner", id=identity, name=[{"family": "Anden"}])
            with pytest.raises(Forbidden):
                await directory.update(gateway, SOCIAL, "Practitioner", identity, changed, 'W/"1"')
            with pytest.raises(Forbidden):
                await directory.withdraw(gateway, SOCIAL, "Practitioner", identity)
            with pytest.raises(Forbidden):
                await made(gateway, replace(SOCIAL, sends=()), "Practitioner")
            table = gateway.ids("Organization", f"{CODES}|0101")
            with pytest.raises(Forbidden, match="tables"):
                await directory.update(
                    gateway, SOCIAL, "Organization", table, raw("Organization", id=table, name="Min"), 'W/"1"'
                )
            with pytest.raises(BadRequest):
                await directory.create(gateway, HOSPITAL, "Practitioner", raw("Location"))
            with pytest.raises(RuleBroken):
                await directory.create(gateway, HOSPITAL, "Practitioner", raw("Practitioner", gender="unheard-of"))
            with pytest.raises(NotFound):
                await directory.update(gateway, HOSPITAL, "Practitioner", "x", raw("Practitioner", id="x"), "1")

    run(test)


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
            (hospital,) = await directory.named(gateway, NGO, [{"type": "Organization", "identifier": number}])
            assert json.loads(hospital)["name"] == "Herlev og Gentofte Hospital"

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


SHELTERS: tuple[dict[str, Any], ...] = (
    {"name": "Krisecentret Lunden"},
    {"name": "Lunden", "alias": ["Danners kvindekrisecenter"]},
    {"name": "Huset", "type": [{"coding": [{"system": KLE, "code": "27.57.12"}]}]},
    {"name": "Huset", "type": [{"coding": [{"system": KLE, "code": "27.57.16"}]}]},
    {"name": "Huset", "type": [{"text": "botilbud efter § 110"}]},
    {"name": "Huset", "type": [{"text": "Tilbud efter serviceloven §109"}]},
    {"name": "Huset", "meta": {"security": [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]}},
    {"name": "Huset", "meta": {"security": [
        {"system": "https://faellesplan.dk/fhir/CodeSystem/data-class", "code": "protected-address"}]}},
)  # fmt: skip


def test_staff_and_place_of_a_shelter_are_not_there_for_who_may_see_no_protected_address(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            for shelter in SHELTERS[:-1]:
                identity = await made(here.gateway, SOCIAL, "HealthcareService", **_without_alias(shelter))
                with pytest.raises(NotFound):
                    await directory.read(here.gateway, NGO, "HealthcareService", identity)
            await _hidden(here.gateway, SHELTERS[-1])

    run(test)


def _without_alias(shelter: dict[str, Any]) -> dict[str, Any]:
    """As a HealthcareService says it, which has no alias."""
    said = dict(shelter)
    return said | ({"comment": said.pop("alias")[0]} if "alias" in said else {})


async def _hidden(gateway: Gateway, shelter: dict[str, Any]) -> None:
    """Everybody who may not is told what everybody is told of what is not there, at every door."""
    place = await made(gateway, SOCIAL, "Organization", **shelter, telecom=[{"system": "phone", "value": "33330000"}])
    address = {"line": ["Hemmeligvej 7"], "city": "København"}
    refers = {"reference": f"Organization/{place}"}
    where = await made(gateway, SOCIAL, "Location", name="Hus", address=address, managingOrganization=refers)
    offer = await made(
        gateway, SOCIAL, "HealthcareService", name="Støtte", location=[{"reference": f"Location/{where}"}]
    )
    nurse = await made(gateway, SOCIAL, "Practitioner", name=[{"family": "Ansat"}])
    role = await made(
        gateway, SOCIAL, "PractitionerRole", practitioner={"reference": f"Practitioner/{nurse}"},
        healthcareService=[{"reference": f"HealthcareService/{offer}"}],
    )  # fmt: skip
    for kind, identity in (
        ("Organization", place), ("Location", where), ("HealthcareService", offer), ("PractitionerRole", role),
    ):  # fmt: skip
        for who in (JOBCENTER, NGO, replace(HOSPITAL, purposes=())):
            with pytest.raises(NotFound):
                await directory.read(gateway, who, kind, identity)
            with pytest.raises(NotFound):
                await directory.read(gateway, who, kind, identity, 1)
            with pytest.raises(NotFound):
                await directory.history(gateway, who, kind, identity)
            with pytest.raises(NotFound):
                await directory.update(
                    gateway,
                    who,
                    kind,
                    identity,
                    raw(kind, id=identity, **({"name": "x"} if kind == "Organization" else {})),
                    'W/"1"',
                )
            with pytest.raises(NotFound):
                await directory.withdraw(gateway, who, kind, identity)
            assert await directory.named(gateway, who, [f"{kind}/{identity}"]) == []
            every = body(await directory.search(gateway, who, kind, [("_count", "500")]))
            assert identity not in json.dumps(every)
            assert every["total"] == len(every.get("entry", []))
            listed = body(await directory.history(gateway, who, kind))
            assert identity not in json.dumps(listed)
            assert "total" in listed
        for who in (SOCIAL, HOSPITAL):  # who wrote it, and who treats
            assert body(await directory.read(gateway, who, kind, identity))["id"] == identity
            assert identity in found(await directory.search(gateway, who, kind, [("_id", identity)]))
            assert len(await directory.named(gateway, who, [f"{kind}/{identity}"])) == 1
    assert body(await directory.read(gateway, NGO, "Practitioner", nurse))["name"]  # works elsewhere too


def test_a_role_that_left_the_shelter_stays_hidden_with_its_past(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            role = await made(
                gateway,
                SOCIAL,
                "PractitionerRole",
                organization={"identifier": {"system": SOR, "value": "111111000016001"}},
            )
            assert body(await directory.read(gateway, NGO, "PractitionerRole", role))
            # The shelter comes after the role that refers to its number.
            await made(
                gateway,
                SOCIAL,
                "Organization",
                name="Krisecenter",
                identifier=[{"system": "urn:oid:1.2.208.176.1.1", "value": "111111000016001"}],
            )
            with pytest.raises(NotFound):
                await directory.read(gateway, NGO, "PractitionerRole", role)
            moved = raw("PractitionerRole", id=role, organization={"display": "Hospital"})
            await directory.update(gateway, SOCIAL, "PractitionerRole", role, moved, "1")
            for version in (0, 1, 2):
                with pytest.raises(NotFound):
                    await directory.read(gateway, NGO, "PractitionerRole", role, version)

    run(test)


def test_a_label_does_not_close_an_organisation_of_the_tables(database_url: str) -> None:
    """A shelter that carries its municipality's number hides nobody of the municipality."""

    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            cvr = {"system": "http://cvr.dk", "value": "64942212"}
            role = await made(gateway, SOCIAL, "PractitionerRole", organization={"identifier": cvr})
            await made(gateway, SOCIAL, "Organization", name="Herberget", identifier=[cvr])
            assert body(await directory.read(gateway, NGO, "PractitionerRole", role))["id"] == role

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
            asked: Sequence[tuple[str, list[tuple[str, str]], list[str]]] = (
                ("Practitioner", [("identifier", f"{AUTHORISATION}|0ABCD")], [anna]),
                ("Practitioner", [("identifier", "0ABCD,other")], [anna]),
                ("Practitioner", [("identifier", f"{AUTHORISATION}|")], [anna]),
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
            for offset in ("0", "3", "6"):
                told = await directory.search(gateway, NGO, "HealthcareService", [*params, ("_offset", offset)])
                assert body(told)["total"] == 7
                pages += found(told)
            assert len(set(pages)) == 7
            plan = await gateway.database.fetch(
                "EXPLAIN SELECT id FROM directory_key WHERE kind = 'Location' AND name = 'name'"
                " AND value >= 'a' AND value < 'a' || chr(1114111)"
            )
            assert "ix_directory_key" in str(plan) or "Index" in str(plan)

    run(test)


def test_a_conditional_create_happens_once(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            new = raw("Practitioner", identifier=[{"system": AUTHORISATION, "value": "0XYZ1"}])
            asked = f"identifier={AUTHORISATION}|0XYZ1"
            answers = await asyncio.gather(
                *(directory.create(gateway, HOSPITAL, "Practitioner", new, asked) for _ in range(8))
            )
            assert [one.created for one in answers].count(True) == 1
            assert len({body(one)["id"] for one in answers}) == 1
            await directory.create(gateway, HOSPITAL, "Practitioner", new)
            with pytest.raises(SeveralMatch):
                await directory.create(gateway, HOSPITAL, "Practitioner", new, asked)

    run(test)


def test_every_access_is_on_record_without_a_citizen(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            identity = await made(gateway, SOCIAL, "Location", name="Forsorgshjem")
            await directory.read(gateway, SOCIAL, "Location", identity)
            with pytest.raises(NotFound):
                await directory.read(gateway, NGO, "Location", identity)
            async with gateway.database.connection() as connection:
                rows = await connection.fetch(
                    "SELECT interaction, decision, citizen, body FROM access_record ORDER BY id"
                )
            assert [(row[0], row[1], row[2]) for row in rows] == [
                ("create", "permit", ""), ("read", "permit", ""), ("read", "deny", ""),
            ]  # fmt: skip
            assert b"mappings/policy/access.csv" in rows[2]["body"]

    run(test)


def test_includes_lead_into_the_directory_and_stop_at_a_shelter(database_url: str) -> None:
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
            less = replace(NGO, scopes=("system/Practitioner.rs",))
            assert found(await directory.search(gateway, less, "Practitioner", back)) == [nurse]

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

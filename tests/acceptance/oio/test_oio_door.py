"""OIO cases through the real door, and what readers then see of them."""

from __future__ import annotations

import base64
import shutil
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway import bootstrap
from gateway.domain.identifier import CPR, CVR, FK_ORG, Identifier
from gateway.domain.limits import CaseAccess
from gateway.domain.resource import ids
from gateway.flows.replay import replay
from gateway.inbound.clients import Clients
from gateway.inbound.scopes import Scope
from tests.inbound.http_world import SECRET, Http, http, run
from tests.inbound.oauth_client import hospital, nurse
from tests.translate.oio.cases import CITIZEN, SAG, UNIT, UUID, changed, imported, states, updated, with_profile
from tests.translate.oio.conftest import MAPPINGS

SOCIAL = hospital(
    id="social", name="Frederiksberg, sagssystem", organisation=Identifier(CVR, "11259979"), sector="municipality",
    role="social", purposes=("HOPERAT",), scopes=(Scope("*", "rs"), Scope("Bundle", "c")),
    sends=("frederiksberg-sag",), member_of=(),
)  # fmt: skip
OTHER = "2509479989"
ME = CITIZEN.rpartition(":")[2]


async def post(here: Http, raw: bytes) -> tuple[int, str, str]:
    """HTTP status, StatusKode and FejlbeskedTekst."""
    headers = {**await here.bearer("system/Bundle.c", "social"), "Content-Type": "application/xml"}
    answer = await here.web.post("/cases/oio", headers=headers, content=raw)
    told = etree.fromstring(answer.content)
    return answer.status_code, told.findtext(".//{*}StatusKode") or "", told.findtext(".//{*}FejlbeskedTekst") or ""


async def sees(here: Http, client: str = "social", number: str = ME) -> dict[str, list[dict[str, Any]]]:
    """The resources of the joint plan by type, without the composed ones; {} where there is nothing to see."""
    claims = {"extensions": nurse(iua={"purpose_of_use": ["HOPERAT"]})}
    patient = ids(SECRET)("Patient", f"{CPR}|{number}")
    answer = await here.web.get(
        f"/fhir/Patient/{patient}/$joint-plan", headers=await here.bearer("system/*.rs", client, **claims)
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in answer.json().get("entry", []) if answer.status_code == 200 else []:
        one = entry["resource"]
        if not one["id"].startswith("joint-"):
            found.setdefault(one["resourceType"], []).append(one)
    return found


def removal(*uuids: str) -> bytes:
    named = "".join(f"<sdi:SagUuid><sd:UUIDIdentifikator>{one}</sd:UUIDIdentifikator></sdi:SagUuid>" for one in uuids)
    return (
        '<sdi:FjernSagDokumentIndeksInput xmlns:sdi="urn:oio:sts:sagdok:sagdokumentindeks:6" '
        f'xmlns:sd="urn:oio:sagdok:3.0.0">{named}</sdi:FjernSagDokumentIndeksInput>'
    ).encode()


def change(moment: str, inner: str) -> bytes:
    """Only what changed: neither owner nor citizen."""
    whole = updated().decode()
    head, _, tail = whole.partition("<sag:AttributListe>")
    tail = tail.partition("</sag:RelationListe>")[2]
    return (head + inner + tail).replace("2025-04-01T08:00:00+02:00", moment).encode()


CLOSED = "<sag:TilstandListe>" + states(("Afsluttet", "2025-05-01T00:00:00+02:00", "")) + "</sag:TilstandListe>"
REOPENED = "<sag:TilstandListe>" + states(("Afgjort", "2025-06-01T00:00:00+02:00", "")) + "</sag:TilstandListe>"


def test_updates_tell_only_what_changed_and_come_in_any_order(database_url: str, tmp_path: Path) -> None:
    """An update that came before the import is refused, kept, and understood once the case is there."""
    messages = [
        SAG.encode(),
        change("2025-05-02T08:00:00+02:00", CLOSED),
        change("2025-06-02T08:00:00+02:00", REOPENED),
    ]

    async def test() -> None:
        async with http(database_url, SOCIAL) as here:
            outcomes = set()
            for number, order in enumerate(permutations(messages)):
                uuid = f"{number:08d}-61c4-4e0b-9a5d-0f2b7c3e8a11"
                told = [
                    await post(
                        here, raw.replace(UUID.encode(), uuid.encode()).replace(UUID.upper().encode(), uuid.encode())
                    )
                    for raw in order
                ]
                assert {code for status, code, _ in told} <= {"20", "44"}
                assert [one for one in await replay(here.gateway) if one.error] == []
                plans = {one["identifier"][0]["value"]: one for one in (await sees(here))["CarePlan"]}
                outcomes.add((plans[uuid]["status"], str(plans[uuid]["period"]), plans[uuid]["title"]))
            assert outcomes == {
                ("active", "{'start': '2025-01-14T00:00:00+01:00'}", "Midlertidigt botilbud efter § 110")
            }

    run(test)


def test_what_is_removed_is_gone_until_it_is_registered_anew(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SOCIAL) as here:
            status, code, text = await post(here, removal(UUID))
            assert (status, code) == (404, "44")
            assert "SagUuid" in text
            assert UUID not in text
            for _ in range(2):
                later = changed(("2025-03-10T09:15:0", "2025-03-11T09:15:0"))
                assert (await post(here, later))[1] == "20"
                assert [one["status"] for one in (await sees(here))["CarePlan"]] == ["active"]
                for _ in range(2):
                    assert (await post(here, removal(UUID)))[:2] == (200, "20")
                    left = await sees(here)
                    assert [one["status"] for one in left.get("CarePlan", [])] in ([], ["entered-in-error"])
                    assert "DocumentReference" not in left
                newer = changed(("2025-03-10T09:15:0", "2025-03-20T09:15:0"))
                assert (await post(here, newer))[1] == "20"
                assert [one["status"] for one in (await sees(here))["CarePlan"]] == ["active"]
                assert (await post(here, removal(UUID)))[1] == "20", "what was registered anew can be removed anew"
                assert "active" not in [one["status"] for one in (await sees(here)).get("CarePlan", [])]
                return

    run(test)


def test_an_update_moves_no_case_to_another_citizen(database_url: str) -> None:
    """It tells only what changed: of the rest there would be nothing in the other's plan."""
    moved = updated().replace(CITIZEN.encode(), f"urn:oio:cpr-nr:{OTHER}".encode())

    async def test() -> None:
        async with http(database_url, SOCIAL) as here:
            assert (await post(here, SAG.encode()))[1] == "20"
            status, code, text = await post(here, moved)
            assert (status, code) == (422, "40")
            assert "Sagspart[PrimaerPart]" in text
            assert OTHER not in text
            assert [one["status"] for one in (await sees(here))["CarePlan"]] == ["active"]
            assert await sees(here, number=OTHER) == {}
            assert (await post(here, updated()))[1] == "20"

    run(test)


def reader(name: str, *access: CaseAccess, **more: Any) -> Any:
    return hospital(**{
        "id": name, "organisation": Identifier(CVR, "11259979"), "sector": "municipality", "role": "social",
        "purposes": ("HOPERAT",), "scopes": (Scope("*", "rs"),), "sends": ("frederiksberg-sag",), "member_of": (),
        "cases": access, **more,
    })  # fmt: skip


FREDERIKSBERG = f"{CVR}|11259979"
READERS = (
    SOCIAL,
    reader("vip", CaseAccess("*", ("*",), 3)),
    reader("unit", member_of=(f"{FK_ORG}|{UNIT}",)),
    reader("housing", CaseAccess(FREDERIKSBERG, ("27.57",), 2)),
    reader("benefit-cases", CaseAccess(FREDERIKSBERG, ("32",), 3)),
    reader("elsewhere", CaseAccess(f"{CVR}|64942212", ("27",), 3)),
    reader("harmless", CaseAccess(FREDERIKSBERG, ("27",), 1)),
)


@pytest.mark.parametrize(
    ("raw", "open_to"),
    [
        (SAG.encode(), {"social", "vip", "unit", "housing"}),
        (changed(("FOELSOMME_PERSONOPLYSNINGER", "VIP_SAGER")), {"vip"}),
        (changed(("FOELSOMME_", "FORTROLIGE_")), {"social", "vip", "unit", "housing", "harmless"}),
        (with_profile(), {"unit"}),
    ],
    ids=["sensitive", "vip", "confidential", "profile"],
)  # fmt: skip
def test_owner_class_sensitivity_and_profile_limit_who_reads(database_url: str, raw: bytes, open_to: set[str]) -> None:
    """Every reader is of the same authority and role, so that law and consent permit all of them alike."""

    async def test() -> None:
        async with http(database_url, *READERS) as here:
            assert (await post(here, raw))[1] == "20"
            for client in READERS:
                found = await sees(here, client.id)
                shown = {kind for kind in ("CarePlan", "CareTeam", "DocumentReference") if kind in found}
                assert shown == ({"CarePlan", "CareTeam", "DocumentReference"} if client.id in open_to else set()), (
                    client.id
                )
            plan = ids(SECRET)("CarePlan", f"frederiksberg-sag|CarePlan|{UUID}")
            claims = {"extensions": nurse(iua={"purpose_of_use": ["HOPERAT"]})}
            for client in READERS:
                headers = await here.bearer("system/*.rs", client.id, **claims)
                answer = await here.web.get(f"/fhir/CarePlan/{plan}", headers=headers)
                assert answer.status_code == (200 if client.id in open_to else 404), client.id

    run(test)


DOCUMENT = (
    '<sdi:DokumentIndeks xmlns:di="urn:oio:sts:sagdok:dokumentindeks:6">'
    "<sd:UUIDIdentifikator>{uuid}</sd:UUIDIdentifikator><di:Registrering><sd:Tidspunkt>2025-03-10T09:15:00+01:00"
    "</sd:Tidspunkt><di:AttributListe><di:Egenskaber><di:Titel>Afgørelse</di:Titel><di:Foelsomhed>{level}"
    "</di:Foelsomhed></di:Egenskaber></di:AttributListe><di:TilstandListe><di:Fremdrift><di:FremdriftStatusKode>Endeligt"
    "</di:FremdriftStatusKode></di:Fremdrift></di:TilstandListe><di:RelationListe/></di:Registrering></sdi:DokumentIndeks>"
)
LIES = (
    "<sag:Journalpost><gd:ReferenceID><sd:UUIDIdentifikator>{uuid}</sd:UUIDIdentifikator></gd:ReferenceID>"
    "</sag:Journalpost>"
)


async def read(here: Http, client: str, document: str, scope: str) -> int:
    """The HTTP status of reading a document by itself; a search must agree with it."""
    identity = ids(SECRET)("DocumentReference", f"frederiksberg-sag|DocumentReference|{document}")
    claims = {"extensions": nurse(iua={"purpose_of_use": ["HOPERAT"]})}
    headers = await here.bearer(scope, client, **claims)
    answer = await here.web.get(f"/fhir/DocumentReference/{identity}", headers=headers)
    patient = ids(SECRET)("Patient", f"{CPR}|{ME}")
    found = await here.web.get(f"/fhir/DocumentReference?patient={patient}", headers=headers)
    listed = [one["resource"]["id"] for one in found.json().get("entry", [])]
    assert (identity in listed) == (answer.status_code == 200)
    return int(answer.status_code)


def test_a_document_stricter_than_its_case_hides_and_one_that_is_not_follows_it(database_url: str) -> None:
    open_, strict = "0a0a0a0a-0000-4000-8000-000000000001", "0a0a0a0a-0000-4000-8000-000000000002"
    posts = "".join(LIES.format(uuid=one) for one in (open_, strict))
    documents = DOCUMENT.format(uuid=open_, level="IKKE_FORTROLIGE_DATA") + DOCUMENT.format(
        uuid=strict, level="VIP_SAGER"
    )
    case = SAG.replace("<sag:Journalpost>", posts + "<sag:Journalpost>", 1)
    raw = (
        imported(case)
        .decode()
        .replace("</sdi:ImporterSagDokumentIndeksInput>", documents + "</sdi:ImporterSagDokumentIndeksInput>")
        .encode()
    )

    async def test() -> None:
        async with http(database_url, *READERS) as here:
            assert (await post(here, raw))[1] == "20"
            titles = {}
            for client in READERS:
                found = await sees(here, client.id)
                titles[client.id] = sorted(
                    one["content"][0]["attachment"]["title"] + one.get("docStatus", "")
                    for one in found.get("DocumentReference", [])
                )
                plans = found.get("CarePlan", [])
                there = {f"DocumentReference/{one['id']}" for one in found.get("DocumentReference", [])}
                assert {one["reference"] for plan in plans for one in plan.get("supportingInfo", [])} == there
            assert titles["vip"] == ["Afgørelsefinal", "Afgørelsefinal", "Samtale på herberget"]
            assert titles["housing"] == ["Afgørelsefinal", "Samtale på herberget"]
            assert titles["benefit-cases"] == [], "a harmless document on a case that is closed to the reader"
            assert titles["harmless"] == []
            for scope in ("system/*.rs", "system/DocumentReference.rs"):
                shown = {name: await read(here, name, strict, scope) for name in ("vip", "housing")}
                assert shown == {"vip": 200 if "*" in scope else 404, "housing": 404}
                shown = {name: await read(here, name, open_, scope) for name in ("housing", "benefit-cases")}
                assert shown == {"housing": 200 if "*" in scope else 404, "benefit-cases": 404}

    run(test)


def test_what_is_not_understood_is_kept_and_understood_once_the_rule_is_mended(
    database_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mappings"
    shutil.copytree(MAPPINGS, folder)
    unknown_state = changed((">Afgjort<", ">Revurderet<"))
    no_opening = changed((">Opstaaet<", ">Oplyst<"), ("2025-03-10T09:15:0", "2025-03-10T10:15:0"))

    async def test() -> None:
        async with http(database_url, SOCIAL) as here:
            for raw, place in ((unknown_state, "Fremdrift[1]"), (no_opening, "TilstandListe/Fremdrift")):
                status, code, text = await post(here, raw)
                assert (status, code) == (422, "40")
                assert place in text
                assert ME not in text
            assert await sees(here) == {}
            assert all(one.error for one in await replay(here.gateway)), "nothing was mended yet"
            for table, row in (
                ("codes/oio-fremdrift.csv", ",Revurderet,http://hl7.org/fhir/request-status,active,,,,"),
                ("codes/oio-intent.csv", ",Revurderet,http://hl7.org/fhir/request-intent,order,,,,"),
                ("codes/oio-team-status.csv", ",Revurderet,http://hl7.org/fhir/care-team-status,active,,,,"),
            ):
                file = folder / table
                file.write_text(file.read_text("utf-8") + row + "\n", "utf-8")
            demands = folder / "oio" / "demands.csv"
            demands.write_text(demands.read_text("utf-8").replace("opstaaet,refuse", "opstaaet,note"), "utf-8")
            rules = bootstrap.read_rules(folder, SECRET, bootstrap.owners_of(Clients([SOCIAL])))
            mended = replace(here.gateway, languages=rules.languages)
            assert [one.error for one in await replay(mended)] == ["", ""]
            assert [one["status"] for one in (await sees(here))["CarePlan"]] == ["active"]

    run(test)


def test_a_note_comes_along_as_it_was_written(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SOCIAL) as here:
            assert (await post(here, SAG.encode()))[1] == "20"
            (note,) = (await sees(here))["DocumentReference"]
            attachment = note["content"][0]["attachment"]
            assert base64.b64decode(attachment["data"]).decode() == "Lang samtale om boligofskrivels."
            assert attachment["contentType"] == "text/plain;charset=utf-8"
            assert note["type"] == {"text": "Journalnotat"}

    run(test)


def test_cases_of_several_citizens_come_and_go_in_one_message(database_url: str) -> None:
    """One that is refused keeps no other out; the answer has a line for each."""
    numbers = {
        ME: UUID,
        OTHER: "0a0a0a0a-0000-4000-8000-00000000000a",
        "1502824933": "0a0a0a0a-0000-4000-8000-00000000000b",
    }
    cases = [SAG.replace(CITIZEN, f"urn:oio:cpr-nr:{one}").replace(UUID.upper(), uuid) for one, uuid in numbers.items()]
    cases[2] = cases[2].replace(">Afgjort<", ">Revurderet<")
    lies = LIES.format(uuid="0a0a0a0a-0000-4000-8000-00000000000c")
    cases[1] = cases[1].replace("<sag:Journalpost>", lies + "<sag:Journalpost>", 1)
    document = DOCUMENT.format(uuid="0a0a0a0a-0000-4000-8000-00000000000c", level="IKKE_FORTROLIGE_DATA")
    end = "</sdi:ImporterSagDokumentIndeksInput>"
    raw = imported(*cases).decode().replace(end, document + end).encode()

    async def lines(here: Http, content: bytes) -> list[tuple[str, ...]]:
        headers = {**await here.bearer("system/Bundle.c", "social"), "Content-Type": "application/xml"}
        answer = await here.web.post("/cases/oio", headers=headers, content=content)
        told = etree.fromstring(answer.content)
        return [
            tuple(one.findtext(f"{{*}}{name}") for name in ("StatusKode", "Type", "UUIDIdentifikator")) for one in told
        ]

    async def test() -> None:
        async with http(database_url, SOCIAL) as here:
            found = await lines(here, raw)
            assert found == [
                ("20", "Sag", numbers[ME]), ("20", "Sag", numbers[OTHER]),
                ("20", "Dokument", "0a0a0a0a-0000-4000-8000-00000000000c"), ("40", "Sag", numbers["1502824933"]),
            ]  # fmt: skip
            assert [len((await sees(here, number=one)).get("CarePlan", [])) for one in numbers] == [1, 1, 0]
            assert len((await sees(here, number=OTHER))["DocumentReference"]) == 2
            assert [one[0] for one in await lines(here, removal(numbers[ME], numbers[OTHER]))] == ["20", "20"]
            for one in (ME, OTHER):
                plans = (await sees(here, number=one)).get("CarePlan", [])
                assert [plan["status"] for plan in plans] in ([], ["entered-in-error"])

    run(test)

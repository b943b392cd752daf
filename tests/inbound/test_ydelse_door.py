"""Ydelsesindeks over HTTP: benefits and alerts for those who may see them, and no trace of them for anybody else."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from lxml import etree

from gateway import bootstrap
from gateway.domain.identifier import CPR, CVR, SOR, Identifier
from gateway.flows.replay import replay
from gateway.inbound.scopes import Scope
from gateway.settings import Settings
from tests.flows.messages import case
from tests.inbound.http_world import SECRET, Http, http, run
from tests.inbound.oauth_client import hospital
from tests.inbound.one_citizen import CLIENTS, HOSPITAL, NUMBER, SOCIAL, arrive, headers
from tests.inbound.test_console import enter
from tests.translate.ydelse.making import (
    REDUCED,
    WHOLE,
    amount,
    benefit,
    granted,
    imported,
    paid,
    party,
    plan,
    registered,
)

DOOR = "/cases/ydelse"
MAY, JUNE = "2025-05-01T00:00:00+02:00", "2025-06-01T00:00:00+02:00"  # to come: the clock of the tests is in March


def client(name: str, role: str, cvr: str = "64942212", **more: Any) -> Any:
    return hospital(**{
        "id": name, "name": name, "role": role, "sector": "municipality", "organisation": Identifier(CVR, cvr),
        "purposes": ("HOPERAT",), "scopes": (Scope("*", "rs"),), "sends": (),
    } | more)  # fmt: skip


OFFICE = client("office", "benefit", scopes=(Scope("*", "rs"), Scope("Bundle", "c")), sends=("koebenhavn-ydelse",))
CAST = (
    *(one for one in CLIENTS if one.id != "jobcenter"), OFFICE, client("job", "jobcenter"),
    client("nursing", "nursing", purposes=("TREAT",)), client("elsewhere", "social", "11259979"),
    client("shelter", "provider", "12345678", sector="other"), client("helpers", "ngo", "87654321", sector="other"),
)  # fmt: skip
PURPOSE = {"epj": "TREAT", "nursing": "TREAT"}


def grant(*benefits: str, at: str = "2025-05-02T09:00:00+02:00", cpr: str = NUMBER, **more: str) -> bytes:
    return imported(granted(registered(*benefits, at=at, parties=party(f"urn:oio:cpr-nr:{cpr}"), **more)))


OURS = party(f"urn:oio:cpr-nr:{NUMBER}")
REDUCTION = grant(benefit(REDUCED, from_=MAY))


async def send(here: Http, raw: bytes, who: str = "office") -> tuple[int, etree._Element]:
    bearer = await headers(here, who, PURPOSE.get(who, "HOPERAT"))
    answer = await here.web.post(DOOR, headers=bearer | {"Content-Type": "application/xml"}, content=raw)
    assert answer.headers["content-type"] == "application/xml"
    return answer.status_code, etree.fromstring(answer.content)


def code(answer: etree._Element) -> str:
    return str(answer.findtext(".//{*}StatusKode"))


async def ask(here: Http, who: str, path: str, form: dict[str, str] | None = None) -> tuple[int, bytes, str]:
    bearer = await headers(here, who, PURPOSE.get(who, "HOPERAT"))
    made = here.web.post(path, headers=bearer, data=form) if form else here.web.get(path, headers=bearer)
    answer = await made
    return answer.status_code, answer.content, answer.headers.get("etag", "")


async def flags(here: Http, who: str, kind: str = "Flag") -> list[dict[str, Any]]:
    status, body, _ = await ask(here, who, f"/fhir/{kind}/_search", {"patient.identifier": f"{CPR}|{NUMBER}"})
    if status != 200:
        return []
    return [entry["resource"] for entry in json.loads(body).get("entry", [])]


def test_taken_once_and_answered_as_the_index_answers(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CAST) as here:
            await arrive(here)
            for _ in range(2):
                status, answer = await send(here, REDUCTION)
                assert (status, code(answer)) == (200, "20")
                assert etree.QName(answer).localname == "ImporterYdelseIndeksOutput"
                assert answer.findtext(".//{*}Type") == "Bevilling"
            kept = await here.gateway.database.fetchval("SELECT count(*) FROM message WHERE language = 'ydelse'")
            assert kept == 1
            status, answer = await send(here, REDUCTION, "social")
            assert (status, code(answer)) == (403, "41")  # not registered to send as this source

    run(test)


def test_who_sees_the_alert(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CAST) as here:
            patient = await arrive(here)
            await send(here, REDUCTION)
            seen = {one.id: len(await flags(here, one.id)) for one in CAST if one.id != "auditor"}
            assert seen == {
                "epj": 0, "social": 1, "office": 1, "job": 1, "nursing": 0, "elsewhere": 0, "shelter": 0, "helpers": 0,
            }  # fmt: skip
            (flag,) = await flags(here, "social")
            assert flag["code"]["coding"][0]["code"] == "reduced"
            status, body, _ = await ask(here, "social", f"/fhir/Flag/{flag['id']}")
            assert (status, json.loads(body)["status"]) == (200, "active")
            hidden = await ask(here, "epj", f"/fhir/Flag/{flag['id']}")
            assert hidden[0] == 404
            assert hidden[1] == (await ask(here, "epj", f"/fhir/Flag/{'0' * 32}"))[1]
            _, body, _ = await ask(here, "social", f"/fhir/Patient/{patient}/$joint-plan")
            joint = json.loads(body)["entry"][0]["resource"]
            assert joint["supportingInfo"][0] == {"reference": f"Flag/{flag['id']}"}
            assert (await ask(here, "office", f"/fhir/Patient/{patient}/$joint-plan"))[0] == 404, "no plan of theirs"

    run(test)


def test_the_words_of_a_reason_are_for_who_wrote_them(database_url: str) -> None:
    """The law opens economic matters; a reason may tell of illness."""
    reason = "Nedsat arbejdsevne efter psykose"

    async def test() -> None:
        async with http(database_url, *CAST) as here:
            await arrive(here)
            assert (await send(here, grant(benefit(REDUCED, from_=MAY, reason=reason))))[0] == 200
            for who, told in (("office", [reason]), ("social", []), ("job", [])):
                accounts = [one for one in await flags(here, who, "Account") if "name" in one]
                assert len(accounts) == 1
                assert [one["description"] for one in accounts if "description" in one] == told
                assert "psykose" not in json.dumps(await flags(here, who))

    run(test)


def test_a_hidden_alert_changes_no_byte_of_anybody_elses_answers(database_url: str) -> None:
    async def everything(here: Http, who: str, patient: str) -> list[tuple[int, bytes, str]]:
        paths = (f"/fhir/Patient/{patient}/$joint-plan", f"/fhir/CarePlan/joint-{patient}", f"/fhir/Patient/{patient}")
        found = [await ask(here, who, path) for path in paths]
        for kind in ("Flag", "Account", "CarePlan"):
            found.append(await ask(here, who, f"/fhir/{kind}/_search", {"patient.identifier": f"{CPR}|{NUMBER}"}))
        page = await here.web.get((await enter(here, patient, who, PURPOSE.get(who, "HOPERAT"))).headers["location"])
        own = re.sub(rb'(name="csrf" value=")[^"]+', rb"\1", page.content)  # each session has another
        return [*found, (page.status_code, own, "")]

    async def test() -> None:
        async with http(database_url, *CAST) as here:
            patient = await arrive(here)
            readers = ("epj", "nursing", "elsewhere", "shelter", "helpers")
            before = {who: await everything(here, who, patient) for who in readers}
            assert before["epj"][0][0] == 200
            whole = grant(benefit(WHOLE, from_=JUNE, plans=plan()), at="2025-06-02T09:00:00+02:00")
            for message in (REDUCTION, whole, imported(paid(amount("1.00"), parties=payer()))):
                assert (await send(here, message))[0] == 200
            assert {who: await everything(here, who, patient) for who in readers} == before

    run(test)


def payer() -> str:
    return party(f"urn:oio:cpr-nr:{NUMBER}", name="oef:OekonomiskEffektueringPart")


def test_the_page_tells_the_coordinator_until_the_benefit_is_whole_again(database_url: str) -> None:
    async def page(here: Http, patient: str) -> str:
        entered = await enter(here, patient)
        return str((await here.web.get(entered.headers["location"])).text)

    async def test() -> None:
        async with http(database_url, *CAST) as here:
            patient = await arrive(here)
            assert "Advarsler" not in await page(here, patient)
            await send(here, REDUCTION)
            told = await page(here, patient)
            assert ">Advarsler</h2>" in told
            assert "Nedsat ydelse: Kontanthjælp" in told
            assert "fra 1. maj 2025" in told
            assert ">Ydelser</h2>" in told
            await send(here, grant(benefit(WHOLE, from_=JUNE), at="2025-06-02T09:00:00+02:00"))
            told = await page(here, patient)
            assert "Advarsler" not in told
            assert ">Ydelser</h2>" in told
            (flag,) = await flags(here, "social")
            assert flag["status"] == "inactive"

    run(test)


def test_an_alert_that_nothing_supports_any_more_is_gone(database_url: str) -> None:
    """Arrears come later: what looked like a reduction never was one."""

    async def test() -> None:
        async with http(database_url, *CAST) as here:
            await arrive(here)
            await send(here, grant(benefit(plans=plan("12550.00"))))
            await send(here, imported(paid(amount("9000.00"), parties=payer())))
            assert len(await flags(here, "social")) == 1
            rest = imported(paid(amount("3550.00"), uuid="b1d2c7f4-3b0f-4d53-8a42-6f3f0c5c1d33", parties=payer()))
            assert (await send(here, rest))[0] == 200
            assert await flags(here, "social") == []
            (account,) = [one for one in await flags(here, "social", "Account") if "name" in one]
            assert len([one for one in account["extension"] if one["url"].endswith("benefit-payment")]) == 2

    run(test)


def test_of_a_citizen_without_a_case_nothing_is_kept(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CAST) as here:
            status, answer = await send(here, REDUCTION)
            assert (status, code(answer)) == (200, "20"), "a refusal would tell who has a case"
            for table in ("statement", "resource", "identity"):
                assert await here.gateway.database.fetchval(f"SELECT count(*) FROM {table}") == 0

    run(test)


def test_what_cannot_be_understood_waits_until_the_rule_is_mended(database_url: str, tmp_path: Path) -> None:
    strange = grant(benefit(REDUCED, from_=MAY), sensitivity="LUKKET")

    async def test() -> None:
        async with http(database_url, *CAST) as here:
            await arrive(here)
            status, answer = await send(here, strange)
            assert (status, code(answer)) == (422, "40")
            told = str(answer.findtext(".//{*}FejlbeskedTekst"))
            assert "Egenskaber/Foelsomhed" in told
            assert "LUKKET" not in told
            assert NUMBER not in etree.tostring(answer).decode()
            mappings = shutil.copytree(Settings().mappings_folder, tmp_path / "mappings")
            table = mappings / "codes" / "oio-foelsomhed.csv"
            row = ",LUKKET,http://terminology.hl7.org/CodeSystem/v3-Confidentiality,R,restricted,agreed,,\n"
            table.write_text(table.read_text("utf-8") + row, "utf-8")
            mended = replace(here.gateway, languages=bootstrap.read_rules(mappings, SECRET).languages)
            assert [one.error for one in await replay(mended)] == [""]
            assert await here.gateway.database.fetchval("SELECT count(*) FROM resource WHERE kind = 'Flag'") == 1

    run(test)


def test_garbage_is_answered_in_the_index_own_words(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CAST) as here:
            for raw, status in ((b"<a", 400), (b"", 400), (b"<a/>", 422), (b"<!DOCTYPE a><a/>", 400)):
                told, answer = await send(here, raw)
                assert (told, etree.QName(answer).localname) == (status, "StandardRetur")
                assert code(answer) != "20"

    run(test)


assert HOSPITAL.organisation.system == SOR
assert SOCIAL.organisation.value == OFFICE.organisation.value


def test_a_profile_narrows_who_sees_the_alert(database_url: str) -> None:
    unit = "0d9b7c61-8b1e-4f5a-b0a7-6f7f3f5f2a20"
    profile = (
        f"<bi:Sikkerhedsprofil><gd:ReferenceID><sd:UUIDIdentifikator>{unit}</sd:UUIDIdentifikator></gd:ReferenceID>"
        "</bi:Sikkerhedsprofil>"
    )

    async def test() -> None:
        async with http(database_url, *CAST) as here:
            await arrive(here)
            assert (await send(here, grant(benefit(REDUCED, from_=MAY), more=profile)))[0] == 200
            assert await flags(here, "social") == []
            vip = grant(benefit(REDUCED, from_=MAY), at="2025-05-03T09:00:00+02:00", sensitivity="VIP_SAGER")
            assert (await send(here, vip))[0] == 200
            assert await flags(here, "social") == []
            again = grant(benefit(REDUCED, from_=MAY), at="2025-05-04T09:00:00+02:00")
            assert (await send(here, again))[0] == 200
            assert len(await flags(here, "social")) == 1

    run(test)


def test_grants_of_several_citizens_have_a_line_each(database_url: str) -> None:
    """One that is refused keeps no other out, and what is known of one citizen shows nothing of the other."""
    uuid = "6e0f6c0a-52d3-4e43-9b6f-2d6c1b7b9e02"
    other = registered(at="2025-05-02T09:00:00+02:00", parties=party("urn:oio:cpr-nr:2509479989"), sensitivity="LUKKET")
    mine = registered(benefit(REDUCED, from_=MAY), at="2025-05-02T09:00:00+02:00", parties=OURS)

    async def test() -> None:
        async with http(database_url, *CAST) as here:
            await arrive(here)
            status, answer = await send(here, imported(granted(mine), granted(other, uuid=uuid)))
            assert [one.text for one in answer.iter("{*}StatusKode")] == ["20", "40"]
            assert [one.text for one in answer.iter("{*}UUIDIdentifikator")][-1] == uuid
            assert (status, len(await flags(here, "social"))) == (200, 1)

    run(test)


def test_a_grant_that_turns_out_to_be_another_citizens_leaves_the_first(database_url: str) -> None:
    other = "2509479989"

    async def alerts(here: Http, cpr: str) -> list[str]:
        form = {"patient.identifier": f"{CPR}|{cpr}"}
        status, body, _ = await ask(here, "social", "/fhir/Flag/_search", form)
        assert status == 200
        return [entry["resource"]["status"] for entry in json.loads(body).get("entry", [])]

    async def test() -> None:
        async with http(database_url, *CAST) as here:
            await arrive(here)
            bearer = await headers(here, "social", "HOPERAT")
            known = await here.web.post(
                "/cases/oio", headers=bearer | {"Content-Type": "application/xml"}, content=case(other)
            )
            assert known.status_code == 200
            wrong, right = REDUCTION, grant(benefit(REDUCED, from_=MAY), at="2025-05-03T09:00:00+02:00", cpr=other)
            for message in (wrong, right, wrong):
                assert (await send(here, message))[0] == 200
            assert "active" not in await alerts(here, NUMBER)
            assert await alerts(here, other) == ["active"]

    run(test)

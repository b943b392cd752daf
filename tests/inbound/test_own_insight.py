"""Borgerens egen indsigt: everything, in words, for the citizen and who acts for her, with a proof; for nobody else."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.identifier import CPR, X_ECPR
from gateway.domain.insight import ORGANISATION, InsightRules, Keep
from gateway.domain.list_proof import verify_list
from gateway.flows.own_insight import PAGE
from gateway.inbound.console.texts import texts
from gateway.inbound.scopes import Scope
from gateway.store.keys import verify
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital, nurse
from tests.inbound.one_citizen import CLIENTS, EVERYTHING, HOSPITAL, NUMBER, ORDER, SOCIAL, arrive, headers
from tests.inbound.test_consent_doors import objection, put
from tests.inbound.test_console_frame import token_of
from tests.inbound.test_console_overrides import WHY
from tests.inbound.test_console_search import ready

DA = texts("da")
GUARDIAN, STRANGER = "2512489996", "2509479989"
CODES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
PORTAL = hospital(id="portal", name="Borgerportalen", sector="other", role="citizen", sends=(),
                  organisation_name="Borgerportalen", purposes=("PATRQT",),
                  scopes=(Scope("AuditEvent", "rs"), Scope("Patient", "r")))  # fmt: skip
WRITER = replace(SOCIAL, scopes=(*SOCIAL.scopes, Scope("RelatedPerson", "cud")))
ALL = (HOSPITAL, WRITER, *CLIENTS[2:], PORTAL)


async def enter(
    here: Http, who: str = NUMBER, of: str = "", *, scope: str = "system/AuditEvent.rs", name: str = "Sarah Tangmose"
) -> Any:
    """The citizen's own session, or that of somebody who acts for the citizen."""
    key = who if "|" in who else f"{CPR}|{who}"
    iua = {"purpose_of_use": ["PATRQT"], "subject_id": key, "subject_name": name, "subject_role": "",
           "on_behalf_of": f"{CPR}|{of}" if of else ""}  # fmt: skip
    bearer = await here.bearer(scope, "portal", extensions=nurse(iua=iua))
    made = await here.web.post("/console/tickets", headers=bearer)
    if made.status_code != 201:
        return made
    return await here.web.post("/console/login", data={"ticket": made.json()["url"].partition("=")[2]})


async def audit(here: Http) -> None:
    bearer = await here.bearer("system/AuditEvent.rs", "auditor", extensions=nurse(iua={"purpose_of_use": ["HOPERAT"]}))
    made = await here.web.post("/console/tickets", headers=bearer)
    await here.web.post("/console/login", data={"ticket": made.json()["url"].partition("=")[2]})


async def looks(here: Http) -> str:
    """A citizen at whom four have looked: permitted, stopped, and by override; gives the Patient id."""
    patient = await arrive(here)
    for client, purpose in (("epj", "TREAT"), ("social", "HOPERAT"), ("jobcenter", "HOPERAT")):
        await here.web.get(f"/fhir/Patient/{patient}/$joint-plan", headers=await headers(here, client, purpose))
    await put(here, "/fhir/Consent", objection(patient, provision={"type": "deny"}), await headers(here))
    here.world.clock.forward(1)
    await here.web.get(f"/fhir/Patient/{patient}", headers=await headers(here, purpose="BTG", **WHY))
    await ready(here)
    return patient


async def page(here: Http, path: str = "/console/insight") -> str:
    answer = await here.web.get(path)
    assert answer.status_code == 200, answer.text
    assert NUMBER not in answer.text + str(answer.url)
    return str(answer.text)


def rows(text: str) -> list[str]:
    """The lines of the list as somebody reads them, without the marks."""
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", one)).strip() for one in body.split("<tr>")[1:]]


async def related(here: Http, patient: str, **changed: Any) -> str:
    """A municipality tells who the citizen's guardian is; gives the id."""
    told = {
        "resourceType": "RelatedPerson", "active": True, "patient": {"reference": f"Patient/{patient}"},
        "identifier": [{"system": CPR, "value": GUARDIAN}], "name": [{"family": "Værge", "given": ["Vera"]}],
        "relationship": [{"coding": [{"system": CODES, "code": "GUARD"}]}], **changed,
    }  # fmt: skip
    answer = await put(here, "/fhir/RelatedPerson", told, await headers(here, "social", "HOPERAT"))
    assert answer.status_code == 201, answer.text
    here.world.clock.forward(1)
    return str(answer.json()["id"])


def test_a_citizen_reads_who_looked_why_and_how_it_went(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient = await looks(here)
            entered = await enter(here)
            assert entered.headers["location"] == "/console/insight"
            text = await page(here)
            said = rows(text)
            override = next(one for one in said if "Værdispring" in one)
            for words in ("Karla Bo, sygeplejerske", "Region Test", "Akut fare for liv eller helbred: Bevidstløs",
                          "Borgeren skal underrettes senest", "så navn og stamoplysninger"):  # fmt: skip
                assert words in override, words
            stopped = next(one for one in said if DA("insight.deny") in one)
            assert "så den fælles plan" in stopped
            assert any("behandling så den fælles plan" in one and "Region Test" in one for one in said)
            assert any("sendte oplysninger om borgeren hertil" in one for one in said), "\n".join(said)
            assert any("skrev samtykker" in one for one in said)
            assert not any(
                one in " ".join(said) for one in ("joint-plan", "search-type", "HOPERAT", "TREAT", "CarePlan")
            )
            own = rows(await page(here))[0]
            assert "Borgeren selv" in own, "her own look stands on it"
            assert "så listen over, hvem der har set oplysningerne" in own or "søgte i listen" in own
            assert patient not in text

    run(test)


def test_a_citizen_gets_nobody_elses_list(database_url: str) -> None:
    """Another citizen's id, another's session, a form of the auditor's, a used ticket, a scope that has none."""

    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient = await looks(here)
            await enter(here, STRANGER)
            text = await page(here)
            assert rows(text) == []
            assert DA("insight.unknown") in text
            for path in (f"/console/insight/{patient}", f"/console/insight/{patient}/proof", "/console/look/1"):
                assert (await here.web.get(path)).status_code in (403, 404), path
            form = {"csrf": token_of(text), "citizen": patient, "reader": "citizen"}
            assert (await here.web.post("/console/insight", data=form)).status_code == 403
            assert (await here.web.get("/console/insight/mine/proof")).status_code == 404
            assert (await here.web.get("/console/insight/mine/other")).status_code == 404
            await audit(here)
            form["csrf"] = token_of(await page(here))
            held = (await here.web.post("/console/insight", data=form)).headers["location"]
            await page(here, held)
            await enter(here, STRANGER)
            for path in (held, f"{held}/proof"):
                assert (await here.web.get(path)).status_code == 404, "held by another session"
            bearer = await here.bearer("system/AuditEvent.rs", "portal", extensions=nurse(iua={
                "purpose_of_use": ["PATRQT"], "subject_id": f"{CPR}|{NUMBER}"}))  # fmt: skip
            ticket = (await here.web.post("/console/tickets", headers=bearer)).json()["url"].partition("=")[2]
            assert (await here.web.post("/console/login", data={"ticket": ticket})).status_code == 303
            here.web.cookies.clear()
            assert (await here.web.post("/console/login", data={"ticket": ticket})).status_code == 401, "good once"
            assert (await here.web.get("/console/insight")).status_code == 401
            assert (await enter(here, scope="system/Patient.r")).status_code == 403, "without the scope of the log"

    run(test)


NOBODY: tuple[dict[str, Any], ...] = (
    {"period": {"end": "2025-03-01"}},
    {"period": {"start": "2099-01-01"}},
    {"active": False},
    {"identifier": [{"system": CPR, "value": STRANGER}]},
    {"relationship": [{"coding": [{"system": CODES, "code": "FTH"}]}]},
    {"relationship": [{"text": "værge"}]},
)


def test_who_acts_for_the_citizen_is_told_so_and_only_while_it_holds(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient = await arrive(here)
            await here.web.get(f"/fhir/Patient/{patient}/$joint-plan", headers=await headers(here))
            for wrong in NOBODY:
                await related(here, patient, **wrong)
            await enter(here, GUARDIAN, NUMBER, name="Vera Værge")
            assert (await here.web.get("/console/insight")).status_code == 403, "nobody is by what holds no more"
            right = await related(here, patient, period={"end": "2025-04-01"})
            text = await page(here)
            assert DA("insight.acting", who="Vera Værge", right="værge") in text
            assert len(rows(text)) > 5
            await ready(here)
            await enter(here)
            assert any("Vera Værge, på borgerens vegne" in one for one in rows(await page(here)))
            await enter(here, GUARDIAN, NUMBER, name="Vera Værge")
            await page(here, "/console/insight")
            assert (await here.web.get("/console/insight/mine/proof")).status_code == 200
            social = await headers(here, "social", "HOPERAT")
            gone = await here.web.delete(f"/fhir/RelatedPerson/{right}", headers=social)
            assert gone.status_code == 204, gone.text
            for path in ("/console/insight", "/console/insight/mine/proof", "/console/insight/mine/minlog2"):
                assert (await here.web.get(path)).status_code == 403, path
            await enter(here, GUARDIAN, STRANGER)
            assert (await here.web.get("/console/insight")).status_code == 403, "the same answer where nobody is known"
            refused = await here.gateway.database.fetch(
                "SELECT body FROM access_record WHERE decision = 'deny' AND client = 'portal'"
            )
            assert len(refused) == 5
            assert all(NUMBER.encode() not in row["body"] and GUARDIAN.encode() not in row["body"] for row in refused)

    run(test)


def test_a_right_that_ends_ends_a_session_that_is_running(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient = await arrive(here)
            end = here.world.clock.now + timedelta(minutes=10)
            await related(here, patient, period={"end": end.isoformat(timespec="seconds")})
            await enter(here, GUARDIAN, NUMBER)
            await page(here)
            here.world.clock.forward(900)
            assert (await here.web.get("/console/insight")).status_code == 403
            await enter(here, GUARDIAN, NUMBER)
            assert (await here.web.get("/console/insight/mine/minlog2")).status_code == 403, "nor by a new ticket"

    run(test)


def test_what_a_table_keeps_back_is_nowhere_and_the_look_still_is(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            await looks(here)
            law = "databeskyttelsesforordningen art. 15 (4)"
            rule = Keep(("citizen",), ORGANISATION, ("*egion",), ("name",), law, "mappings/policy/insight.csv:9")
            object.__setattr__(here.inbound.gateway, "insight", InsightRules((rule,)))
            await enter(here)
            text = await page(here)
            mine = [one for one in rows(text) if "Region Test" in one]
            assert mine
            assert all(DA("insight.kept_name") in one or "Et it-system" in one for one in mine)
            assert not any("Karla" in one or "Bevidstløs" in one for one in mine), "nor in her own words"
            assert law in text
            proof = await here.web.get("/console/insight/mine/proof")
            minlog = await here.web.get("/console/insight/mine/minlog2")
            for content in (proof.text, minlog.text):
                kept = [one for one in content.split("Region Test")[1:] if "Karla" in one[:200]]
                assert kept == []
            told = proof.json()
            entries = [entry for one in told["lists"] for entry in one["entries"]]
            assert any(entry["body"] is None and entry["salt"] is None for entry in entries)
            assert any(entry["body"] for entry in entries)
            assert verify_list(proof.content, verify).ok
            bearer = await here.bearer(EVERYTHING, "portal", extensions=nurse(iua={
                "purpose_of_use": ["PATRQT"], "subject_id": f"{CPR}|{NUMBER}"}))  # fmt: skip
            patient = told["lists"][0]["citizen"]
            door = await here.web.get(f"/log/lists/{patient}", headers=bearer)
            assert door.status_code == 200
            assert "Bevidstl" not in door.text, "the door of the list keeps it too"

    run(test)


def test_the_proof_is_checked_with_the_script_and_an_entry_left_out_is_named(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            await looks(here)
            await enter(here)
            shown = len(rows(await page(here)))
            await ready(here)
            taken = await here.web.get("/console/insight/mine/proof")
            assert re.search(r'filename="faellesplan-indsigt-bevis-\d{8}\.json"', taken.headers["content-disposition"])
            told = taken.json()
            assert sum(len(one["entries"]) for one in told["lists"]) == shown
            file = tmp_path / "list.json"
            script = Path(__file__).parents[2] / "docs" / "verify_list.py"
            command = [sys.executable, str(script), str(file), "--key", told["vkey"]]
            file.write_bytes(taken.content)
            done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Nothing was left out, changed or put in.")
            del told["lists"][0]["entries"][1]
            file.write_text(json.dumps(told))
            done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)
            assert done.returncode == 1

    run(test)


def test_minlog2_has_the_shape_of_its_delivery_description(database_url: str, examples: Path) -> None:
    facts = json.loads((examples / "fhir" / "danish-consent-and-log-facts.json").read_text("utf-8"))["MinLog2_fields"]

    async def test() -> None:
        async with http(database_url, *ALL) as here:
            await looks(here)
            await enter(here)
            told = (await here.web.get("/console/insight/mine/minlog2")).json()
            assert len(told) > 5
            plain = {name.partition("(")[0] for name in facts["Destination"]}
            known = plain | {f"{name}Source" for name in plain}
            for one in told:
                assert set(one) == {"Source", "Destination"}
                assert set(one["Source"]) <= set(facts["Source"])
                assert set(one["Destination"]) <= known
            override = next(one["Destination"] for one in told if one["Destination"]["Criticality"] == "vaerdispring")
            assert override["UserPersonName"] == "Karla Bo"

    run(test)


def test_an_officer_prints_the_same_list_for_one_citizen(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient = await looks(here)
            await audit(here)
            form = {"csrf": token_of(await page(here)), "citizen": f"{NUMBER[:6]}-{NUMBER[6:]}", "reader": "citizen"}
            for wrong in ({"citizen": STRANGER}, {"citizen": ""}, {"citizen": "f" * 32}, {"reader": "anybody"}):
                answer = await here.web.post("/console/insight", data=form | wrong)
                assert answer.status_code == 400, wrong
                assert STRANGER not in answer.text
            started = await here.web.post("/console/insight", data=form)
            assert started.status_code == 303
            where = started.headers["location"]
            assert patient not in where
            text = await page(here, where)
            assert any("Karla Bo" in one for one in rows(text))
            assert DA("insight.about", people=patient) in text, "two lists on one printer"
            proof = (await here.web.get(f"{where}/proof")).content
            assert verify_list(proof, verify).ok
            records = await here.gateway.database.fetch(
                "SELECT citizen FROM access_record WHERE client = 'auditor' AND interaction = ANY($1)",
                ["search-type", "export"],
            )
            assert {row["citizen"] for row in records} == {patient}
            assert len(records) == 2

    run(test)


async def merge(here: Http, number: str, other: str, control: str) -> None:
    """The hospital tells that two numbers are one person."""
    message = "\r".join((
        rf"MSH|^~\&|SP|HGH|FAELLESPLAN|KK|20250314094500||ADT^A40|{control}|P|2.5||||||8859/1",
        "EVN|A40|20250314094500",
        f"PID|1||{number}^^^CPR||Tangmose^Sarah||19820215|F",
        f"MRG|{other}", "",
    ))  # fmt: skip
    er7 = {**await headers(here), "Content-Type": "application/hl7-v2"}
    merged = await here.web.post("/messages/hl7v2", headers=er7, content=message.encode("latin-1"))
    assert merged.status_code == 200, merged.text


def test_a_citizen_without_a_cpr_and_one_with_several_numbers(database_url: str) -> None:
    """Whoever goes by a replacement number sees the list of all identities that are one person; a number that two
    people have by two authorities makes no list on paper."""

    async def test() -> None:
        async with http(database_url, *ALL) as here:
            await arrive(here)
            await merge(here, NUMBER, "0703921VJ5^^^X-ECPR", "M9")
            await ready(here)
            await enter(here)
            mine = rows(await page(here))
            await enter(here, f"{X_ECPR}|0703921VJ5")
            by_other = rows(await page(here))
            assert len(by_other) == len(mine) + 2 > 3, "the same list, longer by the look before, of both identities"
            assert "Borgeren selv" in by_other[1], "by whatever number"
            other = re.sub(
                rb'(["/:])[0-9a-f]{4}(?=[0-9a-f]{4}-)', rb"\1abcd", ORDER.replace(NUMBER.encode(), STRANGER.encode())
            )
            fhir = {**await headers(here, "social"), "Content-Type": "application/fhir+json"}
            assert (await here.web.post("/fhir/$process-message", headers=fhir, content=other)).status_code == 200
            await merge(here, STRANGER, "0703921VJ5^^^D-ECPR", "M10")
            await audit(here)
            form = {"csrf": token_of(await page(here)), "citizen": "0703921VJ5", "reader": "citizen"}
            assert (await here.web.post("/console/insight", data=form)).status_code == 400, "two people"
            form["citizen"] = f"{X_ECPR}|0703921VJ5"
            assert (await here.web.post("/console/insight", data=form)).status_code == 303
            await here.gateway.database.fetch(  # which no message brings about
                "UPDATE identity SET identifiers = identifiers || $1::text WHERE key = $2 RETURNING key",
                f"{X_ECPR}|0703921VJ5", f"{CPR}|{STRANGER}")  # fmt: skip
            await enter(here, f"{X_ECPR}|0703921VJ5")
            assert (await here.web.get("/console/insight")).status_code == 403, "a number of two people is nobody's"

    run(test)


@pytest.mark.parametrize("extra", [PAGE])
def test_a_long_list_has_pages_and_one_to_print(database_url: str, extra: int) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient = await arrive(here)
            bearer = await headers(here)
            for _ in range(extra):
                await here.web.get(f"/fhir/Patient/{patient}", headers=bearer)
            await enter(here)
            first = await page(here)
            assert len(rows(first)) == PAGE
            following = re.findall(r'href="(/console/insight/mine\?after=[0-9-]+)"', first)[0]
            rest = await page(here, following)
            whole = await page(here, "/console/insight/mine?all=yes")
            assert len(rows(whole)) > PAGE
            assert not set(rows(first)) & set(rows(rest))
            assert (await here.web.get("/console/insight/mine?after=x")).status_code == 400

    run(test)

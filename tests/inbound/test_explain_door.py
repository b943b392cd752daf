"""`$explain-access`: who may see what and why, as it is and as it was; for auditors and data controllers alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from gateway.domain.identifier import CVR, SOR
from gateway.inbound.scopes import Scope
from gateway.translate.fhir import parse
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import nurse
from tests.inbound.one_citizen import CLIENTS, NUMBER, SOCIAL, arrive, headers
from tests.inbound.test_consent_doors import objection, put

JSON = "application/fhir+json"
CONTROLLER = replace(
    SOCIAL, id="controller", rights=("controller",), scopes=(Scope("AuditEvent", "rs"),), sends=(), role="social"
)
ALL = (*CLIENTS, CONTROLLER)


def question(**asked: Any) -> dict[str, Any]:
    """Parameters of texts, references (`patient`, `resource`) and Identifiers (pairs)."""
    listed = []
    for name, values in asked.items():
        for value in values if isinstance(values, list) else [values]:
            listed.append({"name": name} | _said(name, value))
    return {"resourceType": "Parameters", "parameter": listed}


def _said(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"part": [{"name": key, "valueString": text} for key, text in value.items()]}
    if isinstance(value, tuple):
        return {"valueIdentifier": {"system": value[0], "value": value[1]}}
    return {"valueReference": {"reference": value}} if name in ("patient", "resource") else {"valueString": value}


async def ask(here: Http, who: str = "auditor", body: dict[str, Any] | None = None, **asked: Any) -> Any:
    purpose = "TREAT" if who == "epj" else "HOPERAT"
    return await put(here, "/fhir/$explain-access", body or question(**asked), await headers(here, who, purpose))


def decisions(answer: Any) -> dict[str, dict[str, Any]]:
    """By the reference without its version: each part by its name."""
    assert answer.status_code == 200, answer.text
    found = {}
    for one in answer.json()["parameter"]:
        if one["name"] == "decision":
            parts: dict[str, Any] = {"redaction": []}
            for part in one["part"]:
                (value,) = [v for key, v in part.items() if key != "name"]
                value = value.get("reference") if isinstance(value, dict) else value
                parts["redaction"].append(value) if part["name"] == "redaction" else parts.update({part["name"]: value})
            found[parts["resource"].partition("/_history/")[0]] = parts
    return found


async def the_stay(here: Http) -> str:
    """The hospital's stay."""
    sql = "SELECT id FROM resource WHERE kind = 'Encounter' AND sector = 'region'"
    return f"Encounter/{await here.gateway.database.fetchval(sql)}"


async def looks(here: Http) -> list[dict[str, Any]]:
    rows = await here.gateway.database.fetch("SELECT body FROM access_record ORDER BY id")
    told = [json.loads(bytes(row["body"])) for row in rows]
    return [one for one in told if one.get("operation") == "explain-access"]


def test_why_one_is_permitted_and_another_is_not(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient = f"Patient/{await arrive(here)}"
            named = await the_stay(here)
            stay = decisions(await ask(here, client="epj", purpose="TREAT", patient=patient))[named]
            assert (stay["outcome"], stay["basis"]) == ("permit", "treatment")
            assert stay["rule"].startswith("mappings/policy/access.csv:")
            assert "§" in stay["law"]
            assert stay["resource"].endswith("/_history/1")
            answer = await ask(here, client="jobcenter", purpose="HOPERAT", patient=patient)
            closed = decisions(answer)[named]
            assert (closed["outcome"], closed["reason"]) == ("deny", "consent-needed")
            assert "/_history/" not in closed["resource"], "what is hidden is named by type and id alone"
            assert "44" in closed["law"]
            described = question(
                role="jobcenter",
                sector="municipality",
                organization=(CVR, "64942213"),
                purpose="HOPERAT",
                patient=patient,
            )
            assert decisions(await ask(here, body=described)) == decisions(answer)
            assert NUMBER not in answer.text
            assert "Tangmose" not in answer.text, "no content of the citizen"
            without = decisions(await ask(here, client="epj", patient=patient))
            assert {one["reason"] for one in without.values()} == {"no-purpose"}
            beyond = (await ask(here, client="jobcenter", purpose="TREAT", patient=patient)).json()
            assert any(one["name"] == "note" for one in beyond["parameter"])
            records = await looks(here)
            assert len(records) == 5
            assert all(one["decision"] == "permit" and one["citizen"] in patient for one in records)
            assert "client=epj" in records[0]["query"]

    run(test)


def test_the_consent_and_its_version_the_provision_and_the_past(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient, epj = await arrive(here), await headers(here)
            before = here.world.clock.now.isoformat()
            here.world.clock.forward(60)
            said = (await put(here, "/fhir/Consent", objection(patient), epj)).json()
            here.world.clock.forward(60)
            asked = {"client": "epj", "purpose": "TREAT", "patient": f"Patient/{patient}"}
            named = await the_stay(here)
            now = decisions(await ask(here, **asked))[named]
            assert (now["outcome"], now["reason"]) == ("deny", "consent-denies")
            assert now["consent"] == f"Consent/{said['id']}/_history/1"
            assert (now["rule"], now["provision"]) == (f"consent:{said['id']}", "provision")
            then = decisions(await ask(here, **asked, when=before))
            assert then[named]["outcome"] == "permit"
            assert f"Consent/{said['id']}" not in then, "it was not there yet"
            during = here.world.clock.now.isoformat()
            here.world.clock.forward(60)
            await put(here, f"/fhir/Consent/{said['id']}", objection(patient, status="inactive", id=said["id"]),
                      await headers(here), "PUT", **{"If-Match": 'W/"1"'})  # fmt: skip
            here.world.clock.forward(60)
            assert decisions(await ask(here, **asked))[named]["outcome"] == "permit"
            was = decisions(await ask(here, **asked, when=during))[named]
            assert was["consent"].endswith("/_history/1"), "the version that was in force then"
            override = {"code": "emergency", "text": "Bevidstløs"}
            over = decisions(await ask(here, **asked | {"purpose": "BTG"}, override=override, when=during))[named]
            assert (over["outcome"], over["override"], over["basis"]) == ("permit", True, "override")

    run(test)


def test_a_reader_may_be_of_a_unit_that_the_citizen_has_closed(database_url: str) -> None:
    """`member-of` adds to whom the reader is: a client's own units stay."""
    unit = (SOR, "265171000016009")

    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient, epj = await arrive(here), await headers(here)
            role = {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]
            }
            there = {"type": "Organization", "identifier": {"system": unit[0], "value": unit[1]}}
            closed = {**objection(patient)["provision"], "actor": [{"role": role, "reference": there}]}
            assert (await put(here, "/fhir/Consent", objection(patient, provision=closed), epj)).status_code == 201
            somebody = {"role": "hospital", "sector": "region", "organization": (SOR, "502701000016000")}
            named, asked = await the_stay(here), {"purpose": "TREAT", "patient": f"Patient/{patient}"}
            for reader in (somebody, {"client": "epj"}):
                without = decisions(await ask(here, **reader, **asked))[named]
                assert without["outcome"] == "permit", reader
                of_it = decisions(await ask(here, **reader, **asked, **{"member-of": unit}))[named]
                assert (of_it["outcome"], of_it["reason"]) == ("deny", "consent-denies"), reader

    run(test)


def test_a_deny_of_whoever_the_reader_acts_for(database_url: str) -> None:
    """Asked as a token says it: `on_behalf_of` closes there, so it does here."""
    behind = (SOR, "265161000016000.leder")

    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient, epj = await arrive(here), await headers(here)
            role = {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]
            }
            them = {"type": "Practitioner", "identifier": {"system": behind[0], "value": behind[1]}}
            closed = {**objection(patient)["provision"], "actor": [{"role": role, "reference": them}]}
            assert (await put(here, "/fhir/Consent", objection(patient, provision=closed), epj)).status_code == 201
            named, asked = await the_stay(here), {"purpose": "TREAT", "patient": f"Patient/{patient}", "client": "epj"}
            for behalf, read, told in ((None, 200, "permit"), (behind, 404, "deny")):
                iua = {"purpose_of_use": ["TREAT"]} | ({"on_behalf_of": "|".join(behalf)} if behalf else {})
                bearer = await here.bearer("system/*.rs", "epj", extensions=nurse(iua=iua))
                assert (await here.web.get(f"/fhir/{named}", headers=bearer)).status_code == read
                more = {"on-behalf-of": behalf} if behalf else {}
                assert decisions(await ask(here, **asked, **more))[named]["outcome"] == told

    run(test)


def test_only_auditors_and_data_controllers_ask(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient = f"Patient/{await arrive(here)}"
            asked = {"client": "epj", "purpose": "TREAT", "patient": patient}
            for who in ("epj", "social", "jobcenter"):
                assert (await ask(here, who, **asked)).status_code == 403, who
            bearer = await headers(here, "auditor", "")
            assert (await put(here, "/fhir/$explain-access", question(**asked), bearer)).status_code == 403
            refused = await looks(here)
            assert [one["decision"] for one in refused] == ["deny"] * 4
            own = decisions(await ask(here, "controller", **asked))
            everything = decisions(await ask(here, **asked))
            assert own.items() < everything.items(), "only what its own organisation sent"
            stay = await the_stay(here)
            assert stay in everything.keys() - own.keys()
            hidden = await ask(here, "controller", client="epj", purpose="TREAT", resource=stay)
            nobody = await ask(here, "controller", client="epj", purpose="TREAT", resource="Encounter/unknown")
            assert (hidden.status_code, hidden.json()) == (404, nobody.json())
            assert (await ask(here, client="epj", purpose="TREAT", patient="Patient/nobody")).status_code == 404
            one = decisions(await ask(here, client="epj", purpose="TREAT", resource=stay))
            assert list(one) == [stay]

    run(test)


NO_QUESTIONS: list[dict[str, Any]] = [
    {},
    {"client": "epj"},
    {"client": "nobody", "patient": "Patient/1"},
    {"client": "epj", "role": "hospital", "patient": "Patient/1"},
    {"role": "king", "sector": "region", "organization": (SOR, "1"), "patient": "Patient/1"},
    {"client": "epj", "patient": "Patient/1", "resource": "Goal/1"},
    {"client": "epj", "patient": "Goal/1"},
    {"client": "epj", "patient": ["Patient/1", "Patient/2"]},
    {"client": "epj", "patient": "http://elsewhere.example/Patient/1"},
    {"client": "epj", "patient": "Patient/1", "when": "2099-01-01"},
    {"client": "epj", "patient": "Patient/1", "when": "yesterday"},
    {"client": "epj", "patient": "Patient/1", "purpose": "TREAT&patient=1502824933"},
    {"client": "epj", "patient": "Patient/1", "colour": "red"},
]


def test_a_question_that_is_none(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            for asked in NO_QUESTIONS:
                answer = await ask(here, **asked)
                assert answer.status_code == 400, asked
            assert (await ask(here, body={"resourceType": "Patient"})).status_code == 400
            assert (await ask(here, body={"resourceType": "Parameters", "parameter": [[]]})).status_code == 400

    run(test)


def test_in_xml(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient = f"Patient/{await arrive(here)}"
            bearer = {**await headers(here, "auditor", "HOPERAT"), "Accept": "application/fhir+xml"}
            answer = await put(
                here, "/fhir/$explain-access", question(client="epj", purpose="TREAT", patient=patient), bearer
            )
            assert parse(answer.content, "application/fhir+xml")["resourceType"] == "Parameters"

    run(test)

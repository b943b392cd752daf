"""KL reports over HTTP: taken once, in any order, answered with an OperationOutcome; what is refused is kept and
replayed when what was wrong is mended; who may see the plan sees what they tell."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway import bootstrap
from gateway.domain.identifier import CPR as CPR_SYSTEM
from gateway.flows.receive import receive
from gateway.flows.replay import replay
from gateway.settings import Settings
from gateway.translate.fhir import parse, write_xml
from tests.inbound.http_world import SECRET, Http, http, run
from tests.inbound.one_citizen import CLIENTS, NUMBER, ORDER, arrive, headers
from tests.translate.kl.reporting import (
    CPR,
    Json,
    about,
    coded,
    contact,
    evaluation,
    function,
    goal,
    intervention,
    plan,
    ranked,
    raw,
    report,
    target_group,
)

DOOR = "/cases/kl"
JSON = "application/fhir+json"


def whole(*more: Json) -> list[Json]:
    return [target_group("c1"), evaluation(), contact(), plan("a", ranked("c1", 1)), *more]


# Days in the life of one plan: intended, ordered, told wrongly and taken back, ended by its period alone.
DAYS = [
    report("2026-01-12", plan("a", intent="plan"), plan("b", intent="plan")),
    report(
        "2026-01-20",
        *whole(function("f"), goal("g", ranked("f", 1)), intervention("i", "a"), intervention("x", "a")),
    ),
    report("2026-01-21", *whole(intervention("i", "a"), intervention("x", "a", status="entered-in-error"))),
    report("2026-02-20", *whole(plan("b", intent="plan"), intervention("i", "b", end="2026-02-28"))),
]


async def send(here: Http, content: bytes, kind: str = JSON, who: str = "social") -> tuple[int, str, bytes]:
    given = {**await headers(here, who, "TREAT"), "Content-Type": kind}
    answer = await here.web.post(DOOR, headers=given, content=content)
    return answer.status_code, answer.headers.get("content-type", ""), answer.content


async def count(here: Http, what: str) -> int:
    return int(await here.gateway.database.fetchval(f"SELECT count(*) FROM {what}"))


async def joint(here: Http, cpr: str) -> dict[str, Any]:
    """The joint plan as the social authority sees it."""
    given = await headers(here, "social", "HOPERAT")
    found = await here.web.post("/fhir/Patient/_search", headers=given, data={"identifier": f"{CPR_SYSTEM}|{cpr}"})
    (entry,) = found.json()["entry"]
    answer = await here.web.get(f"/fhir/Patient/{entry['resource']['id']}/$joint-plan", headers=given)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def of_citizen(bundle: Json, cpr: str) -> Json:
    """Told of another citizen, whose things have other numbers, and in the year of the tests' clock."""
    text = json.dumps(bundle).replace(CPR, cpr).replace("2026-", "2025-")
    return dict(json.loads(re.sub(r'"((?:id|reference|fullUrl)": "[^"]+)"', rf'"\1-{cpr[:6]}"', text)))


def without_ids(node: Any) -> Any:
    """What is shown, whoever it is about and whatever the ids are: they order lists."""
    if isinstance(node, list):
        return sorted((without_ids(one) for one in node), key=lambda one: json.dumps(one, sort_keys=True))
    if isinstance(node, dict):
        return {name: without_ids(value) for name, value in node.items() if name not in ("id", "meta")}
    return re.sub(r"/(joint-)?[0-9a-f]{32}$", "/…", node) if isinstance(node, str) else node


def test_reports_in_any_order_make_one_plan(database_url: str) -> None:
    """Citizen by citizen in another order, and some reports twice."""
    orders = [*itertools.permutations(DAYS)][::5]
    numbers = [CPR, "2505544849", "1502824933", "0108589995", "0201609995"]

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            plans = []
            for cpr, days in zip(numbers, orders, strict=True):
                for day in (*days, days[0]):
                    status, kind, body = await send(here, raw(of_citizen(day, cpr)))
                    assert (status, kind) == (200, f"{JSON}; charset=utf-8"), body
                    assert json.loads(body)["resourceType"] == "OperationOutcome"
                plans.append(await joint(here, cpr))
            assert await count(here, "message") == len(DAYS) * len(numbers)
            shown = [plan["entry"][0]["resource"] for plan in plans]
            efforts = [[a["detail"]["status"] for a in one["activity"]] for one in shown]
            assert efforts == [efforts[0]] * len(numbers)
            assert sorted(efforts[0]) == ["completed", "in-progress"], "one ended by its period, one plan that goes on"
            told = {json.dumps(without_ids(json.loads(_anonymous(p, numbers))), sort_keys=True) for p in plans}
            assert len(told) == 1

    run(test)


def _anonymous(plan_: Json, numbers: list[str]) -> str:
    return re.sub("|".join(numbers), "", json.dumps(plan_))


def test_the_answer_tells_what_was_found_and_is_the_same_in_xml(database_url: str) -> None:
    odd = report("2026-01-20", function("f", severity=""), intervention("i", "nowhere"))

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            for kind, content in ((JSON, raw(odd)), ("application/fhir+xml", write_xml(parse(raw(odd))))):
                status, told, body = await send(here, content, kind)
                assert status == 200
                issues = parse(body, told)["issue"]
                assert [i["severity"] for i in issues] == ["information", "warning", "warning"]
                assert {i["expression"][0] for i in issues[1:]} == {
                    "Bundle.entry[1].resource.severity", "Bundle.entry[2].resource.basedOn[0]",
                }  # fmt: skip
            assert await count(here, "message") == 1, "the same in XML is the same"

    run(test)


TWO = report("2026-01-20")
TWO["entry"].append(
    {"resource": {"resourceType": "Patient", "id": "p2", "identifier": [{"system": "urn:x", "value": "1"}]}}
)
HOSTILE: dict[str, tuple[bytes, str]] = {
    "deep": (b'{"resourceType":"Bundle","type":"collection","entry":' + b"[" * 20_000 + b"]" * 20_000 + b"}", ""),
    "two citizens": (raw(TWO), "Bundle.entry[1].resource"),
    "nobody": (raw(DAYS[0] | {"entry": DAYS[0]["entry"][1:]}), "Bundle.entry"),
    "somebody else": (
        raw(report("2026-01-20", target_group("c") | {"subject": {"reference": "Patient/p2"}})),
        "Bundle.entry[1].resource.subject",
    ),
    "a list for an object": (raw(report("2026-01-20", plan("a", period=[]))), "Bundle.entry[1].resource.period"),
    "a text for a list": (raw(report("2026-01-20", plan("a", goal="g"))), "Bundle.entry[1].resource.goal"),
    "entries that are none": (raw(DAYS[0] | {"entry": ["x"]}), "Bundle.entry[0]"),
    "no timestamp": (raw({n: v for n, v in DAYS[0].items() if n != "timestamp"}), "Bundle.timestamp"),
    "two primary groups": (
        raw(report("2026-01-20", target_group("c1"), target_group("c2"), plan("a", ranked("c1", 1), ranked("c2", 1)))),
        "Bundle.entry[3].resource.addresses",
    ),
    "an order": (ORDER, "Bundle.type"),
    "a stranger": (raw(report("2026-01-20", sender="0" * 8)), ""),
    "garbage": (b"\x00\xff", ""),
    "half": (raw(DAYS[0])[:200], ""),
}  # fmt: skip


def test_what_is_refused_is_told_with_its_place_and_kept(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            for name, (content, where) in HOSTILE.items():
                status, kind, body = await send(here, content)
                assert 400 <= status < 500, name
                assert kind == f"{JSON}; charset=utf-8"
                (issue,) = json.loads(body)["issue"]
                assert issue["severity"] == "error"
                assert issue.get("expression", [""]) == [where] or name == "a stranger", (name, issue)
                assert CPR.encode() not in body
            assert await count(here, "statement") == 0
            assert await count(here, "message WHERE state = 'quarantined'") == len(HOSTILE)
            assert await count(here, f"message WHERE reason::text LIKE '%{CPR}%'") == 0

    run(test)


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [("text/plain", raw(DAYS[0]), 415), ("application/fhir+xml", raw(DAYS[0]), 400), ("application/json", b"", 400)],
)
def test_content_of_the_wrong_kind(database_url: str, kind: str, content: bytes, status: int) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            assert (await send(here, content, kind))[0] == status

    run(test)


def test_who_may_not_send_as_this_source_leaves_nothing(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            status, _, body = await send(here, raw(DAYS[0]), who="epj")
            assert (status, json.loads(body)["issue"][0]["code"]) == (403, "forbidden")
            assert await count(here, "statement") == await count(here, "message WHERE body IS NOT NULL") == 0

    run(test)


def test_replayed_after_the_rule_is_mended(database_url: str, tmp_path: Path) -> None:
    """A sender that nobody had registered."""
    folder = tmp_path / "mappings"
    shutil.copytree(Settings().mappings_folder, folder)
    source = folder / "sources" / "koebenhavn-ffb.yaml"
    source.write_text(source.read_text("utf-8").replace("d4e3f4fb-6761", "00000000-6761"), "utf-8")

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            old = replace(here.gateway, languages=bootstrap.read_rules(folder, SECRET).languages)
            answer = await receive(old, "kl-report", raw(of_citizen(DAYS[1], CPR)))
            assert json.loads(answer.body)["issue"][0]["code"] == "forbidden"
            assert [bool(one.error) for one in await replay(old)] == [True]
            assert await count(here, "statement") == 0
            assert [one.error for one in await replay(here.gateway)] == [""]
            assert await count(here, "message WHERE state = 'quarantined'") == 0
            assert len((await joint(here, CPR))["entry"]) > 5

    run(test)


async def found(here: Http, who: str, kind: str, cpr: str) -> list[dict[str, Any]]:
    given = await headers(here, who, "HOPERAT" if who != "epj" else "TREAT")
    form = {"patient.identifier": f"{CPR_SYSTEM}|{cpr}"}
    answer = await here.web.post(f"/fhir/{kind}/_search", headers=given, data=form)
    assert answer.status_code == 200, answer.text
    listed = [entry["resource"] for entry in answer.json().get("entry", [])]
    return [one for one in listed if not one["id"].startswith("joint-")]


def test_what_was_found_and_done_is_read_by_those_who_may(database_url: str) -> None:
    done = about("Procedure", "w", status="completed", code=coded("G1.39", "urn:oid:1.2.208.176.2.21"))
    told = of_citizen(report("2026-01-20", *whole(done, about("ClinicalImpression", "u", status="completed"))), CPR)

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            assert (await send(here, raw(told)))[0] == 200
            for kind in ("Observation", "ClinicalImpression", "Procedure", "CarePlan"):
                (one,) = await found(here, "social", kind, CPR)
                given = await headers(here, "social", "HOPERAT")
                answer = await here.web.get(f"/fhir/{kind}/{one['id']}", headers=given)
                assert answer.json() == one
                assert await found(here, "jobcenter", kind, CPR) == []
            joint_plan = (await joint(here, CPR))["entry"][0]["resource"]
            listed = {one["reference"].partition("/")[0] for one in joint_plan["supportingInfo"]}
            assert {"Observation", "ClinicalImpression", "Procedure", "Encounter"} <= listed

    run(test)


def test_a_consent_whose_performer_is_the_receiver_opens_nothing(database_url: str) -> None:
    """KL's example names the mother, who is to be told, as the one who consents: it permits nobody anything."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            (consent,) = await found(here, "social", "Consent", NUMBER)
            assert consent["performer"][0]["reference"].startswith("RelatedPerson/")
            assert "provision" not in consent
            assert await found(here, "epj", "CarePlan", NUMBER) == []
            assert len(await found(here, "social", "CarePlan", NUMBER)) == 8
            seen = await here.web.get(f"/fhir/Patient/{patient}/$joint-plan", headers=await headers(here))
            kinds = {e["resource"]["resourceType"] for e in seen.json()["entry"] if "joint-" not in e["resource"]["id"]}
            assert not kinds & {"CarePlan", "Goal", "Observation", "Account", "DocumentReference"}

    run(test)

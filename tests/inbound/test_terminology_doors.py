"""`$lookup`, `$validate-code`, `$translate` and the definitions behind them, through HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.conceptmap import ConceptMap
from fhir.resources.R4B.parameters import Parameters
from fhir.resources.R4B.valueset import ValueSet

from gateway.translate.fhir import parse, write_xml
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, headers
from tests.translate.terms.test_terms import MAPPINGS

FFB = "urn:oid:1.2.208.176.2.22"
FSIII = "urn:oid:1.2.208.176.2.21"
MUNICIPALITY = "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes"
SKS = "urn:oid:1.2.208.176.2.4.12"
REGION = "urn:iso:std:iso:3166:-2"
KLE = "https://data.gov.dk/id/classification/KLE"
CARE = "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes"
HOMELESS = "293bf940-c075-4e3d-b5ef-6e331202e556"
SETS = "http://fhir.kl.dk/term/ValueSet/"
MODELS = {"CodeSystem": CodeSystem, "ValueSet": ValueSet, "ConceptMap": ConceptMap}


def told(body: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of an answer: name to value, `match` and `property` to lists."""
    Parameters.model_validate(body)
    found: dict[str, Any] = {}
    for one in body["parameter"]:
        if "part" in one:
            inner = {part["name"]: next(v for k, v in part.items() if k != "name") for part in one["part"]}
            found.setdefault(one["name"], []).append(inner)
        else:
            found[one["name"]] = next(v for k, v in one.items() if k != "name")
    return found


async def get(here: Http, path: str, expect: int = 200, **params: str) -> dict[str, Any]:
    if "authorization" not in here.web.headers:
        here.web.headers |= await here.bearer("system/Bundle.c")
    answer = await here.web.get(f"/fhir/{path}", params=params)
    assert answer.status_code == expect, (path, params, answer.text)
    return dict(answer.json())


async def post(here: Http, path: str, *parameters: dict[str, Any], expect: int = 200) -> dict[str, Any]:
    body = {"resourceType": "Parameters", "parameter": list(parameters)}
    headers = await here.bearer("system/Bundle.c") | {"Content-Type": "application/fhir+json"}
    answer = await here.web.post(f"/fhir/{path}", content=json.dumps(body), headers=headers)
    assert answer.status_code == expect, (path, answer.text)
    return dict(answer.json())


def test_lookup(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            homeless = told(await get(here, "CodeSystem/$lookup", system=FFB, code=HOMELESS))
            assert homeless["display"] == "Hjemløshed"
            assert homeless["name"] == "Fælles Faglige Begreber (VUM 2.0)"
            assert homeless["version"] == "20240530"
            assert {"code": "parent", "value": "0919515d-9975-4743-a16f-edb45374b0da"} in homeless["property"]
            old = "http://kl.dk/fhir/common/caresocial/CodeSystem/FFB"
            assert told(await get(here, "CodeSystem/$lookup", system=old, code=HOMELESS.upper())) == homeless
            only = told(await get(here, "CodeSystem/$lookup", system=FFB, code=HOMELESS, property="parent"))
            assert [one["code"] for one in only["property"]] == ["parent"]

            legacy = told(await get(here, "CodeSystem/$lookup", system=FSIII, code="E1"))
            assert legacy["display"] == "Fortsættes"
            assert {"code": "sameAs", "value": "9c90b0e5-9c0a-4b72-a18c-76cd6d6c6213"} in legacy["property"]

            coding = {"name": "coding", "valueCoding": {"system": KLE, "code": "27.35.04"}}
            asked = {"name": "date", "valueDateTime": "2025-06"}
            states = [
                {one["code"]: one["value"] for one in told(found)["property"]}
                for found in (
                    await post(here, "CodeSystem/$lookup", coding, asked),
                    await post(here, "CodeSystem/$lookup", coding, {"name": "date", "valueDateTime": "2026-01-01"}),
                )
            ]
            assert [one["inactive"] for one in states] == [False, True]
            assert {one["deprecated"] for one in states} == {"2026-01-01"}

            xml = await here.web.get(
                "/fhir/CodeSystem/$lookup",
                params={"system": FFB, "code": HOMELESS, "_format": "xml"},
                headers=await here.bearer("system/Bundle.c"),
            )
            assert told(parse(xml.content)) == homeless

    run(test)


def test_validate_code(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            in_system, in_set = "CodeSystem/$validate-code", "ValueSet/$validate-code"
            good = told(await get(here, in_system, url=FFB, code=HOMELESS, display="hjemløshed"))
            assert good == {"result": True, "display": "Hjemløshed"}
            assert told(await get(here, in_system, system=FFB, code=HOMELESS))["result"] is True
            wrong = told(await get(here, in_system, url=FFB, code=HOMELESS, display="Boligløs"))
            assert (wrong["result"], wrong["message"]) == (False, "The display of this code is Hjemløshed.")
            assert told(await get(here, in_system, url=FFB, code="x"))["result"] is False
            retired = told(await get(here, in_system, url=KLE, code="27.35.04", date="2026-03-01"))
            assert (retired["result"], "2025-12-31" in retired["message"]) == (True, True)

            groups = SETS + "KLTargetGroupsFFB"
            assert told(await get(here, in_set, url=groups, system=FFB, code=HOMELESS))["result"] is True
            abuse = told(await get(here, in_set, url=groups, system=FFB, code="e2ecc751-21b9-4aab-a20f-2f3dd9701c97"))
            assert (abuse["result"], "below it" in abuse["message"]) == (False, True)
            core = "http://fhir.kl.dk/core/ValueSet/KLGoalTypeCodes"
            goal = {"system": CARE, "code": "0bb3daef-538d-45dc-b444-abdbcb63f6bc"}
            concept = {
                "coding": [{"system": FFB, "code": "x"}, {"system": "http://snomed.info/sct", "code": "1"}, goal]
            }
            parameters = (
                {"name": "url", "valueUri": core},
                {"name": "codeableConcept", "valueCodeableConcept": concept},
            )
            assert told(await post(here, in_set, *parameters))["result"] is True
            assert told(await post(here, in_system, parameters[1]))["result"] is True
            empty = {"coding": [{"system": FFB}, goal], "text": "KL writes codings that have no code"}
            bare = {"name": "codeableConcept", "valueCodeableConcept": empty}
            assert told(await post(here, in_set, parameters[0], bare))["result"] is True
            group = told(await get(here, in_system, url=KLE, code="27.57"))["message"]
            assert "it may be one all the same" in group, "a group that known subjects stand in"
            assert told(await get(here, in_system, url=KLE, code="27.99"))["message"] == "KLE has no such code."
            strange = {"name": "codeableConcept", "valueCodeableConcept": {"coding": concept["coding"][:2]}}
            none = told(await post(here, in_set, parameters[0], strange))
            assert (none["result"], none["message"]) == (
                False, "FFB has no such code. The code system is not known here."
            )  # fmt: skip
            other = told(await get(here, in_system, url=FFB, system=KLE, code="27.51.04"))
            assert other["result"] is False

    run(test)


def test_translate(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            path = "ConceptMap/$translate"
            same = told(await get(here, path, system=FSIII, code="A13", targetsystem=FSIII))
            assert same["result"] is True
            assert same["match"][0]["equivalence"] == "equal"
            assert same["match"][0]["concept"]["code"] == "d9b03ed2-7e81-4c01-8b3f-9aa9853ee5be"
            scale = told(
                await get(here, path, system=FFB, code="8328ce4a-6238-4f73-bf1a-74aadb68eff8", targetsystem=FSIII)
            )
            assert scale["result"] is False
            member = {"system": MUNICIPALITY, "code": "0101", "targetsystem": REGION}
            now = told(await get(here, path, **member, date="2026-12-31"))
            assert [one["concept"]["code"] for one in now["match"]] == ["DK-84"]
            url = "https://faellesplan.dk/fhir/ConceptMap/municipality-region"
            later = told(await get(here, path, url=url, code="0101", date="2027-01-01"))
            assert later["result"] is False
            assert later["match"][0]["concept"] == {"display": "Region Østdanmark"}
            assert "no code there" in later["message"]
            both = told(await get(here, path, system=MUNICIPALITY, code="0101", targetsystem=REGION, date="2027-01-01"))
            assert both["match"][0]["equivalence"] == "unmatched"
            act_code = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
            label = told(await get(here, path, system=SKS, code="DF1023", targetsystem=act_code))
            assert [one["concept"]["code"] for one in label["match"]] == ["ETHUD", "SUD"]
            assert {one["equivalence"] for one in label["match"]} == {"wider"}
            classes = "https://faellesplan.dk/fhir/CodeSystem/data-class"
            shelter = told(await get(here, path, system=KLE, code="27.57.16", targetsystem=classes))
            assert [one["concept"]["code"] for one in shelter["match"]] == ["housing"]
            in_set = classes.replace("CodeSystem", "ValueSet")
            assert told(await get(here, path, system=KLE, code="27.57.16", target=in_set)) == shelter
            named = {"target": in_set, "targetsystem": classes.replace("https:", "http:")}
            assert told(await get(here, path, system=KLE, code="27.57.16", **named)) == shelter
            table = "https://faellesplan.dk/fhir/ConceptMap/v2-sex"
            sex = told(await get(here, path, url=table, code="F"))
            assert sex["match"][0]["concept"]["code"] == "female"
            back = told(await get(here, path, url=table, code="female", reverse="true",
                                  system="http://hl7.org/fhir/administrative-gender"))  # fmt: skip
            assert "F" in {one["concept"]["code"] for one in back["match"]}

    run(test)


def test_translate_of_codes_that_moved_or_that_there_are_not(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            path = "ConceptMap/$translate"
            old = {"system": "http://kl.dk/fhir/common/caresocial/CodeSystem/FFB", "code": HOMELESS}
            (moved,) = told(await get(here, path, **old, targetsystem=FFB))["match"]
            assert (moved["equivalence"], moved["concept"]["system"], moved["concept"]["code"]) == (
                "equal", FFB, HOMELESS,
            )  # fmt: skip
            assert told(await get(here, path, system=FFB, code=HOMELESS, targetsystem=FFB))["result"] is False
            none = told(await get(here, path, system=FFB, code="nothing"))
            assert none == {"result": False, "message": "FFB has no such code."}
            both = {"coding": [{"system": FFB, "code": "nothing"}, {"system": FFB, "code": HOMELESS}]}
            some = told(await post(here, path, {"name": "codeableConcept", "valueCodeableConcept": both}))
            assert (some["result"], some["message"]) == (True, "FFB has no such code.")
            back = await get(here, path, system=REGION, code="DK-81", targetsystem=MUNICIPALITY, reverse="true")
            assert {"code": "0851", "display": "Aalborg", "system": MUNICIPALITY} in [
                one["concept"] for one in told(back)["match"]
            ]

    run(test)


BAD = [
    ("CodeSystem/$lookup", {"system": "http://nowhere", "code": "x"}, 404, "not known here"),
    ("CodeSystem/$lookup", {"system": FFB, "code": "2512489996"}, 404, "no such code"),
    ("CodeSystem/$lookup", {"system": FFB, "code": HOMELESS, "version": "19990101"}, 404, "20240530"),
    ("CodeSystem/$lookup", {"system": FFB}, 400, "Exactly one of"),
    ("CodeSystem/$lookup", {"code": HOMELESS}, 400, "system is needed"),
    ("CodeSystem/$lookup", {"system": FFB, "code": HOMELESS, "colour": "red"}, 400, "Served:"),
    ("CodeSystem/$lookup", {"system": FFB, "code": HOMELESS, "property": "colour"}, 400, "Known:"),
    ("CodeSystem/$lookup", {"system": FFB, "code": HOMELESS, "date": "2026-13-01"}, 400, "date"),
    ("CodeSystem/$lookup", {"system": FFB, "code": ""}, 400, "empty"),
    ("CodeSystem/$lookup", {"coding": "x"}, 400, "POST a Parameters"),
    ("CodeSystem/$validate-code", {"code": HOMELESS}, 400, "system is needed"),
    ("CodeSystem/$validate-code", {"url": "http://nowhere", "code": "x"}, 404, "not known here"),
    ("ValueSet/$validate-code", {"code": HOMELESS, "system": FFB}, 400, "value set is needed"),
    ("ValueSet/$validate-code", {"url": SETS + "KLNone", "code": "x"}, 404, "value set is not known"),
    ("ConceptMap/$translate", {"code": "F"}, 400, "system is needed"),
    ("ConceptMap/$translate", {"url": "https://faellesplan.dk/fhir/ConceptMap/x", "code": "F"}, 404, "not known"),
    ("ConceptMap/$translate", {"system": FFB, "code": "x", "reverse": "perhaps"}, 400, "true or false"),
]  # fmt: skip


def test_subsumes(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            path, problem = "CodeSystem/$subsumes", "0919515d-9975-4743-a16f-edb45374b0da"
            asked = {"system": FFB, "codeA": problem}
            assert told(await get(here, path, **asked, codeB=HOMELESS)) == {"outcome": "subsumes"}
            up = told(await get(here, "CodeSystem/ffb/$subsumes", codeA=HOMELESS, codeB=problem))
            assert up == {"outcome": "subsumed-by"}
            assert told(await get(here, path, **asked, codeB=problem.upper())) == {"outcome": "equivalent"}
            level = "e89d317c-4657-4970-b614-ada2ed220595"
            assert told(await get(here, path, **asked, codeB=level)) == {"outcome": "not-subsumed"}
            legacy = told(await get(here, path, system=FSIII, codeA="E", codeB="9c90b0e5-9c0a-4b72-a18c-76cd6d6c6213"))
            assert legacy == {"outcome": "subsumes"}
            codings = [{"system": FFB, "code": problem}, {"system": KLE, "code": "27.51.04"}]
            both = [{"name": f"coding{n}", "valueCoding": one} for n, one in zip("AB", codings, strict=True)]
            await post(here, path, *both, expect=400)
            assert told(await post(here, path, both[0], {**both[0], "name": "codingB"})) == {"outcome": "equivalent"}
            await get(here, path, 400, **asked)
            await get(here, path, 404, **asked, codeB="x")

    run(test)


def test_a_definition_is_asked_itself(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            assert told(await get(here, "CodeSystem/ffb/$validate-code", code=HOMELESS))["result"] is True
            assert told(await get(here, "ValueSet/KLTargetGroupsFFB/$validate-code", code=HOMELESS))["result"] is True
            sex = told(await get(here, "ConceptMap/v2-sex/$translate", code="F"))
            assert sex["match"][0]["concept"]["code"] == "female"
            coding = {"name": "coding", "valueCoding": {"system": KLE, "code": "27.51.04"}}
            assert told(await post(here, "CodeSystem/ffb/$validate-code", coding))["result"] is False
            await get(here, "CodeSystem/nothing/$validate-code", 404, code=HOMELESS)
            await get(here, "CodeSystem/ffb/$validate-code", 400, code=HOMELESS, url=KLE)
            await get(here, "CodeSystem/ffb/$lookup", 404, code=HOMELESS)

    run(test)


def test_a_report_with_a_code_that_there_is_not_is_kept_and_told(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            report = (MAPPINGS / "kl" / "examples" / "ffb-report.json").read_text("utf-8")
            drugs = "0e25a2ec-4f04-4d14-a5ad-a6519a7d1d5f"
            assert drugs in report
            bad = report.replace(drugs, drugs[:-1] + "a").encode()
            sender = await headers(here, "social") | {"Content-Type": "application/fhir+json"}
            answers = [await here.web.post("/cases/kl", content=one, headers=sender) for one in (report.encode(), bad)]
            assert [one.status_code for one in answers] == [200, 200]
            assert ["FFB has no such code" in one.text for one in answers] == [False, True]

    run(test)


def test_what_cannot_be_answered_says_why_and_repeats_nothing(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            for path, params, status, says in BAD:
                outcome = await get(here, path, status, **params)
                assert outcome["resourceType"] == "OperationOutcome"
                assert says in json.dumps(outcome), (params, outcome)
                assert "2512489996" not in json.dumps(outcome)
            headers = {"Authorization": here.web.headers.pop("authorization")}
            assert (await here.web.get("/fhir/CodeSystem/$lookup", params={"system": FFB})).status_code == 401
            twice = await here.web.get(f"/fhir/CodeSystem/$lookup?system={FFB}&code=x&code=y", headers=headers)
            assert twice.status_code == 400
            for parameter in (
                {"name": "code", "valueCoding": {"code": "x"}},
                {"name": "coding", "valueCode": "x"},
                {"name": "coding", "valueCoding": {"system": FFB}},
                {"name": "coding", "part": []},
                {"name": "code"},
                {"valueCode": "x"},
                {"name": "conceptMap", "resource": {"resourceType": "ConceptMap", "status": "active"}},
            ):
                refused = await post(here, "CodeSystem/$lookup", parameter, expect=400)  # type: ignore[arg-type]
                assert refused["resourceType"] == "OperationOutcome"
            json_type = headers | {"Content-Type": "application/fhir+json"}
            for content in (
                b"",
                b"[]",
                b'{"resourceType": "Patient"}',
                b"{" * 30_000,
                b'{"resourceType":"Parameters"}',
            ):
                answer = await here.web.post("/fhir/CodeSystem/$lookup", content=content, headers=json_type)
                assert answer.status_code == 400, content[:30]
                assert answer.json()["resourceType"] == "OperationOutcome"
            delete = await here.web.delete("/fhir/CodeSystem/$lookup", headers=headers)
            assert (delete.status_code, delete.headers["allow"]) == (405, "GET, HEAD, POST")

    run(test)


def test_definitions_are_listed_and_read(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            for kind, model in MODELS.items():
                found = await get(here, kind)
                Bundle.model_validate(found)
                assert found["total"] == len(found["entry"]) > 5
                for entry in found["entry"]:
                    whole = await get(here, f"{kind}/{entry['resource']['id']}")
                    model.model_validate(whole)
                    assert parse(write_xml(whole)) == whole
                    assert entry["resource"]["url"] == whole["url"]
            one = await get(here, "CodeSystem", url="http://kl.dk/fhir/common/caresocial/CodeSystem/FSIII")
            (entry,) = one["entry"]
            assert "concept" not in entry["resource"]
            assert entry["resource"]["content"] == "complete"
            fsiii = await get(here, "CodeSystem/fsiii")
            assert fsiii["count"] == len(fsiii["concept"]) == 828
            assert {"code": "sameAs", "valueCode": "E1"} in next(
                c for c in fsiii["concept"] if c["code"] == "9c90b0e5-9c0a-4b72-a18c-76cd6d6c6213"
            )["property"]
            assert (await get(here, "CodeSystem", name="kl"))["total"] >= 2
            assert (await get(here, "CodeSystem", 400, colour="red"))["resourceType"] == "OperationOutcome"
            assert (await get(here, "CodeSystem/nothing", 404))["resourceType"] == "OperationOutcome"

    run(test)


def test_definitions_are_searched_as_everything_else(database_url: str) -> None:
    """Modifiers, orders, parts, counts and pages: what a client may ask of any type."""

    async def test() -> None:
        async with http(database_url) as here:
            for kind in ("CodeSystem", "ValueSet", "ConceptMap", "StructureDefinition", "OperationDefinition"):
                whole = await get(here, kind)
                ids = [one["resource"]["id"] for one in whole["entry"]]
                assert whole["total"] == len(ids) > 1
                told, page = list[str](), await get(here, kind, _count="2")
                while True:
                    told += [one["resource"]["id"] for one in page["entry"]]
                    links = {one["relation"]: one["url"] for one in page["link"]}
                    if "next" not in links:
                        break
                    page = (await here.web.get(links["next"].partition("https://gateway.example")[2])).json()
                assert told == ids, kind
                down = await get(here, kind, _sort="-_id")
                assert [one["resource"]["id"] for one in down["entry"]] == sorted(ids, reverse=True)
                assert (await get(here, kind, _summary="count"))["total"] == len(ids)
                part = await get(here, kind, _elements="url", _total="none")
                assert "total" not in part
                assert all("SUBSETTED" in str(one["resource"]["meta"]) for one in part["entry"])
                assert not any(
                    {"name", "title"} <= one["resource"].keys() for one in part["entry"] if kind != "CodeSystem"
                )
                name = whole["entry"][0]["resource"]["name"]
                for asked in ({"name:exact": name}, {"name:contains": name[1:]}, {"name": name[:3].upper()}):
                    found = await get(here, kind, **asked)
                    assert ids[0] in [one["resource"]["id"] for one in found["entry"]], asked
                nobody = await get(here, kind, status="draft,retired,unknown", url="urn:x")
                assert (nobody["total"], "entry" in nobody) == (0, False)
                for wrong in ({"banana": "1"}, {"patient": "x"}, {"status": ""}, {"url": ""}, {"_include": "*"},
                              {"_revinclude": "*"}, {"_has:Goal:subject:status": "x"}, {"name:above": "x"},
                              ):  # fmt: skip
                    await get(here, kind, 400, **wrong)

    run(test)

"""Writers who say what is not theirs to say: other citizens' resources, labels, keys, identities, and too much."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from gateway.domain.identifier import CPR, X_ECPR
from tests.attack.world import order
from tests.inbound.http_world import http, run
from tests.inbound.one_citizen import NUMBER, arrive, headers
from tests.inbound.rest_world import WRITERS, Rest, rest
from tests.inbound.test_rest_bundles import answers, bundle, entry, statuses

ABSENT = "f" * 32
OTHER = "2512489996"
PSY = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}
JSON_PATCH = "application/json-patch+json"


async def second(here: Rest) -> str:
    """Another citizen whom the municipality knows; gives the Patient id."""
    patient = {"resourceType": "Patient", "identifier": [{"system": CPR, "value": OTHER}], "name": [{"family": "Ask"}]}
    return str((await here.made(patient, who="social"))["id"])


def test_nothing_leads_from_one_citizen_to_another(database_url: str) -> None:
    """What is another citizen's, what is hidden and what is not there are refused in the same words."""

    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            theirs = await here.made(here.goal("Andens", subject={"reference": f"Patient/{other}"}), who="social")
            hidden = await here.made(here.goal("Skjult", meta={"security": [PSY]}), who="social")
            told = []
            for identity in (theirs["id"], ABSENT):
                plan = here.about("CarePlan", status="active", intent="plan", goal=[{"reference": f"Goal/{identity}"}])
                for who in ("social", "epj", "jobcenter"):
                    answer = await here.call("POST", "/CarePlan", plan, who=who)
                    told.append((who, answer.status_code, answer.content))
            assert told[:3] == told[3:]
            assert [status for _, status, _ in told[:2]] == [422, 422]
            for version in ("", "/_history/1"):
                seen = await here.call("GET", f"/Goal/{hidden['id']}", who="psyk")
                plan = here.about(
                    "CarePlan", status="active", intent="plan", goal=[{"reference": f"Goal/{hidden['id']}{version}"}]
                )
                answer = await here.call("POST", "/CarePlan", plan, who="psyk")
                assert answer.status_code == (201 if seen.status_code == 200 else 422)
            mine = await here.made(here.goal("Mit"), who="social")
            moved = here.goal("Mit", subject={"reference": f"Patient/{other}"})
            answer = await here.call("PUT", f"/Goal/{mine['id']}", moved, who="social", If_Match='W/"1"')
            assert answer.status_code == 422
            for spelled in (f"Patient/{other}/_history/1", f"https://gateway.example/fhir/Patient/{other}"):
                task = here.about("Task", status="draft", intent="plan", focus={"reference": spelled})
                assert (await here.call("POST", "/Task", task, who="social")).status_code == 422, spelled
            contained = {"resourceType": "Condition", "id": "c", "subject": {"reference": f"Patient/{other}"}}
            inside = here.goal("x", contained=[contained], addresses=[{"reference": "#c"}])
            assert (await here.call("POST", "/Goal", inside, who="social")).status_code == 422
            for number, status in ((OTHER, 422), ("2505544849", 422), (NUMBER, 201)):  # another's, nobody's, the own
                for typed in ({"type": "Patient"}, {}):
                    named = typed | {"identifier": {"system": CPR, "value": number}}
                    told_of = here.goal("x", expressedBy=named)
                    answer = await here.call("POST", "/Goal", told_of, who="social")
                    assert answer.status_code == status, (number, typed)
                    assert status == 201 or number.encode() not in answer.content

    run(test)


def test_numbers_do_not_make_two_citizens_one(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            numbers = [{"system": CPR, "value": NUMBER}, {"system": CPR, "value": OTHER}]
            both = {"resourceType": "Patient", "identifier": numbers}
            assert (await here.call("POST", "/Patient", both, who="social")).status_code == 422
            for who in (here.patient, other):
                shown = (await here.call("GET", f"/Patient/{who}", who="social")).json()
                assert (shown["active"], "link" in shown) == (True, False)
            linked = {"resourceType": "Patient", "identifier": numbers[:1]}
            linked["link"] = [{"other": {"reference": f"Patient/{other}"}, "type": "replaces"}]
            assert (await here.call("POST", "/Patient", linked, who="social")).status_code == 403
            unknown = {"resourceType": "Patient", "identifier": [{"system": X_ECPR, "value": "0703921VJ5"}]}
            made = await here.made(unknown, who="social")
            unknown["identifier"].append(numbers[1])
            told = await here.call("PUT", f"/Patient/{made['id']}", unknown, who="social", If_Match='W/"1"')
            assert told.status_code == 422
            shown = (await here.call("GET", f"/Patient/{here.patient}", who="social")).json()
            assert not any(one["value"] in (OTHER, "0703921VJ5") for one in shown["identifier"])

    run(test)


def test_a_label_is_lowered_by_right_and_for_a_reason(database_url: str) -> None:
    why = json.dumps({"resourceType": "Provenance", "reason": [{"text": "Fejlmærket, overlæge Bo"}]})

    async def test() -> None:
        clerk = replace(WRITERS[0], id="clerk", rights=("lower-labels",))
        async with http(database_url, *WRITERS, clerk) as doors:
            here = Rest(doors, await arrive(doors))
            made = await here.made(here.goal(meta={"security": [PSY]}))
            path, plain, version = f"/Goal/{made['id']}", here.goal(), 1
            for who, reason, lowered in (("epj", why, False), ("clerk", "", False), ("clerk", why, True)):
                more = {"X_Provenance": reason.encode("ascii", "ignore").decode()} if reason else {}
                told = await here.call("PUT", path, plain, who=who, If_Match=f'W/"{version}"', **more)
                assert told.status_code == 200, told.text
                version = int(told.json()["meta"]["versionId"])
                assert ("PSY" not in [one["code"] for one in told.json()["meta"]["security"]]) == lowered, who
            records = [one for one in await here.records(interaction="update") if one.override_reason]
            assert [one.override_code for one in records] == ["lower-labels"]
            assert records[0].override_reason.startswith("Fejlm")
            for none in ('{"text": {"a": 1}}', '{"text": 5}', '{"text": " "}', '{"coding": [{"code": null}]}',
                         '{"text": "\\ud800"}', '{"text": "\\u0000"}', '"x"'):  # fmt: skip
                reason = f'{{"reason": [{none}]}}'
                bad = await here.call("PUT", path, plain, who="clerk", If_Match=f'W/"{version}"', X_Provenance=reason)
                assert bad.status_code == 400, none
            bad = await here.call("PUT", path, plain, who="clerk", If_Match=f'W/"{version}"', X_Provenance="x")
            assert bad.status_code == 400

    run(test)


def test_a_protection_is_not_lifted_by_telling_of_the_citizen_again(database_url: str) -> None:
    """T24: where a citizen lives is closed; somebody who may not even see the citizen writes that nothing is."""
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"

    async def test() -> None:
        async with rest(database_url) as here:
            number = {"system": CPR, "value": NUMBER}

            def sent(*codes: str) -> dict[str, Any]:
                security = [{"system": system, "code": code} for code in codes]
                meta = {"meta": {"security": security}} if security else {}
                return {"resourceType": "Patient", "identifier": [number], **meta}

            await here.made(sent("R"), who="social")
            for who in ("jobcenter", "epj", "social"):
                for codes in (("N",), ("L",), ("U", "N"), ()):
                    assert (await here.call("POST", "/Patient", sent(*codes), who=who)).status_code == 201
                    shown = (await here.call("GET", f"/Patient/{here.patient}", who="social")).json()
                    told = {one["code"] for one in shown["meta"]["security"] if one["system"] == system}
                    assert told == {"R"}, (who, codes)

    run(test)


def test_a_protection_is_not_lifted_in_two_steps(database_url: str) -> None:
    """T4: who wrote of the citizen again without the label has not lowered it; the update that takes the place of both
    may not either."""
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    why = json.dumps({"resourceType": "Provenance", "reason": [{"text": "Adressen er ikke beskyttet mere"}]})

    async def test() -> None:
        clerk = replace(WRITERS[1], id="clerk", rights=("lower-labels",))
        async with http(database_url, *WRITERS, clerk) as doors:
            here = Rest(doors, await arrive(doors))
            path, number = f"/Patient/{here.patient}", {"system": CPR, "value": NUMBER}
            plain = {"resourceType": "Patient", "identifier": [number]}
            await here.made(plain | {"meta": {"security": [{"system": system, "code": "R"}]}}, who="social")
            await here.made(plain | {"gender": "male"}, who="social")
            for gender, who, more, left in (("female", "social", {}, "R"), ("other", "social", {}, "R"),
                                            ("male", "clerk", {"X_Provenance": why}, "N")):  # fmt: skip
                version = (await here.call("GET", path, who="social")).headers["ETag"]
                told = await here.call("PUT", path, plain | {"gender": gender}, who=who, If_Match=version, **more)
                assert told.status_code == 200, told.text
                shown = (await here.call("GET", path, who="social")).json()["meta"]["security"]
                assert [one["code"] for one in shown if one["system"] == system] == [left], (gender, who)

    run(test)


def test_what_messages_told_has_no_key_of_rest(database_url: str) -> None:
    """A case system that names its goal as REST names what it writes."""

    async def test() -> None:
        async with rest(database_url) as here:
            goal: dict[str, Any] = {
                "resourceType": "Goal", "id": "rest-1", "lifecycleStatus": "active", "description": {"text": "Bolig"},
            }  # fmt: skip
            content = order(NUMBER, goal, number="9")
            told = await here.http.web.post(
                "/fhir/$process-message", content=content,
                headers={**await headers(here.http, "social"), "Content-Type": "application/fhir+json"},
            )  # fmt: skip
            assert told.status_code == 200, told.text
            found = await here.call("GET", f"/Goal?patient={here.patient}", who="social")
            for one in [entry["resource"] for entry in found.json()["entry"]]:
                tag = {"If_Match": f'W/"{one["meta"]["versionId"]}"'}
                for method in ("PUT", "DELETE"):
                    answer = await here.call(method, f"/Goal/{one['id']}", one, who="social", **tag)
                    assert answer.status_code == 405

    run(test)


def test_methods_and_headers_are_not_smuggled(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal())
            path = f"Goal/{made['id']}"
            for name in ("X_HTTP_Method_Override", "X_HTTP_Method", "X_Method_Override"):
                told = await here.call("POST", f"/{path}", here.goal(), **{name: "DELETE"})
                assert told.status_code == 405
                assert (await here.call("GET", f"/{path}?_method=DELETE", **{name: "DELETE"})).status_code == 400
            smuggled = [
                entry("GET", path, ifNoneMatch="x\r\nAuthorization: Bearer y"), entry("GET", f"{path}\r\nX: y"),
                entry("GET", path, ifMatch="æ"), entry("DELETE\r\n", path), entry("get", path),
                {"request": {"method": ["GET"], "url": path}}, {"request": "GET"}, 7, None,
                entry("GET", f"{path}?%5fformat=xml"), entry("GET", f"{path}?_format=xml&x=\udcff"[:-1]),
            ]  # fmt: skip
            told = await answers(here, "batch", *smuggled)
            assert {status[0] for status in statuses(told)} == {"4"}
            assert (await here.call("GET", f"/{path}")).status_code == 200

    run(test)


def test_without_a_purpose_nothing_is_written(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal())
            bearer = await headers(here.http, "epj", "")
            told = bundle(
                "batch", entry("POST", "Goal", here.goal()), entry("DELETE", f"Goal/{made['id']}"),
                entry("PUT", f"Goal/{made['id']}", here.goal("x"), ifMatch='W/"1"'), entry("GET", f"Goal/{made['id']}"),
            )  # fmt: skip
            content = {**bearer, "Content-Type": "application/fhir+json"}
            before = await here.count("statement")
            answer = await here.http.web.post("/fhir", content=json.dumps(told), headers=content)
            assert statuses(answer.json()["entry"]) == ["403"] * 4
            whole = json.dumps(told | {"type": "transaction"})
            answer = await here.http.web.post("/fhir", content=whole, headers=content)
            assert answer.status_code == 403
            assert await here.count("statement") == before
            refused = [one for one in await here.records(outcome="4") if not one.purposes]
            assert [one.interaction for one in refused] == ["create", "delete", "update", "read", "delete"]

    run(test)


def test_too_much_is_refused_soon(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            many = here.goal("x", addresses=[{"reference": f"Condition/{number}"} for number in range(201)])
            assert (await here.call("POST", "/Goal", many)).status_code == 422
            assert (await here.call("POST", "/Goal", here.goal("x" * 2_097_152))).status_code == 413
            deep: Any = {"url": "x", "valueString": "y"}
            for _ in range(200):
                deep = {"url": "x", "extension": [deep]}
            assert (await here.call("POST", "/Goal", here.goal("x", extension=[deep]))).status_code in (400, 413, 422)
            assert (await here.call("POST", "", b'{"entry":' * 5000 + b"1" + b"}" * 5000)).status_code in (400, 413)
            condition = "&".join(f"identifier={number}" for number in range(30))
            assert (await here.call("POST", "/Goal", here.goal(), If_None_Exist=condition)).status_code == 400
            plenty = [{"op": "copy", "from": "/description", "path": "/description/extension"}] * 20_000
            patched = await here.call(
                "PATCH", "/Goal/" + ABSENT, json.dumps(plenty).encode(), Content_Type=JSON_PATCH, If_Match='W/"1"'
            )
            assert patched.status_code in (400, 404, 413)

    run(test)


def test_how_often_others_told_of_a_citizen_is_not_told(database_url: str) -> None:
    """A Patient that is sent again by a system that may not see it is answered like a new one."""

    async def test() -> None:
        async with rest(database_url) as here:
            known, fresh = {"system": CPR, "value": NUMBER}, {"system": CPR, "value": OTHER}
            seen = (await here.call("GET", f"/Patient/{here.patient}", who="jobcenter")).status_code
            told = []
            for number in (known, fresh):
                patient = {"resourceType": "Patient", "identifier": [number]}
                answer = await here.call("POST", "/Patient", patient, who="jobcenter")
                where = re.sub("[0-9a-f]{32}", "", answer.headers["location"])
                told.append((answer.status_code, answer.headers.get("etag"), where, len(answer.content)))
            assert seen == 404
            assert told[0] == told[1]
            assert told[0][0] == 201

    run(test)

"""PUT, PATCH and DELETE: who may change what, by which version, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.inbound.http_world import run
from tests.inbound.rest_world import rest, with_id

ONE, TWO = {"If_Match": 'W/"1"'}, {"If_Match": 'W/"2"'}


def test_an_update_takes_the_version_and_equal_content_makes_none(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal())
            path, changed = f"/Goal/{made['id']}", here.goal("Egen bolig med støtte")
            without = await here.call("PUT", path, changed)
            assert (without.status_code, without.json()["issue"][0]["code"]) == (428, "required")
            for tag in ('W/"2"', '"0"', "x", '"3", "2"'):
                stale = await here.call("PUT", path, changed, If_Match=tag)
                assert (stale.status_code, "read it again" in stale.text) == (412, True), tag
            before = await here.count("statement")
            same = await here.call("PUT", path, made, **ONE)
            assert (same.status_code, same.headers["etag"], same.json()) == (200, 'W/"1"', made)
            assert await here.count("statement") == before
            told = await here.call("PUT", path, changed, **ONE)
            assert (told.status_code, told.headers["etag"]) == (200, 'W/"2"')
            assert told.json()["description"] == changed["description"]
            assert (await here.call("GET", path + "/_history/1")).json() == made
            assert (await here.call("PUT", path, here.goal("c"), **ONE)).status_code == 412
            assert (await here.call("PUT", "/Goal/" + "f" * 32, changed, **ONE)).status_code == 404
            assert (await here.call("PUT", "/Goal/mine", changed | {"id": "mine"}, **ONE)).status_code == 404
            assert (await here.call("PUT", path, changed | {"id": "other"}, **TWO)).status_code == 400
            kinds = [one.outcome for one in await here.records(interaction="update")]
            assert kinds.count("0") == 2
            assert kinds.count("4") == 9

    run(test)


def test_what_others_wrote_and_what_messages_told_is_left_alone(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal(), who="social")
            path = f"/Goal/{made['id']}"
            visible = (await here.call("GET", path, who="epj")).status_code == 200
            for method, body in (("PUT", here.goal("x")), ("DELETE", None)):
                told = await here.call(method, path, body, who="epj", **ONE)
                assert told.status_code == (403 if visible else 404), method
            hidden = await here.call("PUT", path, here.goal("x"), who="jobcenter", **ONE)
            nothing = await here.call("PUT", "/Goal/" + "f" * 32, here.goal("x"), who="jobcenter", **ONE)
            assert (hidden.status_code, hidden.content) == (nothing.status_code, nothing.content)
            assert hidden.status_code == 404
            found = await here.call("GET", f"/Encounter?patient={here.patient}")
            (stay,) = [entry["resource"] for entry in found.json()["entry"]]
            version = {"If_Match": f'W/"{stay["meta"]["versionId"]}"'}
            told = await here.call("PUT", f"/Encounter/{stay['id']}", stay, **version)
            assert (told.status_code, "message" in told.text) == (405, True)
            assert told.headers["Allow"] == "GET, HEAD"
            found = f"/Encounter?_id={stay['id']}&patient={here.patient}"
            told = await here.call("PUT", found, {**stay, "status": "finished"})
            assert (told.status_code, told.headers["Allow"]) == (405, "GET, HEAD, POST"), "what its type offers"
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [
                {"request": {"method": "PUT", "url": f"Encounter/{stay['id']}", "ifMatch": version["If_Match"]},
                 "resource": {**stay, "status": "finished"}}]}  # fmt: skip
            told = await here.call("POST", "", bundle)
            assert (told.status_code, told.headers["Allow"]) == (405, "POST"), "what Bundles are offered"
            for kind, word in (("CarePlan", "Goal"), ("CareTeam", "members")):
                joint = f"/{kind}/joint-{here.patient}"
                whole = (await here.call("GET", joint)).json()
                told = await here.call("PUT", joint, whole, If_Match='W/"1"')
                assert (told.status_code, word in told.text) == (405, True)
                gone = await here.call("DELETE", joint)
                assert (gone.status_code, gone.headers["Allow"]) == (405, "GET, HEAD")

    run(test)


def test_a_plan_is_put_back_as_it_was_read(database_url: str) -> None:
    """The part of the joint plan that stands in partOf, and the labels of the tables, are not the writer's words."""

    async def test() -> None:
        async with rest(database_url) as here:
            own = here.about("CarePlan", status="active", intent="plan", title="Forløb")
            made = await here.made(own)
            assert made["partOf"] == [{"reference": f"CarePlan/joint-{here.patient}"}]
            path = f"/CarePlan/{made['id']}"
            assert (await here.call("PUT", path, made, **ONE)).headers["etag"] == 'W/"1"'
            told = (await here.call("PUT", path, made | {"title": "Forløb 2"}, **ONE)).json()
            assert (told["title"], told["partOf"]) == ("Forløb 2", made["partOf"])

    run(test)


def test_labels_are_raised_and_not_lowered(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            secret = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}
            made = await here.made(here.goal(meta={"security": [secret]}))
            path, plain = f"/Goal/{made['id']}", here.goal("uden mærke")
            for method, body, more in (
                ("PUT", plain, {}),
                ("PATCH", [{"op": "remove", "path": "/meta"}], {"Content_Type": "application/json-patch+json"}),
            ):
                shown = (await here.call("GET", path)).json()
                tag = {"If_Match": f'W/"{shown["meta"]["versionId"]}"'}
                sent = with_id(path, body) if method == "PUT" else body
                told = await here.call(method, path, json.dumps(sent).encode(), **tag, **more)
                assert told.status_code == 200, told.text
                assert "PSY" in [label["code"] for label in told.json()["meta"]["security"]], method

    run(test)


def test_a_delete_takes_it_back_for_whom_it_was_there(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal(), who="social")
            path = f"/Goal/{made['id']}"
            seen = {who: (await here.call("GET", path, who=who)).status_code for who in ("social", "epj", "jobcenter")}
            assert (seen["social"], seen["jobcenter"]) == (200, 404)
            assert (await here.call("DELETE", path, who="social", If_Match='W/"7"')).status_code == 412
            told = await here.call("DELETE", path, who="social")
            assert (told.status_code, told.content) == (204, b"")
            assert (await here.call("DELETE", path, who="social")).status_code == 204
            for who, status in seen.items():
                gone = await here.call("GET", path, who=who)
                assert gone.status_code == (410 if status == 200 else 404), who
            assert (await here.call("GET", path + "/_history/1", who="social")).json() == made
            assert (await here.call("GET", path + "/_history/2", who="social")).status_code == 410
            found = await here.call("GET", f"/Goal?patient={here.patient}", who="social")
            assert made["id"] not in found.text
            assert made["id"] not in (await here.call("GET", f"/CarePlan/joint-{here.patient}", who="social")).text
            assert (await here.call("PUT", path, here.goal(), who="social", **TWO)).status_code == 410
            assert [one.outcome for one in await here.records(interaction="delete")] == ["4", "0", "0"]

    run(test)


def test_patches_are_updates(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal(startDate="2025-03-01"))
            path, json_patch = f"/Goal/{made['id']}", {"Content_Type": "application/json-patch+json"}
            replaced = [{"op": "replace", "path": "/description/text", "value": "Arbejde"}]
            assert (await here.call("PATCH", path, replaced, **json_patch)).status_code == 428
            told = await here.call("PATCH", path, json.dumps(replaced).encode(), **json_patch, **ONE)
            assert (told.status_code, told.headers["etag"]) == (200, 'W/"2"'), told.text
            assert (told.json()["description"], told.json()["startDate"]) == ({"text": "Arbejde"}, "2025-03-01")
            part = [
                {"name": "type", "valueCode": "replace"},
                {"name": "path", "valueString": "Goal.startDate"},
                {"name": "value", "valueDate": "2025-04-01"},
            ]
            parameters = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part}]}
            told = await here.call("PATCH", path, parameters, **TWO)
            assert (told.status_code, told.json()["startDate"]) == (200, "2025-04-01"), told.text
            now: dict[str, Any] = {"If_Match": 'W/"3"'}
            for operation, status in (
                ({"op": "replace", "path": "/lifecycleStatus", "value": "bananas"}, 422),
                ({"op": "replace", "path": "/subject/reference", "value": "Patient/" + "f" * 32}, 404),
                ({"op": "replace", "path": "/id", "value": "mine"}, 400),
                ({"op": "replace", "path": "/resourceType", "value": "Task"}, 400),
                ({"op": "remove", "path": "/nowhere"}, 422),
            ):
                told = await here.call("PATCH", path, json.dumps([operation]).encode(), **json_patch, **now)
                assert told.status_code == status, (operation, told.text)
            assert (await here.call("PATCH", path, b"x", Content_Type="text/plain", **now)).status_code == 415

    run(test)


def test_the_owner_of_a_task_tells_what_becomes_of_it(database_url: str) -> None:
    """The municipality asks the hospital for something."""

    async def test() -> None:
        async with rest(database_url) as here:
            number = {"system": "urn:oid:1.2.208.176.1.1", "value": "265161000016000"}
            asked = here.about(
                "Task", status="requested", intent="order", owner={"identifier": number}, description="Vurdering",
            )  # fmt: skip
            path = f"/Task/{(await here.made(asked, who='social'))['id']}"
            seen = (await here.call("GET", path)).json()
            taken = seen | {"status": "accepted", "businessStatus": {"text": "Modtaget"}}
            refused = await here.call("PUT", path, taken | {"description": "Nej"}, **ONE)
            assert (refused.status_code, "Task.description" in refused.text) == (403, True)
            assert (await here.call("PUT", path, taken, who="psyk", **ONE)).status_code == 403, "not asked of it"
            told = await here.call("PUT", path, taken, **ONE)
            assert (told.status_code, told.json()["status"]) == (200, "accepted"), told.text
            assert (await here.call("PUT", path, told.json(), **TWO)).headers["etag"] == 'W/"2"'
            assert (await here.call("DELETE", path)).status_code == 403
            own = (await here.call("GET", path, who="social")).json()
            assert own["businessStatus"] == {"text": "Modtaget"}
            assert (await here.call("PUT", path, own | {"status": "cancelled"}, who="social", **ONE)).status_code == 412
            told = await here.call("PUT", path, own | {"status": "cancelled"}, who="social", **TWO)
            assert told.json()["status"] == "cancelled"

    run(test)


def test_of_two_at_once_one_is_told_that_it_is_late(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal())
            path = f"/Goal/{made['id']}"
            puts = [here.call("PUT", path, here.goal(f"nummer {number}"), **ONE) for number in range(6)]
            told = sorted(answer.status_code for answer in await asyncio.gather(*puts))
            assert told == [200, *[412] * 5]
            assert (await here.call("GET", path)).headers["etag"] == 'W/"2"'

    run(test)


def test_a_source_changes_its_own_words_of_a_citizen(database_url: str) -> None:
    """What it leaves out it says no more; what others say stays."""

    async def test() -> None:
        async with rest(database_url) as here:
            number = {"system": "urn:oid:1.2.208.176.1.2", "value": "1502824933"}
            sent: dict[str, Any] = {
                "resourceType": "Patient", "identifier": [number],
                "telecom": [{"system": "phone", "value": "12345678"}],
                "maritalStatus": {"text": "Gift"},
            }  # fmt: skip
            made = await here.made(sent, who="social")
            assert (made["id"], made["maritalStatus"], "name" in made) == (here.patient, {"text": "Gift"}, True)
            path, tag = f"/Patient/{here.patient}", {"If_Match": f'W/"{made["meta"]["versionId"]}"'}
            del sent["maritalStatus"]
            told = await here.call("PUT", path, sent, who="social", **tag)
            assert told.status_code == 200, told.text
            assert ("maritalStatus" in told.json(), "name" in told.json()) == (False, True)
            tag = {"If_Match": told.headers["etag"], "Content_Type": "application/json-patch+json"}
            patch = [{"op": "replace", "path": "/telecom/0/value", "value": "87654321"}]
            told = await here.call("PATCH", path, json.dumps(patch).encode(), who="social", **tag)
            assert told.json()["telecom"][0]["value"] == "87654321", told.text
            assert (await here.call("PUT", path, sent, If_Match=told.headers["etag"])).status_code == 403
            nameless = sent | {"identifier": [{"system": "https://epj.example", "value": "1"}]}
            again = await here.call("PUT", path, nameless, who="social", If_Match=told.headers["etag"])
            assert again.status_code == 422

    run(test)


def test_history_tells_of_a_delete(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal())
            assert (await here.call("DELETE", f"/Goal/{made['id']}")).status_code == 204
            told = (await here.call("GET", f"/Goal/{made['id']}/_history")).json()["entry"]
            assert [one["request"]["method"] for one in told] == ["DELETE", "POST"]
            assert "resource" not in told[0]

    run(test)


def test_the_directory_is_written_the_same_way(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            bo: dict[str, Any] = {"resourceType": "Practitioner", "name": [{"family": "Bo"}]}
            bo["identifier"] = [{"system": "https://epj.example/staff", "value": "7"}]
            search = "identifier=https://epj.example/staff%7C7"
            first = await here.call("PUT", f"/Practitioner?{search}", bo)
            assert first.status_code == 201, first.text
            path = f"/Practitioner/{first.json()['id']}"
            assert (await here.call("POST", "/Practitioner", bo, If_None_Exist=search)).status_code == 200
            patch, kind = b'[{"op":"add","path":"/gender","value":"female"}]', "application/json-patch+json"
            assert (await here.call("PATCH", path, patch, Content_Type=kind)).status_code == 428
            for place, tag in ((path, {"If_Match": first.headers["etag"]}), (f"/Practitioner?{search}", {})):
                told = await here.call("PATCH", place, patch, Content_Type=kind, **tag)
                assert (told.status_code, told.json().get("gender")) == (200, "female"), told.text
            assert (await here.call("DELETE", f"/Practitioner?{search}", who="social")).status_code == 403
            assert (await here.call("DELETE", f"/Practitioner?{search}")).status_code == 204
            assert (await here.call("GET", path)).status_code == 410

    run(test)

"""POST /fhir: batch and transaction. Each entry is its own request; a transaction is one commit."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any

from gateway.translate.fhir import parse
from tests.inbound.http_world import run
from tests.inbound.rest_world import Rest, rest, with_id

ONE = "urn:uuid:6f1f0f5e-0000-4000-8000-000000000001"
TWO = "urn:uuid:6f1f0f5e-0000-4000-8000-000000000002"


def entry(method: str, url: str, resource: Any = None, name: str = "", **conditions: str) -> dict[str, Any]:
    made: dict[str, Any] = {"request": {"method": method, "url": url, **conditions}}
    if method == "PUT" and isinstance(resource, dict):
        resource = with_id(url, resource)
    return made | ({"resource": resource} if resource else {}) | ({"fullUrl": name} if name else {})


def bundle(kind: str, *entries: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


async def answers(here: Rest, kind: str, *entries: Any, **more: str) -> list[dict[str, Any]]:
    told = await here.call("POST", "", bundle(kind, *entries), **more)
    assert told.status_code == 200, told.text
    assert told.json()["type"] == f"{kind}-response"
    return list(told.json().get("entry", []))


def statuses(told: list[dict[str, Any]]) -> list[str]:
    return [one["response"]["status"] for one in told]


def test_the_entries_of_a_batch_stand_alone(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal())
            path = f"Goal/{made['id']}"
            told = await answers(
                here, "batch",
                entry("POST", "Goal", here.goal("a")),
                entry("POST", "Goal", here.goal("b") | {"lifecycleStatus": "bananas"}),
                entry("PUT", path, here.goal("c"), ifMatch='W/"1"'),
                entry("PUT", path, here.goal("d"), ifMatch='W/"1"'),
                entry("GET", path),
                entry("GET", path, ifNoneMatch='W/"2"'),
                entry("GET", f"Goal?patient={here.patient}&_count=1"),
                entry("GET", f"Patient/{here.patient}/$joint-plan"),
                entry("DELETE", path),
                entry("GET", path),
                entry("GET", "Goal/" + "f" * 32),
            )  # fmt: skip
            wanted = ["201", "422", "200", "412", "200", "304", "200", "200", "204", "410", "404"]
            assert statuses(told) == wanted
            assert told[0]["response"]["etag"] == 'W/"1"'
            assert told[0]["response"]["location"].endswith("/_history/1")
            assert "resource" not in told[0], "a write is told shortly, unless Prefer wants more"
            assert told[1]["response"]["outcome"]["issue"][0]["expression"] == ["Goal.lifecycleStatus"]
            assert told[4]["resource"]["description"] == {"text": "c"}
            assert told[6]["resource"]["resourceType"] == "Bundle"
            more = {"Prefer": "return=representation"}
            (whole,) = await answers(here, "batch", entry("POST", "Goal", here.goal("e")), **more)
            assert whole["resource"]["description"] == {"text": "e"}
            assert await answers(here, "batch") == []

    run(test)


def test_each_entry_is_scoped_and_on_record(database_url: str) -> None:
    """L15: the token reads everything and creates goals."""

    async def test() -> None:
        async with rest(database_url) as here:
            told = await answers(
                here, "batch",
                entry("GET", f"Patient/{here.patient}"), entry("POST", "Goal", here.goal()),
                entry("POST", "Task", here.about("Task", status="draft", intent="plan")),
                entry("DELETE", "Goal/" + "f" * 32), entry("GET", "Goal/" + "f" * 32),
                who="limited",
            )  # fmt: skip
            assert statuses(told) == ["200", "201", "403", "403", "404"]
            records = (await here.records(client="limited"))[-5:]
            assert [one.interaction for one in records] == ["read", "create", "create", "delete", "read"]
            assert [one.outcome for one in records] == ["0", "0", "4", "4", "4"]
            refused = await here.call(
                "POST", "", bundle("transaction", entry("POST", "Goal", here.goal()), entry("DELETE", "Goal/x")),
                who="limited",
            )  # fmt: skip
            assert (refused.status_code, "Bundle.entry[1]" in refused.text) == (403, True)

    run(test)


def test_a_transaction_makes_all_or_nothing(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            old = await here.made(here.goal("gammelt"))
            plan = here.about(
                "CarePlan", status="active", intent="plan", goal=[{"reference": ONE}],
                addresses=[{"reference": TWO}], supportingInfo=[{"reference": f"Goal/{old['id']}"}],
            )  # fmt: skip
            condition = here.about("Condition", code={"text": "Smerter"})
            citizen = "Patient?identifier=urn:oid:1.2.208.176.1.2%7C1502824933"
            goal = here.goal("nyt", subject={"reference": citizen})
            entries = [
                entry("GET", f"Goal?patient={here.patient}"),
                entry("POST", "CarePlan", plan),
                entry("POST", "Goal", goal, ONE),
                entry("POST", "Condition", condition, TWO),
                entry("PUT", f"Goal/{old['id']}", here.goal("ændret"), ifMatch='W/"1"'),
            ]
            before = await here.count("message")
            told = await answers(here, "transaction", *entries)
            assert statuses(told) == ["200", "201", "201", "201", "200"]
            assert await here.count("message") == before + 1, "one commit"
            texts = {one["resource"]["description"]["text"] for one in told[0]["resource"]["entry"]}
            assert {"nyt", "ændret"} <= texts, "reads come last"
            place = told[1]["response"]["location"].partition("/fhir")[2]
            shown = (await here.call("GET", place)).json()
            assert shown["goal"] == [{"reference": "Goal/" + told[2]["response"]["location"].split("/")[-3]}]
            assert shown["addresses"] == [{"reference": "Condition/" + told[3]["response"]["location"].split("/")[-3]}]
            statements = await here.count("statement")
            bad = [*entries[:3], entry("POST", "Condition", condition | {"code": 5}, TWO), *entries[4:]]
            refused = await here.call("POST", "", bundle("transaction", *bad))
            assert refused.status_code == 422
            assert refused.json()["issue"][0]["expression"] == ["Bundle.entry[3].resource.code"]
            late = await here.call("POST", "", bundle("transaction", *entries))
            assert late.status_code == 412
            assert await here.count("statement") == statements
            records = [one for one in await here.records() if one.outcome == "4"]
            assert [one.interaction for one in records][-2:] == ["create", "update"]

    run(test)


def test_a_new_citizen_with_everything(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            patient = {"resourceType": "Patient", "name": [{"family": "Ny"}]}
            plan = here.about("CarePlan", status="active", intent="plan", subject={"reference": ONE})
            goal = here.goal(subject={"reference": ONE})
            told = await answers(
                here, "transaction",
                entry("POST", "Goal", goal), entry("POST", "CarePlan", plan), entry("POST", "Patient", patient, ONE),
                who="social",
            )  # fmt: skip
            assert statuses(told) == ["201", "201", "201"]
            identity = told[2]["response"]["location"].split("/")[-3]
            found = await here.call("GET", f"/Goal?patient={identity}", who="social")
            assert found.json()["total"] == 1

    run(test)


def test_the_order_of_a_transaction_is_that_of_r4(database_url: str) -> None:
    """DELETE, POST, PUT, GET, whatever the order of the entries; a resource stands in one of them."""

    async def test() -> None:
        async with rest(database_url) as here:
            old = await here.made(here.goal("gammelt"))
            number = [{"system": "https://epj.example/goal", "value": "1"}]
            search = f"patient={here.patient}&identifier=https://epj.example/goal%7C1"
            twice = entry("PUT", f"Goal/{old['id']}", here.goal("x"), ifMatch='W/"1"')
            refused = await here.call("POST", "", bundle("transaction", twice, entry("DELETE", f"Goal/{old['id']}")))
            assert refused.status_code == 422
            entries = [
                entry("GET", f"Goal?_id={old['id']}"),
                entry("POST", "Goal", here.goal("nyt", identifier=number), ifNoneExist=search),
                entry("DELETE", f"Goal/{old['id']}"),
            ]  # fmt: skip
            gone = await here.call("POST", "", bundle("transaction", *entries, entry("GET", f"Goal/{old['id']}")))
            assert (gone.status_code, await here.records(outcome="0", interaction="delete")) == (410, [])
            told = await answers(here, "transaction", *entries)
            assert (statuses(told), told[0]["resource"]["total"]) == (["200", "201", "204"], 0)
            again = await answers(
                here, "transaction", entry("POST", "Goal", here.goal("nyt", identifier=number), ifNoneExist=search)
            )
            assert statuses(again) == ["200"]

    run(test)


def test_what_is_told_of_an_entry(database_url: str) -> None:
    """As long as Prefer wants it: nothing, the resource, or an outcome beside its status; a HEAD tells no content."""

    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal())
            told = {"return=minimal": (False, False), "return=representation": (True, False),
                    "return=OperationOutcome": (False, True)}  # fmt: skip
            for kind in ("batch", "transaction"):
                for prefer, shape in told.items():
                    entries = entry("POST", "Goal", here.goal()), entry("GET", f"Goal/{made['id']}")
                    write, read = await answers(here, kind, *entries, Prefer=prefer)
                    assert ("resource" in write, "outcome" in write["response"]) == shape, (kind, prefer)
                    assert (read["resource"], "outcome" in read["response"]) == (made, False)
                    outcome = write["response"].get("outcome", {}).get("resourceType", "OperationOutcome")
                    assert outcome == "OperationOutcome"
                asked = entry("HEAD", f"Goal/{made['id']}"), entry("HEAD", "Goal/" + "f" * 32)
                raw = await here.call("POST", "", bundle(kind, *asked[:1], *entries), Accept="application/fhir+xml")
                assert parse(raw.content, "application/fhir+xml")["entry"][2]["resource"] == made
                (there,) = await answers(here, kind, asked[0])
                assert there["response"] == read["response"]
                absent = await here.call("POST", "", bundle(kind, asked[1]))
                assert absent.status_code == (200 if kind == "batch" else 404)
                assert kind == "transaction" or absent.json()["entry"] == [{"response": {"status": "404"}}]

    run(test)


def test_the_same_transaction_at_once_makes_one(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            number = [{"system": "https://epj.example/goal", "value": "1"}]
            search = f"patient={here.patient}&identifier=https://epj.example/goal%7C1"
            one = entry("POST", "Goal", here.goal(identifier=number), ONE, ifNoneExist=search)
            plan = here.about("CarePlan", status="active", intent="plan", goal=[{"reference": ONE}])
            sent = [answers(here, "transaction", one, entry("POST", "CarePlan", plan)) for _ in range(4)]
            told = [statuses(answer)[0] for answer in await asyncio.gather(*sent)]
            assert sorted(told) == ["200", "200", "200", "201"]

    run(test)


def test_bundles_that_are_refused(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            before = await here.count("statement")
            other = here.goal(subject={"reference": TWO})
            patient = {"resourceType": "Patient", "name": [{"family": "Ny"}]}
            nobodys = here.goal(subject={"reference": "Patient?_id=x"})
            organisation = {"resourceType": "Organization", "name": "Hus"}
            cases: list[tuple[Any, int]] = [
                ({"resourceType": "Goal"}, 400),
                ({"resourceType": "Bundle", "type": "collection"}, 400),
                ({"resourceType": "Bundle", "type": "batch", "entry": 5}, 400),
                (bundle("batch", *[entry("GET", "Goal/1")] * 201), 413),
                (bundle("transaction", entry("POST", "Goal", other)), 422),
                (bundle("transaction", entry("POST", "Goal", here.goal(addresses=[{"reference": ONE}]))), 422),
                (bundle("transaction", entry("POST", "Organization", organisation | {"active": 5})), 422),
                (bundle("transaction", entry("POST", "Goal", here.goal()), entry("GET", "Banana/1")), 405),
                (bundle("transaction", entry("POST", "$process-message", {"resourceType": "Bundle"})), 400),
                (bundle("transaction", entry("OPTIONS", "Goal/1")), 405),
                (bundle("transaction", {}), 400),
                (bundle("transaction", entry("POST", "Goal", here.goal(), ONE),
                        entry("POST", "Goal", here.goal(), ONE)), 400),
                (bundle("transaction", entry("PUT", "Goal/1", here.goal())), 404),
                (bundle("transaction", entry("POST", "Goal", nobodys)), 422),
                (bundle("transaction", entry("POST", "Goal", nobodys | {"subject": {"reference": "Banana?x=y"}})), 422),
                (bundle("transaction", entry("POST", "Patient", patient | {"identifier": "x"})), 422),
                (bundle("transaction", entry("POST", "Patient", patient | {"identifier": [5]}, TWO)), 422),
                (bundle("transaction", entry("POST", "Goal")), 400),
            ]  # fmt: skip
            for body, status in cases:
                told = await here.call("POST", "", body)
                assert told.status_code == status, (body, told.text)
            assert await here.count("statement") == before
            alone = [
                "metadata", "../metadata", "/oauth/token", "https://evil.example/fhir/Goal/1", "Goal/%31", "Goal//1",
                "Goal/1/../2", "Patient/$export", "$process-message", "Bundle", "Binary/1", "goal/1", "",
            ]  # fmt: skip
            told = await answers(here, "batch", *(entry("GET", url) for url in alone))
            assert {status[0] for status in statuses(told)} == {"4"}

    run(test)


def test_a_json_patch_travels_as_a_binary(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal())
            data = b64encode(b'[{"op":"replace","path":"/description/text","value":"Ro"}]').decode()
            patch = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
            for kind, tag in (("batch", 'W/"1"'), ("transaction", 'W/"2"')):
                (told,) = await answers(here, kind, entry("PATCH", f"Goal/{made['id']}", patch, ifMatch=tag))
                assert told["response"]["status"] == "200", told
                patch |= {"data": b64encode(b'[{"op":"add","path":"/startDate","value":"2025-04-01"}]').decode()}
            shown = (await here.call("GET", f"/Goal/{made['id']}")).json()
            assert (shown["description"], shown["startDate"]) == ({"text": "Ro"}, "2025-04-01")

    run(test)


def test_a_numbered_transaction_is_carried_out_once(database_url: str) -> None:
    """T8: sent again, at once or later, it makes nothing new; other content under its number is refused."""

    async def test() -> None:
        async with rest(database_url) as here:
            plan = here.about("CarePlan", status="active", intent="plan", goal=[{"reference": ONE}])
            entries = (entry("POST", "Goal", here.goal(), ONE), entry("POST", "CarePlan", plan))
            number = {"system": "https://epj.example/bundle", "value": "B-1"}
            sent = bundle("transaction", *entries) | {"identifier": number}
            before = await here.count("statement")
            told = await asyncio.gather(*(here.call("POST", "", sent) for _ in range(3)))
            assert [one.status_code for one in told] == [200] * 3
            assert len({str(one.json()["entry"]) for one in told}) == 1
            assert await here.count("statement") == before + 2
            later = await here.call("POST", "", sent)
            assert later.json() == told[0].json()
            other = await here.call("POST", "", sent | {"entry": list(entries[:1])})
            assert (other.status_code, other.json()["issue"][0]["code"]) == (422, "duplicate")
            theirs = await here.call("POST", "", sent, who="social")
            assert theirs.json()["entry"][0]["response"]["location"] not in str(told[0].json())
            assert await here.count("statement") == before + 4

    run(test)

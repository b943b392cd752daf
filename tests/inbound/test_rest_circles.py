"""What is a part of something, rests on it or replaces it leads nowhere back to itself, as far as its writer sees."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.inbound.http_world import run
from tests.inbound.rest_world import Rest, rest
from tests.inbound.test_consent_doors import objection
from tests.inbound.test_rest_bundles import ONE, TWO, answers, bundle, entry, statuses

RELATIONS = (
    ("CarePlan", "partOf"), ("CarePlan", "basedOn"), ("CarePlan", "replaces"), ("Task", "partOf"), ("Task", "basedOn"),
    ("ServiceRequest", "replaces"), ("Encounter", "partOf"),
)  # fmt: skip
_WORDS: dict[str, dict[str, Any]] = {
    "CarePlan": {"status": "active", "intent": "plan"},
    "Task": {"status": "requested", "intent": "order"},
    "ServiceRequest": {"status": "active", "intent": "plan", "code": {"text": "Samtale"}},
    "Encounter": {"status": "planned", "class": {"code": "AMB"}},
}


def leading(here: Rest, kind: str, name: str = "", to: str = "", **more: Any) -> dict[str, Any]:
    """A resource that leads somewhere by a relation."""
    link: Any = {"reference": to}
    told = {name: link if kind == "Encounter" else [link]} if to else {}
    return here.about(kind, **_WORDS[kind], **told, **more)


async def put(here: Rest, path: str, body: dict[str, Any], who: str = "epj") -> tuple[int, str]:
    """PUT to what stands; the place of the fault."""
    tag = (await here.call("GET", f"/{path}", who=who)).headers["etag"]
    told = await here.call("PUT", f"/{path}", body, who=who, If_Match=tag)
    return told.status_code, (told.json().get("issue") or [{"expression": [""]}])[0]["expression"][0]


def test_nothing_leads_back_to_itself(database_url: str) -> None:
    """By whichever relation, however the reference is written, over however many; and nothing of it is kept."""

    async def test() -> None:
        async with rest(database_url) as here:
            for kind, name in RELATIONS:
                top = await here.made(leading(here, kind))
                middle = await here.made(leading(here, kind, name, f"{kind}/{top['id']}"))
                low = await here.made(leading(here, kind, name, f"{kind}/{middle['id']}/_history/1"))
                path = f"{kind}/{top['id']}"
                for to in (path, f"{kind}/{middle['id']}", f"https://gateway.example/fhir/{kind}/{low['id']}"):
                    assert await put(here, path, leading(here, kind, name, to)) == (422, f"{kind}.{name}"), to
                stands = await here.call("GET", f"/{path}")
                assert stands.headers["etag"] == 'W/"1"'
                again = leading(here, kind, name, f"{kind}/{top['id']}", language="da")
                assert (await put(here, f"{kind}/{low['id']}", again))[0] == 200, "another place is none"

    run(test)


def test_a_patch_makes_none_and_two_relations_are_two(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            top = await here.made(leading(here, "CarePlan"))
            low = await here.made(leading(here, "CarePlan", "partOf", f"CarePlan/{top['id']}"))
            link = {"reference": f"CarePlan/{low['id']}"}
            for name, status in (("basedOn", 200), ("partOf", 422)):
                path = f"/{name}/-" if name == "partOf" else f"/{name}"
                operation = {"op": "add", "path": path, "value": link if name == "partOf" else [link]}
                told = await here.call(
                    "PATCH", f"/CarePlan/{top['id']}", [{"op": "add", "path": "/partOf", "value": []}, operation]
                    if name == "partOf" else [operation],
                    Content_Type="application/json-patch+json", If_Match='W/"1", W/"2"',
                )  # fmt: skip
                assert told.status_code == status, told.text

    run(test)


def test_a_transaction_is_judged_by_what_stands_in_the_end(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            plan = await here.made(leading(here, "CarePlan"))
            part = await here.made(leading(here, "CarePlan", "partOf", f"CarePlan/{plan['id']}"))
            paths = f"CarePlan/{plan['id']}", f"CarePlan/{part['id']}"
            for circle, place in (
                ([entry("POST", "Task", leading(here, "Task", "partOf", ONE), ONE)], 0),
                ([entry("POST", "Task", leading(here, "Task", "partOf", TWO), ONE),
                  entry("POST", "Task", leading(here, "Task", "partOf", ONE), TWO)], 0),
                ([entry("POST", "CarePlan", leading(here, "CarePlan", "partOf", paths[1]), ONE),
                  entry("PUT", paths[0], leading(here, "CarePlan", "partOf", ONE), ifMatch='W/"1"')], 0),
            ):  # fmt: skip
                before = await here.count("statement")
                told = await here.call("POST", "", bundle("transaction", *circle))
                assert (told.status_code, told.json()["issue"][0]["expression"][0].partition(".resource")[0]) == (
                    422, f"Bundle.entry[{place}]"
                ), told.text  # fmt: skip
                assert await here.count("statement") == before
            turned = [
                entry("PUT", paths[0], leading(here, "CarePlan", "partOf", paths[1]), ifMatch='W/"1"'),
                entry("PUT", paths[1], leading(here, "CarePlan"), ifMatch='W/"1"'),
            ]
            assert statuses(await answers(here, "transaction", *turned)) == ["200", "200"]

    run(test)


def test_two_at_once_make_none(database_url: str) -> None:
    """Alone and in transactions."""

    async def test() -> None:
        async with rest(database_url) as here:
            for together in (False, True):
                made = [await here.made(leading(here, "CarePlan")) for _ in range(2)]
                paths = [f"CarePlan/{one['id']}" for one in made]
                bodies = [leading(here, "CarePlan", "partOf", other) for other in reversed(paths)]
                told = await asyncio.gather(*(
                    here.call("POST", "", bundle("transaction", entry("PUT", path, body, ifMatch='W/"1"')))
                    if together else here.call("PUT", f"/{path}", body, If_Match='W/"1"')
                    for path, body in zip(paths, bodies, strict=True)
                ))  # fmt: skip
                assert sorted(one.status_code for one in told) == [200, 422], [one.text for one in told]

    run(test)


def test_what_is_hidden_is_not_told_by_a_refusal(database_url: str) -> None:
    """A circle through something hidden is accepted, as where there is none. Who comes to see all of it is told of what
    a write adds, and goes on to say what was said before."""

    async def test() -> None:
        async with rest(database_url) as here:
            mine, other = [await here.made(leading(here, "Task")) for _ in range(2)]
            hidden = await here.made(leading(here, "Task", "partOf", f"Task/{mine['id']}"), who="psyk")
            seen = await here.made(leading(here, "Task", "partOf", f"Task/{hidden['id']}"), who="psyk")
            instance = [{"meaning": "instance", "reference": {"reference": f"Task/{hidden['id']}"}}]
            deny = {"type": "deny", "purpose": objection("")["provision"]["purpose"], "data": instance}
            path, circle = f"Task/{mine['id']}", leading(here, "Task", "partOf", f"Task/{seen['id']}")
            assert await put(here, path, circle) == (422, "Task.partOf"), "as long as it is seen"
            consent = await here.made(objection(here.patient, provision=deny))
            assert (await here.call("GET", f"/Task/{hidden['id']}")).status_code == 404
            for to in (other, seen):
                assert (await put(here, path, leading(here, "Task", "partOf", f"Task/{to['id']}")))[0] == 200
            gone = await here.call("DELETE", f"/Consent/{consent['id']}")
            assert gone.status_code == 204
            assert (await put(here, path, circle | {"priority": "urgent"}))[0] == 200, "it was so before"

    run(test)


def test_so_many_levels_and_no_more(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.flows.writing.circles.LEVELS", 3)

    async def test() -> None:
        async with rest(database_url) as here:
            low = await here.made(leading(here, "Task"))
            above = await here.made(leading(here, "Task"))
            for number in range(4):
                told = await put(here, f"Task/{low['id']}", leading(here, "Task", "partOf", f"Task/{above['id']}"))
                assert told == ((200, "") if number < 3 else (422, "Task.partOf")), number
                above = await here.made(leading(here, "Task", "partOf", f"Task/{above['id']}"))

    run(test)

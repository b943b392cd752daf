"""Writes by a condition: what the caller sees decides, and two at once make one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.inbound.http_world import run
from tests.inbound.rest_world import Rest, rest

NUMBER = {"system": "https://epj.example/goal", "value": "G-1"}


def numbered(here: Rest, words: str = "Egen bolig", **more: Any) -> dict[str, Any]:
    return here.goal(words, identifier=[NUMBER], **more)


def condition(here: Rest, number: str = "G-1") -> str:
    return f"patient={here.patient}&identifier={NUMBER['system']}%7C{number}"


def test_create_unless_it_is_there(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            none = {"If_None_Exist": condition(here)}
            first = await here.call("POST", "/Goal", numbered(here), **none)
            assert first.status_code == 201, first.text
            again = await here.call("POST", "/Goal", numbered(here, "En anden"), **none)
            assert (again.status_code, again.json()) == (200, first.json())
            assert again.headers["etag"] == first.headers["etag"]
            await here.made(numbered(here))
            several = await here.call("POST", "/Goal", numbered(here), **none)
            assert (several.status_code, several.json()["issue"][0]["code"]) == (412, "multiple-matches")
            for bad in ("", "banana=1", "_count=1", "%ff=%ff"):
                told = await here.call("POST", "/Goal", numbered(here), If_None_Exist=bad)
                assert told.status_code == 400, bad

    run(test)


def test_of_many_at_once_one_is_made(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            none = {"If_None_Exist": condition(here)}
            told = await asyncio.gather(*(here.call("POST", "/Goal", numbered(here), **none) for _ in range(8)))
            assert sorted(one.status_code for one in told) == [*[200] * 7, 201]
            assert len({one.json()["id"] for one in told}) == 1
            someone = {"resourceType": "Patient", "name": [{"family": "Uden", "given": ["Nummer"]}]}
            none = {"If_None_Exist": "family=Uden", "who": "social"}
            told = await asyncio.gather(*(here.call("POST", "/Patient", someone, **none) for _ in range(5)))
            assert sorted(one.status_code for one in told) == [*[200] * 4, 201]
            assert len({one.json()["id"] for one in told}) == 1

    run(test)


def test_update_patch_and_delete_what_is_found(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            path = f"/Goal?{condition(here)}"
            made = await here.call("PUT", path, numbered(here))
            assert made.status_code == 201, made.text
            identity = made.json()["id"]
            changed = await here.call("PUT", path, numbered(here, "Arbejde"))
            assert (changed.status_code, changed.json()["id"], changed.headers["etag"]) == (200, identity, 'W/"2"')
            assert (await here.call("PUT", path, numbered(here), If_Match='W/"1"')).status_code == 412
            assert (await here.call("PUT", path, numbered(here, id="f" * 32))).status_code == 400
            elsewhere = f"/Goal?{condition(here, 'G-2')}"
            assert (await here.call("PUT", elsewhere, numbered(here, id="mine"))).status_code == 400
            patch = json.dumps([{"op": "replace", "path": "/description/text", "value": "Ro"}]).encode()
            kind = {"Content_Type": "application/json-patch+json"}
            told = await here.call("PATCH", path, patch, **kind)
            assert (told.status_code, told.json()["description"]) == (200, {"text": "Ro"})
            assert (await here.call("PATCH", elsewhere, patch, **kind)).status_code == 404
            assert (await here.call("DELETE", elsewhere)).status_code == 404
            assert (await here.call("DELETE", "/Goal")).status_code == 400
            assert (await here.call("DELETE", path)).status_code == 204
            assert (await here.call("GET", f"/Goal/{identity}")).status_code == 410
            assert (await here.call("DELETE", path)).status_code == 404, "it is found no more"
            anew = await here.call("PUT", path, numbered(here))
            assert (anew.status_code, anew.json()["id"] != identity) == (201, True)

    run(test)


def test_what_is_hidden_does_not_show_in_a_condition(database_url: str) -> None:
    """L11: the jobcenter's number is the social authority's, whose goal it may not see."""

    async def test() -> None:
        async with rest(database_url) as here:
            hidden = await here.made(numbered(here), who="social")
            assert (await here.call("GET", f"/Goal/{hidden['id']}", who="psyk")).status_code in (200, 404)
            answers = []
            for number in ("G-1", "G-9"):
                told = await here.call(
                    "POST", "/Goal", numbered(here), who="jobcenter", If_None_Exist=condition(here, number)
                )
                answers.append((told.status_code, told.json()["issue"][0]["code"]))
            assert answers[0] == answers[1]
            for method in ("DELETE", "PATCH"):
                told_of = []
                for number in ("G-1", "G-9"):
                    body = b'[{"op":"remove","path":"/identifier"}]' if method == "PATCH" else None
                    kind = {"Content_Type": "application/json-patch+json"} if method == "PATCH" else {}
                    told = await here.call(method, f"/Goal?{condition(here, number)}", body, who="jobcenter", **kind)
                    told_of.append((told.status_code, told.content))
                assert told_of[0] == told_of[1]
                assert told_of[0][0] == 404

    run(test)

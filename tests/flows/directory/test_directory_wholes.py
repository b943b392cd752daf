"""What is a part of something is no part of itself, however it is told, and whoever writes at once."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.inbound.http_world import run
from tests.inbound.rest_world import Rest, rest
from tests.inbound.test_rest_bundles import ONE, TWO, answers, bundle, entry, statuses

SYSTEM = "urn:x"


def part(kind: str, of: str | dict[str, Any] = "", number: str = "", **more: Any) -> dict[str, Any]:
    whole = {"reference": of} if isinstance(of, str) else of
    told = {"identifier": [{"system": SYSTEM, "value": number}]} if number else {}
    return {"resourceType": kind, "name": "Afsnit"} | ({"partOf": whole} if of else {}) | told | more


def by_number(number: str) -> dict[str, Any]:
    return {"identifier": {"system": SYSTEM, "value": number}}


async def changed(here: Rest, made: dict[str, Any], of: str | dict[str, Any], who: str = "epj") -> tuple[int, str]:
    """PUT with another partOf; the place of the fault."""
    kind, identity = made["resourceType"], made["id"]
    tag = (await here.call("GET", f"/{kind}/{identity}", who=who)).headers["etag"]
    body = {**{name: value for name, value in made.items() if name != "meta"}, **part(kind, of)}
    told = await here.call("PUT", f"/{kind}/{identity}", body, who=who, If_Match=tag)
    return told.status_code, "".join(told.json().get("issue", [{}])[0].get("expression", [""]))


def test_nothing_is_a_part_of_itself(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            for kind in ("Organization", "Location"):
                top, place = await here.made(part(kind, number="1")), f"{kind}.partOf"
                unit = await here.made(part(kind, f"{kind}/{top['id']}", "2"))
                ward = await here.made(part(kind, by_number("2"), "3"))
                for of in (
                    f"{kind}/{top['id']}", f"{kind}/{unit['id']}", f"{kind}/{ward['id']}", by_number("1"),
                    by_number("3"), f"https://gateway.example/fhir/{kind}/{top['id']}",
                    f"{kind}/{top['id']}/_history/1",
                ):  # fmt: skip
                    assert await changed(here, top, of) == (422, place), of
                assert (await changed(here, ward, f"{kind}/{top['id']}"))[0] == 200
                assert (await changed(here, unit, f"{kind}/{ward['id']}"))[0] == 200, "a ward may come between"
                patched = await here.call(
                    "PATCH", f"/{kind}?identifier={SYSTEM}|1",
                    [{"op": "add", "path": "/partOf", "value": {"reference": f"{kind}/{unit['id']}"}}],
                    Content_Type="application/json-patch+json",
                )  # fmt: skip
                assert patched.status_code == 422
                stands = (await here.call("GET", f"/{kind}/{top['id']}")).json()
                assert "partOf" not in stands, "nothing of it is kept"

    run(test)


def test_a_number_of_several_leads_nowhere(database_url: str) -> None:
    """Units that all go by the number of their municipality are parts of it, not of each other."""

    async def test() -> None:
        async with rest(database_url) as here:
            city = {"system": "urn:oid:1.2.208.176.1.1", "value": "7"}
            for name in "abc":
                numbers = [{"system": SYSTEM, "value": name}, city]
                await here.made(part("Organization", {"identifier": city} if name != "a" else "", identifier=numbers))
            lone = part("Location", {"identifier": city}, identifier=[city])
            told = await here.call("POST", "/Location", lone)
            assert told.status_code == 422, "the number is its own alone"

    run(test)


def test_a_transaction_is_judged_by_what_stands_in_the_end(database_url: str) -> None:
    """Two change places, in either order of entries; and a circle of new ones is none the less one."""

    async def test() -> None:
        async with rest(database_url) as here:
            top = await here.made(part("Organization"))
            below = await here.made(part("Organization", f"Organization/{top['id']}"))
            for upper, lower, order in ((below, top, 1), (top, below, -1)):
                entries = [
                    entry("PUT", f"Organization/{upper['id']}", part("Organization", id=upper["id"]), ifMatch="?"),
                    entry("PUT", f"Organization/{lower['id']}",
                          part("Organization", f"Organization/{upper['id']}", id=lower["id"]), ifMatch="?"),
                ]  # fmt: skip
                for one in entries:
                    found = await here.call("GET", f"/{one['request']['url']}")
                    one["request"]["ifMatch"] = found.headers["etag"]
                assert statuses(await answers(here, "transaction", *entries[::order])) == ["200", "200"]
            circle = [
                entry("POST", "Organization", part("Organization", TWO), ONE),
                entry("POST", "Organization", part("Organization", ONE), TWO),
            ]
            before = await here.count("directory")
            told = await here.call("POST", "", bundle("transaction", *circle))
            assert (told.status_code, told.json()["issue"][0]["expression"]) == (
                422, ["Bundle.entry[0].resource.partOf"]
            )  # fmt: skip
            assert await here.count("directory") == before

    run(test)


def test_two_at_once_make_no_circle(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            for kind in ("Organization", "Location"):
                one, other = [await here.made(part(kind)) for _ in range(2)]
                told = await asyncio.gather(
                    changed(here, one, f"{kind}/{other['id']}"), changed(here, other, f"{kind}/{one['id']}")
                )
                assert sorted(status for status, _ in told) == [200, 422]

    run(test)

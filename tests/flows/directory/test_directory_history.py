"""History of the directory: in pages, of a time, and of what the caller may see."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from gateway.errors import BadRequest, NotFound
from gateway.flows import directory
from gateway.flows.parts import Gateway
from gateway.store.pool import Database
from tests.flows.directory.people import HOSPITAL, JOBCENTER, SOCIAL, body, caller, made, raw
from tests.inbound.http_world import parts
from tests.inbound.oauth_client import Clock

Told = list[tuple[str, str]]


def run(database_url: str, test: Callable[[Gateway, Clock], Awaitable[None]]) -> None:
    async def whole() -> None:
        database, clock = await Database.open(database_url, size=2), Clock()
        try:
            await test(parts(database, clock, ()), clock)
        finally:
            await database.close()

    asyncio.run(whole())


def told(bundle: dict[str, Any]) -> Told:
    return [(one["fullUrl"].rpartition("/")[2], one["response"]["etag"]) for one in bundle.get("entry", [])]


def onwards(bundle: dict[str, Any]) -> list[tuple[str, str]]:
    """The parameters of the next page, none where there is none."""
    (url,) = [one["url"] for one in bundle["link"] if one["relation"] == "next"] or [""]
    return parse_qsl(urlsplit(url).query)


async def pages(gateway: Gateway, who: Any, kind: str, identity: str, count: int, between: Any = None) -> Told:
    """All versions, page by page; `between` is done after the first one."""
    found: Told = []
    params = [("_count", str(count))]
    while params:
        bundle = body(await directory.history(gateway, who, kind, identity, params))
        assert len(told(bundle)) <= count
        found, params = found + told(bundle), onwards(bundle)
        if between:
            await between()
            between = None
    return found


async def changed(gateway: Gateway, identity: str, version: int, **more: Any) -> None:
    new = raw("Practitioner", id=identity, **more)
    await directory.update(gateway, HOSPITAL, "Practitioner", identity, new, f'W/"{version}"')


def test_pages_go_on_where_they_ended_whatever_is_written_meanwhile(database_url: str) -> None:
    async def test(gateway: Gateway, clock: Clock) -> None:
        staff = []
        for number in range(3):
            staff.append(await made(gateway, HOSPITAL, "Practitioner", name=[{"family": f"A{number}"}]))
            clock.forward(10)
        for version in (1, 2):
            for one in staff:
                await changed(gateway, one, version, name=[{"family": f"B{version}"}])
                clock.forward(10)
        whole = body(await directory.history(gateway, SOCIAL, "Practitioner"))
        assert (whole["total"], len(told(whole))) == (9, 9)
        assert [tag for _, tag in told(whole)] == ['W/"3"'] * 3 + ['W/"2"'] * 3 + ['W/"1"'] * 3, "the newest first"
        for count in (1, 2, 4, 9):
            assert await pages(gateway, SOCIAL, "Practitioner", "", count) == told(whole)
        one = [row for row in told(whole) if row[0] == staff[0]]
        assert await pages(gateway, SOCIAL, "Practitioner", staff[0], 1) == one

        async def written() -> None:
            await made(gateway, HOSPITAL, "Practitioner", name=[{"family": "Ny"}])

        assert await pages(gateway, SOCIAL, "Practitioner", "", 2, written) == told(whole), "what is new is before it"

    run(database_url, test)


def test_a_link_is_for_one_caller(database_url: str) -> None:
    async def test(gateway: Gateway, clock: Clock) -> None:
        for number in range(3):
            await made(gateway, HOSPITAL, "Practitioner", name=[{"family": f"A{number}"}])
        first = body(await directory.history(gateway, SOCIAL, "Practitioner", "", [("_count", "1")]))
        link = onwards(first)
        assert len(told(body(await directory.history(gateway, SOCIAL, "Practitioner", "", link)))) == 1
        for who, kind in ((HOSPITAL, "Practitioner"), (SOCIAL, "Location")):
            with pytest.raises(NotFound):
                await directory.history(gateway, who, kind, "", link)
        for params in (
            [*link, ("_count", "1")],
            [("_count", "0")],
            [("_count", "x")],
            [("_offset", "1")],
            [("_at", "x")],
        ):
            with pytest.raises(BadRequest):
                await directory.history(gateway, SOCIAL, "Practitioner", "", params)

    run(database_url, test)


def test_what_stood_at_a_time_and_what_came_since(database_url: str) -> None:
    async def test(gateway: Gateway, clock: Clock) -> None:
        start = clock()
        identity = await made(gateway, HOSPITAL, "Practitioner", name=[{"family": "A"}])
        clock.forward(3600)
        changed_at = clock().isoformat()
        await changed(gateway, identity, 1, name=[{"family": "B"}])
        clock.forward(3600)
        await directory.withdraw(gateway, HOSPITAL, "Practitioner", identity)

        async def asked(name: str, value: str) -> list[str]:
            bundle = body(await directory.history(gateway, SOCIAL, "Practitioner", identity, [(name, value)]))
            return [tag for _, tag in told(bundle)]

        assert await asked("_at", start.isoformat()) == ['W/"1"']
        assert await asked("_at", changed_at) == ['W/"2"']
        assert await asked("_at", "2999") == ['W/"3"'], "it stands as gone"
        assert await asked("_at", "1999") == []
        assert await asked("_since", changed_at) == ['W/"3"', 'W/"2"']
        assert await asked("_since", "2999") == []
        for narrow in ([], [("_since", "2999")], [("_at", "1999")]):
            with pytest.raises(NotFound):
                await directory.history(gateway, SOCIAL, "Practitioner", "f" * 32, narrow)

    run(database_url, test)


def test_a_page_that_has_looked_at_many_leads_onwards(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token with parameters covers the first and the last of them."""
    for name in ("CHUNK", "WALK"):
        monkeypatch.setattr(import_module("gateway.flows.directory.history"), name, 2)  # the name is its function's

    async def test(gateway: Gateway, clock: Clock) -> None:
        for number in range(9):
            await made(
                gateway, SOCIAL, "Location", name=f"Hus {number}", status="inactive" if number in (0, 8) else "active"
            )
            clock.forward(10)
        narrowed = caller(scopes=("system/Location.rs?status=inactive",))
        first = body(await directory.history(gateway, narrowed, "Location"))
        assert (len(told(first)), "total" in first, bool(onwards(first))) == (1, False, True)
        met = await pages(gateway, narrowed, "Location", "", 50)
        assert len(met) == len(set(met)) == 2

    run(database_url, test)


def test_what_is_hidden_makes_no_page_shorter(database_url: str) -> None:
    """A shelter's versions, and what a token with parameters does not cover, count for nobody who may not see them."""

    async def test(gateway: Gateway, clock: Clock) -> None:
        shelter = {"name": "Krisecenter Solgården", "status": "active"}
        for number in range(4):
            await made(gateway, SOCIAL, "Location", **shelter)
            await made(gateway, SOCIAL, "Location", name=f"Hus {number}", status="active" if number % 2 else "inactive")
            clock.forward(10)
        narrowed = caller(scopes=("system/Location.rs?status=inactive",))
        for who, count in ((SOCIAL, 8), (JOBCENTER, 4), (narrowed, 2)):
            whole = body(await directory.history(gateway, who, "Location"))
            assert whole["total"] == count, who.role
            assert len(json.dumps(whole).split("Krisecenter")) - 1 == (4 if who is SOCIAL else 0)
            if count < 8:
                first = body(await directory.history(gateway, who, "Location", "", [("_count", str(count))]))
                assert (onwards(first), len(told(first))) == ([], count), "a full page, and nothing behind it"
            assert len(await pages(gateway, who, "Location", "", 1)) == count

    run(database_url, test)

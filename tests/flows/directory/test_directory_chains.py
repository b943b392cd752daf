"""Orders, parts, totals, chains and hierarchies of the directory; and that none of them tells of a shelter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.identifier import SOR
from gateway.errors import BadRequest
from gateway.flows import directory
from gateway.flows.parts import Gateway, Served
from tests.flows.directory.people import AUTHORISATION, HOSPITAL, NGO, SOCIAL, body, found, made
from tests.inbound.http_world import http, run


async def asked(gateway: Gateway, kind: str, *params: tuple[str, str], who: Any = NGO) -> Served:
    return await directory.search(gateway, who, kind, params)


async def names(gateway: Gateway, kind: str, *params: tuple[str, str], who: Any = NGO) -> list[str]:
    return found(await asked(gateway, kind, *params, who=who))


def test_orders_parts_and_totals(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            made_in_order = []
            for name in ("Bo", "Åse", "René", "Anna"):
                here.world.clock.forward(60)
                made_in_order.append(
                    await made(gateway, HOSPITAL, "Practitioner", active=name != "Bo", name=[{"given": [name]}])
                )
            bo, aase, rene, anna = made_in_order
            assert await names(gateway, "Practitioner", ("_sort", "given")) == [anna, aase, bo, rene]
            assert await names(gateway, "Practitioner", ("_sort", "-given")) == [rene, bo, aase, anna]
            assert await names(gateway, "Practitioner", ("_sort", "-_lastUpdated")) == made_in_order[::-1]
            assert await names(gateway, "Practitioner", ("given", "rene")) == [rene]
            assert await names(gateway, "Practitioner", ("given", "ASE,bo"), ("_sort", "_lastUpdated")) == [bo, aase]
            assert await names(gateway, "Practitioner", ("_content", "anna")) == [anna]
            assert await names(gateway, "Practitioner", ("phonetic", "Aase")) == [aase]
            since = body(await directory.read(gateway, NGO, "Practitioner", rene))["meta"]["lastUpdated"]
            late = await names(gateway, "Practitioner", ("_lastUpdated", f"ge{since}"), ("_sort", "_lastUpdated"))
            assert late == [rene, anna]
            pages: list[str] = []
            params = [("_sort", "-_lastUpdated"), ("_count", "3")]
            while params:
                told = await asked(gateway, "Practitioner", *params)
                pages += found(told)
                url = next((one["url"] for one in body(told)["link"] if one["relation"] == "next"), "")
                params = [("_page", url.partition("_page=")[2])] if url else []
            assert pages == made_in_order[::-1]
            told = body(await asked(gateway, "Practitioner", ("_summary", "count")))
            assert (told["total"], "entry" in told) == (4, False)
            assert "total" not in body(await asked(gateway, "Practitioner", ("_total", "none")))
            assert body(await asked(gateway, "Practitioner", ("_total", "accurate"), ("active", "true")))["total"] == 3
            (part,) = [
                one["resource"]
                for one in body(await asked(gateway, "Practitioner", ("_id", bo), ("_elements", "active")))["entry"]
            ]
            assert part.keys() == {"resourceType", "id", "meta", "active"}
            assert [one["code"] for one in part["meta"]["tag"]] == ["SUBSETTED"]
            for wrong in (("_sort", "near"), ("_sort", "banana"), ("_summary", "maybe"), ("_offset", "1")):
                with pytest.raises(BadRequest):
                    await asked(gateway, "Practitioner", wrong)

    run(test)


def test_more_than_a_thousand_are_paged_without_a_total(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            monkeypatch.setattr("gateway.flows.directory.matching.TOTAL", 3)
            monkeypatch.setattr("gateway.flows.directory.matching.WHOLE", 5)
            monkeypatch.setattr("gateway.flows.directory.matching.NEAR", 1)
            ids = sorted([await made(here.gateway, HOSPITAL, "Location", name=f"Afsnit {n}") for n in range(9)])
            await made(here.gateway, SOCIAL, "Location", name="Krisecenter")
            pages, params = [], [("_count", "2")]
            while params:
                told = await asked(here.gateway, "Location", *params)
                assert "total" not in body(told)
                pages.append(found(told))
                url = next((one["url"] for one in body(told)["link"] if one["relation"] == "next"), "")
                params = [("_page", url.partition("_page=")[2])] if url else []
            assert [one for page in pages for one in page] == ids
            assert [len(page) for page in pages] == [2, 2, 2, 2, 1]
            for wide in (("_sort", "name"), ("_total", "accurate"), ("_summary", "count")):
                with pytest.raises(BadRequest):
                    await asked(here.gateway, "Location", wide)
            monkeypatch.setattr("gateway.flows.directory.matching.WALK", 1)
            params, pages, seen = [("name:exact", "Afsnit 8"), ("_count", "1")], [], 0
            while params:
                told = await asked(here.gateway, "Location", *params)
                pages, seen = [*pages, found(told)], seen + 1
                url = next((one["url"] for one in body(told)["link"] if one["relation"] == "next"), "")
                params = [("_page", url.partition("_page=")[2])] if url else []
            (one,) = [one for page in pages for one in page]
            assert body(await directory.read(here.gateway, NGO, "Location", one))["name"] == "Afsnit 8"
            assert seen > 1
            less = [await made(here.gateway, HOSPITAL, "Location", name=f"Bad {n}") for n in range(2)]
            assert await names(here.gateway, "Location", ("name", "bad"), ("_sort", "-name")) == less[::-1]

    run(test)


def test_chains_and_hierarchies_stop_at_a_shelter(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            top = await made(gateway, HOSPITAL, "Organization", name="Klinikken",
                             identifier=[{"system": SOR, "value": "953741000016009"}])  # fmt: skip
            named = {"identifier": {"system": SOR, "value": "953741000016009"}}
            part = await made(gateway, HOSPITAL, "Organization", name="Afsnit", partOf=named)
            below = await made(
                gateway, HOSPITAL, "Organization", name="Teamet", partOf={"reference": f"Organization/{part}"}
            )
            secret = await made(gateway, SOCIAL, "Organization", name="Krisecenter Lunden", partOf=named)
            nurse = await made(gateway, HOSPITAL, "Practitioner", name=[{"family": "Østergård"}],
                               identifier=[{"system": AUTHORISATION, "value": "0ABCD"}])  # fmt: skip
            told = {"identifier": {"system": AUTHORISATION, "value": "0ABCD"}}
            role = await made(gateway, HOSPITAL, "PractitionerRole", practitioner=told, organization=named, active=True)
            there = await made(
                gateway, SOCIAL, "PractitionerRole", practitioner=told,
                organization={"reference": f"Organization/{secret}"}, code=[{"text": "vagt"}],
            )  # fmt: skip
            everybody: tuple[tuple[str, str, str, list[str]], ...] = (
                ("PractitionerRole", "practitioner.family", "øster", [role]),
                ("PractitionerRole", "practitioner:Practitioner.name", "Østergård", [role]),
                ("PractitionerRole", "practitioner.phonetic", "oestergaard", [role]),
                ("PractitionerRole", "organization.name", "klinik", [role]),
                ("PractitionerRole", "organization.name", "kris", []),
                ("PractitionerRole", "organization.name:contains", "lunden", []),
                ("PractitionerRole", "organization.name:missing", "false", [role]),
                ("Practitioner", "_has:PractitionerRole:practitioner:active", "true", [nurse]),
                ("Practitioner", "_has:PractitionerRole:practitioner:role:text", "vagt", []),
                ("Practitioner", "_has:PractitionerRole:practitioner:organization.name", "klinik", [nurse]),
                ("Practitioner", "_has:PractitionerRole:practitioner:organization.name", "krise", []),
                ("Organization", "partof.name", "klinik", [part]),
                ("Organization", "partof.partof.name", "klinik", [below]),
                ("Organization", "partof:below", top, sorted([part, below])),
                ("Organization", "partof:below", f"Organization/{part}", [below]),
                ("Organization", "partof:below", secret, []),
                ("Organization", "partof:above", below, sorted([part, below])),
                ("Organization", "partof:above", secret, []),
            )
            for kind, name, value, wanted in everybody:
                assert sorted(await names(gateway, kind, (name, value))) == wanted, (name, value)
            assert await names(gateway, "PractitionerRole", ("organization.name", "kris"), who=SOCIAL) == [there]
            assert set(await names(gateway, "Organization", ("partof:below", top), who=SOCIAL)) == {part, below, secret}
            less = replace(NGO, scopes=("system/PractitionerRole.rs", "system/Practitioner.r"))
            assert await names(gateway, "PractitionerRole", ("practitioner.family", "øster"), who=less) == []
            for wrong in (
                ("_has:Encounter:practitioner:status", "finished"), ("_revinclude", "Encounter:practitioner"),
                ("_has:PractitionerRole:organization:active", "true"), ("qualification-code.x", "1"),
            ):  # fmt: skip
                with pytest.raises(BadRequest):
                    await asked(gateway, "Practitioner", wrong)
            for most in (4, 1):  # of all names, and of those that one step finds
                monkeypatch.setattr("gateway.flows.directory.climbing.MOST", most)
                with pytest.raises(BadRequest):
                    await names(gateway, "Organization", ("partof:below", top), who=SOCIAL)
            monkeypatch.setattr("gateway.flows.directory.climbing.MOST", 4)
            seen = await names(gateway, "Organization", ("partof:below", top))
            assert set(seen) == {part, below}, "what is hidden does not count"

    run(test)


def test_places_that_are_near_and_shelters_that_are_not_told(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            point = {"latitude": 55.6761, "longitude": 12.5683}
            ward = await made(here.gateway, HOSPITAL, "Location", name="Afsnit", position=point)
            hidden = await made(here.gateway, SOCIAL, "Location", name="Krisecenter", position=point)
            assert await names(here.gateway, "Location", ("near", "55.68|12.57|1|km")) == [ward]
            assert await names(here.gateway, "Location", ("near", "55.78|12.57|1|km")) == []
            assert set(await names(here.gateway, "Location", ("near", "55.68|12.57"), who=SOCIAL)) == {ward, hidden}

    run(test)

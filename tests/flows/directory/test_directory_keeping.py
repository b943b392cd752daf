"""The directory: what is written, by whom, and what is on record."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    NeedsVersion,
    NotFound,
    RuleBroken,
    SeveralMatch,
    Unavailable,
)
from gateway.flows import directory
from tests.flows.directory.people import (
    AUTHORISATION,
    CODES,
    HOSPITAL,
    NGO,
    SOCIAL,
    body,
    found,
    made,
    raw,
)
from tests.inbound.http_world import http, run


def test_a_resource_goes_through_its_life(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            new = raw("Location", name="Sengeafsnit 4", position={"longitude": 12.50, "latitude": 55})
            first = await directory.create(gateway, HOSPITAL, "Location", new)
            identity = body(first)["id"]
            assert (first.created, first.version) == (True, "1")
            assert b"12.5" in first.body
            here.world.clock.forward(60)
            changed = raw("Location", id=identity, name="Sengeafsnit 5", meta={"versionId": "77", "source": "x"})
            with pytest.raises(NeedsVersion):
                await directory.update(gateway, HOSPITAL, "Location", identity, changed, "")
            with pytest.raises(Conflict):
                await directory.update(gateway, HOSPITAL, "Location", identity, changed, 'W/"2"')
            second = await directory.update(gateway, HOSPITAL, "Location", identity, changed, 'W/"1"')
            assert second.version == "2"
            assert "source" not in body(second)["meta"]
            again = await directory.update(gateway, HOSPITAL, "Location", identity, changed, 'W/"2"')
            assert again.version == "2"  # the same content makes no version
            old = body(await directory.read(gateway, SOCIAL, "Location", identity, 1))
            assert old["name"] == "Sengeafsnit 4"
            await directory.withdraw(gateway, HOSPITAL, "Location", identity)
            await directory.withdraw(gateway, HOSPITAL, "Location", identity)
            with pytest.raises(Gone):
                await directory.read(gateway, SOCIAL, "Location", identity)
            told = body(await directory.history(gateway, SOCIAL, "Location", identity))
            assert [one["request"]["method"] for one in told["entry"]] == ["DELETE", "PUT", "POST"]
            assert found(await directory.search(gateway, SOCIAL, "Location", [("name", "seng")])) == []
            with pytest.raises(Gone):
                await directory.update(gateway, HOSPITAL, "Location", identity, changed, 'W/"3"')

    run(test)


def test_a_source_changes_only_what_it_wrote(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            identity = await made(gateway, HOSPITAL, "Practitioner", name=[{"family": "Prøve"}])
            changed = raw("Practitioner", id=identity, name=[{"family": "Anden"}])
            with pytest.raises(Forbidden):
                await directory.update(gateway, SOCIAL, "Practitioner", identity, changed, 'W/"1"')
            with pytest.raises(Forbidden):
                await directory.withdraw(gateway, SOCIAL, "Practitioner", identity)
            with pytest.raises(Forbidden):
                await made(gateway, replace(SOCIAL, sends=()), "Practitioner")
            table = gateway.ids("Organization", f"{CODES}|0101")
            with pytest.raises(Forbidden, match="tables"):
                await directory.update(
                    gateway, SOCIAL, "Organization", table, raw("Organization", id=table, name="Min"), 'W/"1"'
                )
            with pytest.raises(BadRequest):
                await directory.create(gateway, HOSPITAL, "Practitioner", raw("Location"))
            with pytest.raises(RuleBroken):
                await directory.create(gateway, HOSPITAL, "Practitioner", raw("Practitioner", gender="unheard-of"))
            with pytest.raises(NotFound):
                await directory.update(gateway, HOSPITAL, "Practitioner", "x", raw("Practitioner", id="x"), "1")

    run(test)


def test_a_conditional_create_happens_once(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            new = raw("Practitioner", identifier=[{"system": AUTHORISATION, "value": "0XYZ1"}])
            asked = f"identifier={AUTHORISATION}|0XYZ1"
            answers = await asyncio.gather(
                *(directory.create(gateway, HOSPITAL, "Practitioner", new, asked) for _ in range(8))
            )
            assert [one.created for one in answers].count(True) == 1
            assert len({body(one)["id"] for one in answers}) == 1
            await directory.create(gateway, HOSPITAL, "Practitioner", new)
            with pytest.raises(SeveralMatch):
                await directory.create(gateway, HOSPITAL, "Practitioner", new, asked)
            monkeypatch.setattr("gateway.flows.directory.searching.CONDITION", 1)
            other = await directory.create(gateway, HOSPITAL, "Practitioner", new, f"identifier={AUTHORISATION}|0XYZ2")
            assert other.created, "what can be looked up looks at nobody else"
            with pytest.raises(BadRequest):
                await directory.create(gateway, HOSPITAL, "Practitioner", new, "name:contains=nobody")

    run(test)


def test_every_access_is_on_record_without_a_citizen(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            identity = await made(gateway, SOCIAL, "Location", name="Forsorgshjem")
            await directory.read(gateway, SOCIAL, "Location", identity)
            with pytest.raises(NotFound):
                await directory.read(gateway, NGO, "Location", identity)
            async with gateway.database.connection() as connection:
                rows = await connection.fetch(
                    "SELECT interaction, decision, citizen, body FROM access_record ORDER BY id"
                )
            assert [(row[0], row[1], row[2]) for row in rows] == [
                ("create", "permit", ""), ("read", "permit", ""), ("read", "deny", ""),
            ]  # fmt: skip
            assert b"mappings/policy/access.csv" in rows[2]["body"]

    run(test)


def test_what_is_kept_and_on_record_is_answered_so_whatever_fails_later(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> None:
        raise Unavailable("The database is away")

    async def test() -> None:
        async with http(database_url) as here:
            gateway = here.gateway
            identity = await made(gateway, HOSPITAL, "Organization", name="Afsnit")
            monkeypatch.setattr("gateway.flows.directory.keeping.hear_units", away)
            other = await made(gateway, HOSPITAL, "Organization", name="Et til")
            assert other != identity, "sent again it would be there twice"
            await directory.withdraw(gateway, HOSPITAL, "Organization", identity)
            rows = await gateway.database.fetch("SELECT interaction, decision FROM access_record ORDER BY id")
            assert [tuple(row) for row in rows] == [("create", "permit"), ("create", "permit"), ("delete", "permit")]

    run(test)

"""LoRa JSON over HTTP: as LoRa takes and answers it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.flows.replay import replay
from gateway.inbound.scopes import Scope
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital
from tests.translate.oio_json.objects import CASE, CPR, EFFORT, case, effort, raw, state, to

SENDER = hospital(scopes=(Scope("Bundle", "c"),), sends=("koebenhavn-sag",))
DOOR = "/cases/oio-json"


async def send(here: Http, told: Any, method: str = "POST", path: str = DOOR, kind: str = "application/json") -> Any:
    headers = {**await here.bearer("system/Bundle.c"), "Content-Type": kind}
    content = told if isinstance(told, bytes) else raw(told)
    answer = await here.web.request(method, path, headers=headers, content=content)
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, answer.json()


async def bodies(here: Http, kind: str = "CarePlan") -> list[dict[str, Any]]:
    rows = await here.gateway.database.fetch("SELECT body FROM resource WHERE kind = $1 ORDER BY id", kind)
    return [json.loads(row["body"]) for row in rows]


def without(told: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in names}


def test_written_changed_and_taken_out(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            first = case(fratidspunkt="2025-01-14 10:00:00+01")
            for _ in range(2):
                assert await send(here, first) == (200, {"uuid": CASE})
            assert await here.gateway.database.fetchval("SELECT count(*) FROM message") == 1
            whole = without(case(fratidspunkt="2025-02-14 10:00:00+01"), "uuid")
            whole["attributter"]["sagegenskaber"][0]["titel"] = "Herberg"
            assert await send(here, whole, "PUT", f"{DOOR}/{CASE}") == (200, {"uuid": CASE})
            change = {
                "fratidspunkt": "2025-03-01 10:00:00+01",
                "tilstande": {"sagfremdrift": [state("Afgjort", "2025-03-01 00:00:00")]},
            }
            assert await send(here, change, "PATCH", f"{DOOR}/{CASE}") == (200, {"uuid": CASE})
            (plan,) = await bodies(here)
            assert (plan["title"], plan["status"]) == ("Herberg", "active")
            gone = {"uuid": CASE, "livscykluskode": "Slettet"}
            assert (await send(here, gone))[0] == 200
            (plan,) = await bodies(here)
            assert plan["status"] == "entered-in-error"

    run(test)


def test_taken_out_as_lora_takes_it_out(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            assert (await send(here, b"", "DELETE", f"{DOOR}/{CASE}", kind=""))[0] == 404
            assert (await send(here, case(fratidspunkt="2025-01-14 10:00:00+01")))[0] == 200
            for body, kind in ((b"", ""), (b'{"note": "fejl"}', "application/json")):
                assert await send(here, body, "DELETE", f"{DOOR}/{CASE}", kind=kind) == (200, {"uuid": CASE})
                (plan,) = await bodies(here)
                assert plan["status"] == "entered-in-error"
            assert (await send(here, b"", "DELETE", f"{DOOR}/sag", kind=""))[0] == 422

    run(test)


def test_an_effort_finds_its_citizen_by_its_case(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            told = effort(relationer__indsatsmodtager=None)
            status, answer = await send(here, told)
            assert (status, answer["where"]) == (404, "relationer.indsatsmodtager")
            assert (await send(here, case()))[0] == 200
            assert await send(here, told) == (200, {"uuid": EFFORT})
            plans = {one["title"]: one for one in await bodies(here)}
            assert plans["Hjemmebesøg"]["subject"] == plans["Botilbud efter § 110"]["subject"]

    run(test)


def test_quarantine_and_replay(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            told = effort(relationer__indsatsmodtager=None)
            assert (await send(here, told))[0] == 404
            assert (await send(here, case()))[0] == 200
            assert [one.error for one in await replay(here.gateway)] == [""]
            assert len(await bodies(here)) == 2

    run(test)


@pytest.mark.parametrize(
    ("told", "status", "where"),
    [
        (b"{", 400, "line 1 column 2"),
        (b'{"a": 1, "a": 2}', 400, "a"),
        (case(relationer__ejer=None), 422, "relationer.ejer"),
        (case(tilstande__sagfremdrift=[state("Lukket")]), 422, "tilstande.sagfremdrift[0].fremdrift"),
        (case(relationer__ejer=to(urn="urn:oio:cvr-nr:11259979")), 403, ""),
    ],
)
def test_what_is_wrong_is_told_as_lora_does(database_url: str, told: Any, status: int, where: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            found, answer = await send(here, told)
            assert (found, answer.get("where", "")) == (status, where)
            assert answer["message"]
            assert CPR not in json.dumps(answer)
            assert await bodies(here) == []

    run(test)


def test_another_media_type_and_an_object_that_names_itself_twice(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            assert (await send(here, case(), kind="application/xml"))[0] == 415
            status, answer = await send(here, case(), "PUT", f"{DOOR}/{EFFORT}")
            assert (status, answer["where"]) == (400, "uuid")
            assert "leave its uuid out" in answer["message"], "what to do"
            assert (await send(here, b"{}", "PATCH", f"{DOOR}/{CASE}"))[0] == 422

    run(test)

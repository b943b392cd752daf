"""Case systems that send what is not theirs: another municipality's cases, by whole message or by number alone."""

from __future__ import annotations

import json
from typing import Any

from tests.attack.world import Doors, doors
from tests.inbound.http_world import run
from tests.translate.oio_json.objects import CASE, case, raw, state, to

NOBODYS = CASE[:-1] + "9"
GONE = {"livscykluskode": "Slettet", "attributter": {"sagegenskaber": []}}
CLOSED = {"fratidspunkt": "2025-03-01 10:00:00+01", "tilstande": {"sagfremdrift": [state("Afsluttet")]}}
_JSON = "application/json"


async def told(here: Doors, who: str, body: Any, method: str = "POST", at: str = "") -> tuple[int, Any]:
    """The answer to an object in LoRa's JSON."""
    headers = await here.bearer(who) | {"Content-Type": _JSON}
    answer = await here.http.raw(method, f"/cases/oio-json{at and f'/{at}'}", headers, raw(body))
    return answer.status, json.loads(answer.body)


def test_a_number_that_another_municipality_has_is_told_like_one_that_nobody_has(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            assert (await told(here, "social", case()))[0] == 200
            for method, body in (("PATCH", CLOSED), ("PUT", CLOSED), ("DELETE", CLOSED), ("POST", GONE)):
                answers = [
                    await told(here, "elsewhere", body | {"uuid": one}, method, "" if method == "POST" else one)
                    for one in (CASE, NOBODYS)
                ]
                assert answers[0] == answers[1], method
                assert answers[0][0] != 200
            (plan,) = await here.http.gateway.database.fetch("SELECT body FROM resource WHERE kind = 'CarePlan'")
            assert json.loads(plan["body"])["status"] not in ("completed", "entered-in-error")
            assert (await told(here, "social", CLOSED, "PATCH", CASE))[0] == 200, "its own system may"

    run(test)


def test_an_object_of_another_municipality_is_not_taken_over_by_claiming_it(database_url: str) -> None:
    """The same number with another owner is another object, of whoever sends it."""

    async def test() -> None:
        async with doors(database_url) as here:
            assert (await told(here, "social", case()))[0] == 200
            mine = to(urn="urn:oio:cvr-nr:11259979", objekttype="Organisation", fuldtnavn="Frederiksberg")
            status, _ = await told(here, "elsewhere", case(relationer__ejer=mine, attributter__sagegenskaber=[
                {"brugervendtnoegle": "X", "titel": "Overtaget", "virkning": state("")["virkning"]}
            ]))  # fmt: skip
            assert status == 200
            assert (await told(here, "elsewhere", GONE | {"uuid": CASE}))[0] == 200
            rows = await here.http.gateway.database.fetch("SELECT body FROM resource WHERE kind = 'CarePlan'")
            plans = {one["title"]: one["status"] for one in (json.loads(row["body"]) for row in rows)}
            assert plans["Overtaget"] == "entered-in-error"
            assert plans["Botilbud efter § 110"] != "entered-in-error"

    run(test)

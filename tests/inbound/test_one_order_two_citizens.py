"""Numbers of a municipality's resources used again for another citizen, by mistake or on purpose: neither gets the
other's plan, and neither loses one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from gateway.inbound.scopes import Scope
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital
from tests.inbound.test_message_doors import send

ORDER = (Path(__file__).parents[2] / "fixtures" / "messages" / "kl" / "order.json").read_bytes()
SENDER = hospital(scopes=(Scope("Bundle", "c"),), sends=("koebenhavn-ffb",))
FIRST, SECOND = "2509479989", "2512489996"


def order(cpr: str, number: str) -> bytes:
    """The same resources under the same numbers, about somebody else and in another message."""
    told = json.loads(ORDER)
    patient = next(e["resource"] for e in told["entry"] if e["resource"]["resourceType"] == "Patient")
    patient["identifier"] = [{"system": "urn:oid:1.2.208.176.1.2", "value": cpr}]
    told["entry"][0]["resource"]["id"] = number
    return json.dumps(told | {"id": number}, ensure_ascii=False).encode()


async def of(here: Http, cpr: str) -> dict[str, Any]:
    rows = await here.gateway.database.fetch(
        "SELECT r.kind, r.id, r.body FROM resource r JOIN identity i ON i.citizen = r.citizen WHERE i.key = $1",
        f"urn:oid:1.2.208.176.1.2|{cpr}",
    )
    return {f"{row['kind']}/{row['id']}": json.loads(row["body"]) for row in rows}


def test_each_keeps_a_plan_of_their_own(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            for number, cpr in enumerate((FIRST, SECOND, FIRST, SECOND)):
                status, *answer = await send(
                    here, "/fhir/$process-message", "application/fhir+json", order(cpr, f"o-{number}")
                )
                assert status == 200, answer
            first, second = await of(here, FIRST), await of(here, SECOND)
            assert sorted(one.partition("/")[0] for one in first) == sorted(one.partition("/")[0] for one in second)
            assert not first.keys() & second.keys()
            for one, other in ((first, second), (second, first)):
                named = set(re.findall(r'"([A-Z][A-Za-z]+/[0-9a-f]{32})"', json.dumps(list(one.values()))))
                assert not named & other.keys(), "a plan refers to somebody else's"
            assert len(named & second.keys() | named & first.keys()) > 3, "the parts of a plan are tied to each other"

    run(test)

"""One episode's number for two citizens, by mistake, in a correction of a wrong CPR number or on purpose: neither gets
the other's stay, and neither loses one."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from gateway.inbound.scopes import Scope
from tests.flows.messages import case
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital
from tests.inbound.test_message_doors import send
from tests.inbound.test_message_numbers import code, told
from tests.translate.medcom.notices import END, LEFT, asking, notice, resource

Json = dict[str, Any]
SENDER = hospital(scopes=(Scope("Bundle", "c"),), sends=("regionh-medcom", "koebenhavn-sag"))
FIRST, SECOND = "2509479989", "2512489996"
STIN = "admit-inpatient"


def about(cpr: str, bundle: Json) -> Json:
    resource(bundle, "Patient")["identifier"] = [{"system": "urn:oid:1.2.208.176.1.2", "value": cpr}]
    return bundle | {"id": str(uuid.uuid4())}


def own_case(cpr: str) -> bytes:
    """A case of this citizen's own: the fixture has one number."""
    number = b"5B0C9D2E-61C4-4E0B-9A5D-0F2B7C3E"
    assert number in case(cpr)
    return case(cpr).replace(number + b"8A11", number + cpr[-4:].encode())


async def stays(here: Http, cpr: str) -> list[Json]:
    rows = await here.gateway.database.fetch(
        "SELECT r.body FROM resource r JOIN identity i ON i.citizen = r.citizen"
        " WHERE i.key = $1 AND r.kind = ANY(ARRAY['Encounter', 'Task']) ORDER BY r.kind",
        f"urn:oid:1.2.208.176.1.2|{cpr}",
    )
    return [json.loads(row["body"]) for row in rows]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1)])
def test_each_keeps_what_is_told_of_them(database_url: str, order: tuple[int, ...]) -> None:
    """AN_STIN for a wrong CPR number, then STIN for the right one, in any order, with a word about both afterwards."""
    chain = (("m1", STIN),)
    messages = [
        about(FIRST, asking(notice(header="m1", recorded="2025-03-10T09:05:00+01:00"))),
        about(FIRST, notice(f"cancel-{STIN}", header="m2", earlier=chain, status="entered-in-error")),
        about(SECOND, asking(notice(header="m3", start=LEFT, recorded="2025-03-12T09:05:00+01:00"))),
        about(SECOND, notice("discharge-inpatient-home", header="m4", earlier=chain, start=LEFT, status="finished",
                             end=END)),
    ]  # fmt: skip

    async def test() -> None:
        async with http(database_url, SENDER) as here:
            for cpr in (FIRST, SECOND):
                assert (await send(here, "/cases/oio", "application/xml", own_case(cpr)))[0] == 200
            for at in (*order, *order):
                assert code((await told(here, messages[at]))[1]) == "ok"
            (first, asked_first), (second, asked_second) = await stays(here, FIRST), await stays(here, SECOND)
            assert first["status"] == asked_first["status"] == "entered-in-error"
            assert (second["status"], second["period"]["end"]) == ("finished", END)
            assert asked_second["status"] == "cancelled"
            assert len({one["id"] for one in (first, second, asked_first, asked_second)}) == 4
            assert asked_second["encounter"]["reference"] == f"Encounter/{second['id']}"
            for one, other in ((first, second), (asked_first, asked_second)):
                ends = [body.get("subject", body.get("for"))["reference"] for body in (one, other)]
                assert ends[0] != ends[1]

    run(test)

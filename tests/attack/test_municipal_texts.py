"""What municipal systems write where no text belongs: it comes back in no answer, names nothing, and makes nothing
unreadable or slow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.attack.world import SARAH, Doors, doors, order, patient_of, plan
from tests.inbound.http_world import run
from tests.translate.kl import reporting
from tests.translate.oio import building
from tests.translate.oio_json.objects import case, raw, to
from tests.translate.ydelse import making

CPR = "2512489996"
XML = "application/xml"
KL = "application/fhir+json"
JSON = "application/json"


async def post(here: Doors, who: str, path: str, kind: str, body: bytes) -> tuple[int, str]:
    answer = await here.http.raw("POST", path, await here.bearer(who) | {"Content-Type": kind}, body)
    return answer.status, answer.body.decode()


def named(body: bytes, uuid: str) -> bytes:
    """With something else where its own UUID stands."""
    return body.replace(uuid.encode(), f"borger {CPR}".encode())


def strange() -> bytes:
    """A report with a resource of a type that nobody knows."""
    told = reporting.report("2026-01-20", reporting.plan("a", intent="plan"), reporting.plan("b", intent="plan"))
    told["entry"][2]["resource"]["resourceType"] = f"Borger {CPR}"
    return reporting.raw(told)


@pytest.mark.parametrize(
    ("who", "path", "kind", "body", "status"),
    [
        ("social", "/cases/oio", XML, named(building.wrapped(*building.index(building.case())), building.UUID), 422),
        ("benefit", "/cases/ydelse", XML, named(making.imported(), making.GRANT), 422),
        ("benefit", "/cases/ydelse", XML, named(making.imported(making.paid()), making.PAID), 422),
        ("social", "/messages/sf2900", XML, f"<borger-{CPR}/>".encode(), 422),
        ("social", "/cases/oio", XML, f"<borger-{CPR}/>".encode(), 422),
        ("benefit", "/cases/ydelse", XML, f"<borger-{CPR}/>".encode(), 422),
        ("social", "/cases/kl", KL, strange(), 200),
        ("social", "/cases/oio-json", JSON, json.dumps({f"borger{CPR}": {CPR: CPR}}).encode(), 422),
    ],
    ids=["case", "grant", "payment", "receipt", "no-case", "no-grant", "type", "lora"],
)
def test_a_number_in_a_strange_place_comes_back_in_no_answer(
    database_url: str, who: str, path: str, kind: str, body: bytes, status: int
) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            told = await post(here, who, path, kind, body)
            assert told[0] == status, told
            assert CPR not in told[1]
            for row in await here.http.gateway.database.fetch("SELECT message_id FROM message"):
                assert CPR not in row["message_id"]

    run(test)


@pytest.mark.parametrize("text", ["Lind\x1b[31m", "Li\x00nd", "Lind\ufffe"])
def test_a_character_that_no_text_holds_makes_no_plan_unreadable(database_url: str, text: str) -> None:
    """JSON can spell what XML cannot write."""

    async def test() -> None:
        async with doors(database_url) as here:
            part = to(urn=f"urn:oio:cpr-nr:{SARAH}", objekttype="Person", fuldtnavn=text)
            told: dict[str, Any] = case(relationer__primaerpart=part)
            told["attributter"]["sagegenskaber"][0]["titel"] = text
            assert (await post(here, "social", "/cases/oio-json", JSON, raw(told)))[0] == 200
            if text.endswith("\ufffe"):  # R4's own pattern of a string lets it through
                await here.arrive(("social", order(SARAH, plan(title=text))))
            for kind in (KL, "application/fhir+xml"):
                seen = await here.get("social", f"Patient/{patient_of(SARAH)}/$joint-plan", headers={"Accept": kind})
                assert seen.status == 200
                assert not {"\x1b", "\x00", "\\u001b", "\\u0000"} & set(seen.body.decode())
                assert b"\\u00" not in seen.body

    run(test)


def test_a_reason_without_end_comes_to_an_end(database_url: str) -> None:
    """Twice three megabytes: with time in proportion a moment's work, with time in its square many minutes' (the
    suite's own limit of a test ends it)."""
    text = "ikke nedsat " * 250_000
    body = making.imported(making.granted(making.registered(making.benefit(reason=text), reason=text)))

    async def test() -> None:
        async with doors(database_url) as here:
            assert (await post(here, "benefit", "/cases/ydelse", XML, body))[0] == 200

    run(test)

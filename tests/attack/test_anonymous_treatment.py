"""Anonymous treatment (serviceloven § 101 a) never comes into a plan, in whichever language and spelling it comes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.attack.world import SARAH, Doors, doors, order, patient_of, plan
from tests.inbound.http_world import run
from tests.inbound.rest_world import rest
from tests.translate.oio import building

XML = "application/xml"
SPELLED = ("Serviceloven § 101 a", "SEL §101a, stk. 1", "lov om social service paragraf 101 A", "§§ 101 og 101 a")


def _case(law: str) -> bytes:
    attributes = building.properties(more=f"<sag:HjemmelSpecifikation>{law}</sag:HjemmelSpecifikation>")
    return building.wrapped(*building.index(building.case(attributes=attributes))).replace(
        b"2512489996", SARAH.encode()
    )


async def _kept(here: Doors) -> set[str]:
    rows = await here.http.gateway.database.fetch("SELECT kind FROM resource")
    return {row["kind"] for row in rows}


@pytest.mark.parametrize("law", SPELLED)
def test_a_case(database_url: str, law: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            headers = await here.bearer("social") | {"Content-Type": XML}
            told = await here.http.raw("POST", "/cases/oio", headers, _case(law))
            assert told.status == 200, told.body
            assert "CarePlan" not in await _kept(here)
            other = _case("Serviceloven § 101").replace(
                building.UUID.encode(), building.UUID.replace("1", "2").encode()
            )
            assert (await here.http.raw("POST", "/cases/oio", headers, other)).status == 200
            assert "CarePlan" in await _kept(here)

    run(test)


def test_an_order_and_what_hangs_on_it(database_url: str) -> None:
    """The rest of the order is taken."""

    def goal(name: str) -> dict[str, Any]:
        return {"resourceType": "Goal", "id": name, "lifecycleStatus": "active", "description": {"text": f"Mål {name}"}}

    hidden = plan("anonym", title="Behandling efter SEL 101 a", goal=[{"reference": "Goal/g1"}])
    beneath = plan("beneath", basedOn=[{"reference": "CarePlan/anonym"}], title="Samtaler")
    shown = plan("shown", goal=[{"reference": "Goal/g2"}])

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, hidden, beneath, shown, goal("g1"), goal("g2"))))
            found = await here.http.gateway.database.fetch("SELECT kind, body FROM resource WHERE kind <> 'Patient'")
            texts = " ".join(row["body"].decode() for row in found)
            assert "Plan" in texts
            assert "Mål g2" in texts
            assert not [one for one in ("101", "Samtaler", "Mål g1") if one in texts]

    run(test)
    assert patient_of(SARAH)


def test_by_rest(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            sent = here.about("CarePlan", status="active", intent="plan", title="Efter serviceloven § 101 a")
            answer = await here.call("POST", "/CarePlan", sent, who="social")
            assert answer.status_code == 422
            assert json.loads(answer.text)["issue"][0]["expression"] == ["CarePlan"]
            made = await here.made(sent | {"title": "Efter serviceloven § 101"}, who="social")
            patch = json.dumps([{"op": "replace", "path": "/title", "value": "SEL §101a"}]).encode()
            told = await here.call(
                "PATCH", f"/CarePlan/{made['id']}", patch, who="social",
                Content_Type="application/json-patch+json", If_Match=f'W/"{made["meta"]["versionId"]}"',
            )  # fmt: skip
            assert told.status_code == 422

    run(test)

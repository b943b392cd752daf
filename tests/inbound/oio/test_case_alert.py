"""`POST /cases/oio` of a case that reduces a benefit: an alert on the plan, for who may know of benefits."""

from __future__ import annotations

import json
from typing import Any

from tests.flows.messages import case as another
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import NUMBER, arrive, headers
from tests.inbound.test_ydelse_door import CAST, ask, flags
from tests.translate.oio.building import BEGUN, OBLIGATORY, case, index, klass, party, states, uuid, wrapped

OVER = "2025-03-01T00:00:00+01:00"


def told(*rows: tuple[str, str, str], moment: str = "2025-02-10T09:15:00+01:00") -> bytes:
    listed = [one for one in OBLIGATORY if one.role not in ("PrimaerKlasse", "PrimaerPart")]
    listed.append(klass("PrimaerKlasse", "32.24.06", "Nedsættelse af kontanthjælp", uuid(3)))
    listed.append(party("PrimaerPart", f"urn:oio:cpr-nr:{NUMBER}", "Prøve"))
    return wrapped(*index(case(told=listed, progress=states(*(rows or BEGUN)), moment=moment, number=uuid(77))))


async def send(here: Http, raw: bytes) -> None:
    bearer = await headers(here, "social", "HOPERAT")
    answer = await here.web.post("/cases/oio", headers=bearer | {"Content-Type": "application/xml"}, content=raw)
    assert answer.status_code == 200, answer.text


async def plan(here: Http, patient: str) -> dict[str, Any]:
    _, body, _ = await ask(here, "social", f"/fhir/Patient/{patient}/$joint-plan")
    found: dict[str, Any] = json.loads(body)["entry"][0]["resource"]
    return found


def test_who_sees_that_a_case_reduces_a_benefit_and_that_it_is_over(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CAST) as here:
            patient = await arrive(here)
            await send(here, another(NUMBER))
            assert await flags(here, "social") == []
            await send(here, told())
            seen = {one.id: len(await flags(here, one.id)) for one in CAST if one.id != "auditor"}
            assert seen == {
                "epj": 0, "social": 1, "office": 1, "job": 1, "nursing": 0, "elsewhere": 0, "shelter": 0, "helpers": 0,
            }  # fmt: skip
            (flag,) = await flags(here, "social")
            assert (flag["status"], flag["code"]["coding"][0]["code"]) == ("active", "reduced")
            assert (await plan(here, patient))["supportingInfo"][0] == {"reference": f"Flag/{flag['id']}"}
            await send(here, told(BEGUN[0], ("Afgjort", BEGUN[1][1], OVER), ("Afsluttet", OVER, ""), moment=OVER))
            (flag,) = await flags(here, "social")
            assert flag["status"] == "inactive"
            listed = (await plan(here, patient)).get("supportingInfo", [])
            assert {"reference": f"Flag/{flag['id']}"} not in listed

    run(test)

"""An admission that was an error takes its diagnoses with it, whatever else is known of the citizen."""

from __future__ import annotations

import json
from typing import Any

from gateway.flows.parts import Gateway
from tests.flows.conftest import House
from tests.flows.messages import adt, case
from tests.flows.test_receive import told

DIAGNOSIS = "DG1|1||DF205^Skizofreni^SKS||20260302|A"


async def conditions(gateway: Gateway) -> list[str]:
    """The verification status of each Condition, "" for none."""
    rows = await gateway.database.fetch("SELECT body FROM resource WHERE kind = 'Condition'")
    bodies: list[dict[str, Any]] = [json.loads(row["body"]) for row in rows]
    return [one.get("verificationStatus", {}).get("coding", [{}])[0].get("code", "") for one in bodies]


def test_a_cancelled_admission_and_a_new_one(house: House) -> None:
    admitted = adt("A01", 1, "20260302090000+0100", more=DIAGNOSIS)
    cancelled = adt("A11", 2, "20260302100000+0100")
    again = adt("A01", 3, "20260302110000+0100")
    late = adt("A08", 4, "20260302093000+0100", more=DIAGNOSIS)

    async def work(gateway: Gateway) -> list[list[str]]:
        await told(gateway, case())
        found = []
        for message in (admitted, cancelled, late, again):
            (answer,) = await told(gateway, message)
            assert answer.accepted
            found.append(await conditions(gateway))
        return found

    assert house.run(work) == [[""], ["entered-in-error"], ["entered-in-error"], [""]]

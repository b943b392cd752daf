"""A number that came after a municipality had handed the citizen over leads it nowhere, by whichever door."""

from __future__ import annotations

import json

from gateway.domain.caller import Caller
from gateway.errors import GatewayError
from gateway.flows.history import history
from gateway.flows.parts import Gateway
from gateway.flows.writing.asked import Asked
from gateway.flows.writing.single import write
from tests.flows.conftest import House
from tests.flows.handing import CPR, HERLEV, NURSE, OLD, begun, consents, handed, told
from tests.flows.test_hand_over import MOVED, moves_house

OWN, LATER, NOBODYS = f"urn:oid:1.2.208.176.1.2|{CPR}", "urn:oid:1.2.208.176.1.2.1|777", "urn:oid:1.2.208.176.1.2.1|778"


async def _versions(gateway: Gateway, who: Caller, number: str) -> int:
    """So many versions of her Patient are told to who names her by the number."""
    told = json.loads((await history(gateway, who, "Patient", [("identifier", number)])).body)
    return len(told.get("entry", []))


async def _refers(gateway: Gateway, who: Caller, citizen: str, number: str) -> str:
    """What is said to who writes that this number is the citizen's."""
    system, _, value = number.partition("|")
    goal = {
        "resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "x"},
        "subject": {"reference": f"Patient/{citizen}"},
        "expressedBy": {"type": "Patient", "identifier": {"system": system, "value": value}},
    }  # fmt: skip
    try:
        await write(gateway, who, Asked("create", "Goal", body=goal, raw=json.dumps(goal).encode()))
    except GatewayError as refused:
        return f"{refused.text} {refused.where}"
    return ""


def test_it_leads_nowhere(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        await handed(gateway, citizen)
        await told(gateway, *MOVED)
        await moves_house(gateway)
        for who in (OLD, NURSE, HERLEV):
            assert (await _versions(gateway, who, OWN) > 0) == (who is not NURSE)
            assert await _versions(gateway, who, NOBODYS) == 0
            assert (await _versions(gateway, who, LATER) > 0) == (who is HERLEV)
        for who in (OLD, HERLEV):
            assert await _refers(gateway, who, citizen, OWN) == ""
            refused = await _refers(gateway, who, citizen, NOBODYS)
            assert refused
            assert await _refers(gateway, who, citizen, LATER) == ("" if who is HERLEV else refused)

    house.run(work)

"""What the jobcenter's system tells is the jobcenter's: hospital, nursing and the social authority do not see it
without a consent, though some of them are the same municipality (one CVR number, several legal worlds)."""

from __future__ import annotations

import json
from typing import Any

import yaml

from gateway.errors import NotFound
from gateway.flows.joint_plan import joint_plan
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive
from tests.conftest import PROJECT
from tests.flows.conftest import House, caller

DOCUMENT = PROJECT / "mappings" / "momentum" / "examples" / "citizen.json"
OWN = ("koebenhavn-momentum",)


async def kinds(gateway: Gateway, name: str, citizen: str, **more: Any) -> set[str]:
    """What a reader sees of the plan beside its frame and the citizen; nothing where there is no plan for it."""
    try:
        entries = json.loads((await joint_plan(gateway, caller(name, **more), citizen)).body)["entry"]
    except NotFound:
        return set()
    shown = [entry["resource"] for entry in entries]
    return {one["resourceType"] for one in shown if "joint-" not in one["id"]} - {"Patient"}


def test_only_its_owner_sees_it_without_a_consent(house: House) -> None:
    file = house.settings.data_folder / "clients" / "jobcenter.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text("utf-8")) | {"sends": list(OWN)}), "utf-8")

    async def work(gateway: Gateway) -> None:
        assert (await receive(gateway, "momentum", DOCUMENT.read_bytes(), sends=OWN)).accepted
        citizen = await gateway.database.fetchval("SELECT id FROM resource WHERE kind = 'Patient'")
        assert await kinds(gateway, "jobcenter", citizen, sends=OWN) == {
            "CarePlan", "CareTeam", "Goal", "Condition", "Task", "DocumentReference",
        }  # fmt: skip
        for name in ("hospital", "herlev", "nursing", "social", "frederiksberg"):
            assert not await kinds(gateway, name, citizen), name
        assert not await kinds(gateway, "hospital", citizen, purposes=("BTG",)), "an override never opens work"

    house.run(work)

"""What the municipality's KMD Nexus tells, in the joint plan of the social authority whose system it is."""

from __future__ import annotations

import json
from typing import Any

import yaml

from gateway.domain.municipality import MUNICIPALITY
from gateway.flows.joint_plan import joint_plan
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive
from tests.conftest import PROJECT
from tests.flows.conftest import House, caller

DOCUMENT = PROJECT / "mappings" / "nexus" / "examples" / "citizen.json"
OWN = ("koebenhavn-nexus",)


def told(plan: dict[str, Any]) -> dict[tuple[str, str], str]:
    """The municipality by role and area."""
    found = {}
    for one in plan["extension"]:
        if one["url"] == MUNICIPALITY:
            parts = {part["url"]: part for part in one["extension"]}
            key = (parts["role"]["valueCode"], parts["area"]["valueCode"])
            coding = parts["municipality"]["valueCoding"]
            found[key] = f"{coding['code']} {coding['display']}"
    return found


def test_the_authority_sees_its_grants_and_which_municipality_acts_and_pays(house: House) -> None:
    file = house.settings.data_folder / "clients" / "social.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text("utf-8")) | {"sends": list(OWN)}), "utf-8")

    async def work(gateway: Gateway) -> None:
        document = DOCUMENT.read_bytes().replace(b', "name": "Albertslund"', b"")
        assert (await receive(gateway, "nexus", document, sends=OWN)).accepted
        citizen = await gateway.database.fetchval("SELECT id FROM resource WHERE kind = 'Patient'")
        seen = json.loads((await joint_plan(gateway, caller("social", sends=OWN), citizen)).body)["entry"]
        plan = next(e["resource"] for e in seen if e["resource"]["id"] == f"joint-{citizen}")
        assert told(plan) == {("acting", "social"): "0165 Albertslund", ("paying", "social"): "0101 København"}, (
            "one that its source told by its code alone has its name"
        )
        efforts = {one["detail"]["description"]: one["detail"]["status"] for one in plan["activity"]}
        assert efforts["Socialpædagogisk støtte"] == "in-progress"
        assert efforts["Hjælp til personlig hygiejne"] == "cancelled"
        assert efforts["Midlertidigt ophold"] in ("not-started", "completed"), "its end comes by its period"

    house.run(work)

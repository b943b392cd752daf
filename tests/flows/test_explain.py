"""Explained as it was: the rows of the policy table and the care teams that stood on the day that is asked about."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.explained import Question
from gateway.domain.policy import Policy
from gateway.flows.explain import explain
from gateway.flows.parts import Gateway
from tests.flows.conftest import House, caller
from tests.flows.test_overrides import admitted


def changing(gateway: Gateway, last: str, first: str) -> Policy:
    """Nursing needed a consent to see stays until `last`, and from `first` on treatment is enough."""
    rows = []
    for row in gateway.policy.rows:
        if row.data_class == "stay" and "nursing" in row.roles:
            rest = tuple(role for role in row.roles if role != "nursing")
            rows.append(replace(row, roles=rest))
            rows.append(replace(row, roles=("nursing",), default="consent", valid_to=last, rule="old.csv:1"))
            rows.append(replace(row, roles=("nursing",), valid_from=first, rule="new.csv:1"))
        else:
            rows.append(row)
    return Policy(rows, gateway.policy.owners, gateway.policy.grounds)


async def stay(gateway: Gateway, patient: str, who: Caller, at: datetime) -> dict[str, Any]:
    served = await explain(gateway, caller("auditor"), Question(who, at, patient))
    for one in json.loads(served.body)["parameter"]:
        parts = {part["name"]: part for part in one.get("part", ())} if one["name"] == "decision" else {}
        if parts and parts["resource"]["valueReference"]["reference"].startswith("Encounter/"):
            return parts
    raise AssertionError("the stay is told of")


def test_the_rows_that_held_that_day(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await admitted(gateway)
        today = gateway.clock()
        days = [(today + timedelta(days=n)).date().isoformat() for n in (1, 2)]
        then = replace(gateway, policy=changing(gateway, *days))
        house.clock.ahead = timedelta(days=9)
        nurse = caller("nursing")
        before = await stay(then, patient, nurse, today + timedelta(hours=1))
        assert before["outcome"]["valueCode"] == "deny"
        assert before["reason"]["valueCode"] == "consent-needed"
        assert before["rule"]["valueString"] == "old.csv:1"
        after = await stay(then, patient, nurse, today + timedelta(days=4))
        assert after["outcome"]["valueCode"] == "permit"
        assert after["rule"]["valueString"] == "new.csv:1"
        assert (await stay(then, patient, caller("hospital"), today + timedelta(hours=1)))["outcome"] == {
            "name": "outcome", "valueCode": "permit",
        }  # fmt: skip

    house.run(work)

"""What is kept is judged again when the tables change."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from gateway.domain.labels import KindRow, Labeller, LabelRow
from gateway.domain.security_label import ACT_CODE
from gateway.flows.parts import Gateway
from gateway.flows.relabel import relabel
from tests.flows.conftest import House
from tests.flows.test_overrides import admitted

PSY = f"{ACT_CODE}|PSY"
HIV = f"{ACT_CODE}|HIV"


async def stay(gateway: Gateway) -> tuple[dict[str, Any], dict[str, Any], int]:
    row = await gateway.database.fetchrow("SELECT body, facts, version FROM resource WHERE kind = 'Encounter'")
    return json.loads(row["body"]), json.loads(row["facts"]), row["version"]


def labels(body: dict[str, Any]) -> set[str]:
    return {f"{one['system']}|{one['code']}" for one in body["meta"]["security"]}


async def all_of(gateway: Gateway, after: str = "") -> list[bool]:
    return [one.changed async for one in relabel(gateway, after)]


def test_a_changed_table_changes_what_is_kept(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await admitted(gateway)
        body, facts, version = await stay(gateway)
        assert PSY in labels(body)
        assert facts["places"], "it is known from where it comes"
        assert await all_of(gateway) == [False], "the same tables change nothing"
        messages = await gateway.database.fetchval("SELECT count(*) FROM message")
        table = Labeller([LabelRow(("unit",), ("*psyk",), HIV, "")], [KindRow("Encounter", "*", "*", "health", True)])
        other = replace(gateway, labeller=table)
        assert await all_of(other, patient) == [], "after the last there is nobody"
        assert await all_of(other) == [True]
        body, facts, again = await stay(gateway)
        assert HIV in labels(body)
        assert PSY not in labels(body), "what a row alone had said goes with the row"
        assert (facts["data_class"], again) == ("health", version + 1)
        assert await all_of(other) == [False], "begun again, there is nothing to do"
        assert await gateway.database.fetchval("SELECT count(*) FROM message") == messages + 1
        sql = "SELECT count(*) FROM access_record WHERE citizen = $1 AND interaction = 'update'"
        assert await gateway.database.fetchval(sql, patient) == 1
        assert await all_of(gateway) == [True]
        assert labels((await stay(gateway))[0]) >= {PSY}

    house.run(work)

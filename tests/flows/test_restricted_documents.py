"""A document that replaces a restricted one is as restricted as that, whenever the restriction is told."""

from __future__ import annotations

import json

import pytest

from gateway.flows.parts import Gateway
from tests.flows.conftest import House
from tests.flows.messages import CPR, case
from tests.flows.test_receive import told


def letter(event: str, number: int, txa: str) -> bytes:
    """One MDM; `txa` are TXA-12 to TXA-18."""
    sent = f"2026030{number}090000+0100"
    lines = (
        f"MSH|^~\\&|SP|HGH|GW|KK|{sent}||MDM^{event}|D{number}|P|2.5||||||UNICODE UTF-8",
        f"EVN|{event}|{sent}", f"PID|1||{CPR}^^^CPR&1.2.208.176.1.2&ISO^NNDNK||Eksempelsen^Åse^^^^^L||19890925|F",
        f"TXA|1|DS^Brev|TX|||||||||{txa}", f"OBX|1|TX|BREV^Brev||Brev {number}||||||F",
    )  # fmt: skip
    return "\r".join(lines).encode()


FIRST = letter("T02", 2, "D0^HGH||||||")
REPLACING = letter("T10", 3, "D1^HGH|D0^HGH|||||")
CLOSED = letter("T03", 4, "D0^HGH||||||R")


@pytest.mark.parametrize("order", [(FIRST, REPLACING, CLOSED), (CLOSED, FIRST, REPLACING), (REPLACING, CLOSED, FIRST)])
def test_in_any_order_of_arrival(house: House, order: tuple[bytes, ...]) -> None:
    async def work(gateway: Gateway) -> list[list[str]]:
        for message in (case(), *order):
            (answer,) = await told(gateway, message)
            assert answer.accepted
        rows = await gateway.database.fetch("SELECT body FROM resource WHERE kind = 'DocumentReference'")
        letters = [one for row in rows if "masterIdentifier" in (one := json.loads(row["body"]))]
        return [[label["code"] for label in one["meta"].get("security", [])] for one in letters]

    assert house.run(work) == [["R"], ["R"]]

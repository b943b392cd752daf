"""What tells nothing for a plan is acknowledged: that it came is kept, and not a word of it."""

from __future__ import annotations

from gateway.flows.parts import Answer, Gateway
from tests.flows.conftest import House
from tests.flows.messages import CPR, adt
from tests.flows.test_receive import everything, told


def test_allergies_are_acknowledged_and_not_kept(house: House) -> None:
    allergies = adt("A60", 1, "20260302090000+0100", more="IAM|1|DA^^HL70127|PENI^Penicillin^L")

    async def work(gateway: Gateway) -> tuple[list[Answer], str, list[str]]:
        answers = await told(gateway, allergies, allergies)
        rows = await gateway.database.fetch("SELECT state FROM message ORDER BY id")
        stored = await everything(gateway)
        return answers, stored, [row["state"] for row in rows]

    (first, again), stored, states = house.run(work)
    assert first.accepted
    assert b"MSA|AA|M1" in first.body
    assert first == again
    assert states == ["nothing-kept"]
    assert CPR not in stored
    assert "Penicillin" not in stored

"""Random diaries told by SIU, in any order and some of it twice, against what each event means, worked out
without the gateway."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from gateway.domain.when import instant
from tests.translate.hl7v2.desk import AIL, AIP, appointment, siu
from tests.translate.hl7v2.ward import segment

REASONS = ("ROUTINE", "CHECKUP", "FOLLOWUP")
BOOKED = datetime(2025, 3, 1, 8, tzinfo=UTC)


@dataclass(slots=True)
class Diary:
    """One appointment on its way: what must be known of it, and the messages that told it."""

    random: Random
    clock: datetime = BOOKED
    known: dict[str, Any] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)

    def tell(self, event: str, sch: dict[int, str], *more: str) -> None:
        self.clock += timedelta(minutes=self.random.randint(1, 900))
        self.sent.append(siu(event, {25: ""} | sch, *more, sent=stamp(self.clock), tq1=False))

    def book(self, event: str) -> None:
        """S12 and S13: a time, and at times a length; who is to come is only told when it is booked."""
        start = self.clock + timedelta(days=self.random.randint(1, 30))
        length = self.random.choice([None, 30, 60]) if "start" in self.known else self.random.choice([30, 60])
        end = None if length is None else start + timedelta(minutes=length)
        kept = self.known["end"] - self.known["start"] if end is None else timedelta()
        time = segment("TQ1", {7: stamp(start)} | ({8: stamp(end)} if end else {}))
        self.tell(event, {}, time, *((AIP, AIL) if event == "S12" else ()))
        self.known |= {"status": "booked", "start": start, "end": end or start + kept}
        if event == "S12":
            self.known["people"] = 3

    def change(self) -> None:
        reason = self.random.choice(REASONS)
        self.tell("S14", {7: reason})
        self.known["reason"] = reason

    def end(self, event: str, status: str) -> None:
        self.tell(event, {25: self.random.choice(["", "Booked"])})
        self.known["status"] = status


def stamp(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S+0000")


def diary(seed: int) -> Diary:
    random = Random(seed)
    made = Diary(random)
    made.book("S12")
    for _ in range(random.randint(0, 6)):
        what = random.choice(["move", "change", "cancel", "miss", "discontinue"])
        if what == "move":
            made.book("S13")
        elif what == "change":
            made.change()
        else:
            event, status = {
                "cancel": ("S15", "cancelled"),
                "miss": ("S26", "noshow"),
                "discontinue": ("S16", "cancelled"),
            }[what]
            made.end(event, status)
    if random.random() < 0.1:
        made.end("S17", "entered-in-error")
    return made


@pytest.mark.parametrize("seed", range(80))
def test_a_diary_in_any_order(seed: int) -> None:
    made = diary(seed)
    arriving = made.sent + made.random.sample(made.sent, made.random.randint(0, len(made.sent)))
    made.random.shuffle(arriving)
    one, known = appointment(*arriving), made.known
    assert one["status"] == known["status"]
    assert (instant(one["start"]), instant(one["end"])) == (known["start"], known["end"])
    assert len(one["participant"]) == known["people"]
    if "reason" in known:
        assert one["reasonCode"][0]["coding"][0]["code"] == known["reason"]
    assert one == appointment(*made.sent)

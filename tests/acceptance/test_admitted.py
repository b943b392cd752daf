"""Random visits told by ADT, in order and out of order, against what each event means, worked out by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from gateway.domain.when import instant
from tests.translate.hl7v2.ward import adt, fold, pid, pv1

SEEDS = range(60)
_CANCELS = {"start": "A11", "move": "A12", "leave": "A52", "return": "A53", "end": "A13", "die": "A13"}


@dataclass(slots=True)
class Visit:
    """`events` are those that hold: (act, when, ward)."""

    random: Random
    kind: str
    clock: datetime = datetime(2025, 3, 1, 8, tzinfo=UTC)
    events: list[tuple[str, datetime, str]] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)

    @property
    def ward(self) -> str:
        return next((ward for _, _, ward in reversed(self.events) if ward), "W1")

    @property
    def away(self) -> bool:
        return next((act for act, _, _ in reversed(self.events) if act in ("leave", "return")), "") == "leave"

    def happen(self, act: str, event: str, ward: str = "", cancelled: float = 0.3) -> bool:
        """Something happens and is told, and perhaps cancelled at once. False when it was."""
        self.clock += timedelta(minutes=self.random.randint(5, 600))
        at = self.clock
        self.events.append((act, at, ward))
        self.send(event, at, end=at if event == "A03" else None, died=act == "die")
        if self.random.random() >= cancelled:
            return True
        if act != "start":
            self.events.pop()
        self.clock += timedelta(minutes=3)
        self.send(_CANCELS[act], self.random.choice([at, self.clock]))
        return False

    def send(self, event: str, at: datetime, end: datetime | None = None, died: bool = False) -> None:
        registered = self.clock + timedelta(minutes=1)
        begun = stamp(self.events[0][1])
        visit = {2: self.kind, 3: f"{self.ward}^1^1^HGH", 44: begun} | ({45: stamp(end)} if end else {})
        said = {"A03": "Y" if died else "", "A13": "N"}.get(event, "")
        self.sent.append(
            adt(event, visit=pv1(visit), citizen=pid({30: said} if said else {}), at=stamp(at), sent=stamp(registered))
        )


def stamp(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S+0000")


def visit(seed: int) -> tuple[Visit, bool]:
    """A visit, and whether its admission was cancelled."""
    random = Random(seed)
    made = Visit(random, random.choice("IIE"))
    if not made.happen("start", "A01" if made.kind == "I" else "A04", "W1", cancelled=0.1):
        return made, True
    for _ in range(random.randint(0, 6)):
        what = random.choice(["update", "move", "leave"])
        if what == "update":
            made.clock += timedelta(minutes=9)
            made.send("A08", made.clock)
        elif what == "move" and not made.away:
            made.happen("move", "A02", f"W{random.randint(2, 99)}")
        elif what == "leave" and made.kind == "I":
            made.happen("return", "A22") if made.away else made.happen("leave", "A21")
    if random.random() < 0.7:
        made.happen(random.choice(["end", "end", "die"]), "A03")
    return made, False


def expected(events: list[tuple[str, datetime, str]]) -> dict[str, Any]:
    status, leaves, end = "", [], None
    for act, at, _ in events:
        if act == "leave":
            leaves.append([at, None])
        elif act in ("return", "end", "die") and leaves and leaves[-1][1] is None:
            leaves[-1][1] = at
        status = {"leave": "onleave", "end": "finished", "die": "finished", "move": status}.get(act, "in-progress")
        end = at if status == "finished" else None
    wards = [ward for _, _, ward in events if ward]
    return {
        "status": status, "start": events[0][1], "end": end, "leaves": leaves, "wards": wards,
        "died": events[-1][0] == "die",
    }  # fmt: skip


def seen(bodies: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    ((stay,), (citizen,)) = bodies["Encounter"], bodies["Patient"]
    leaves = [e["valuePeriod"] for e in stay.get("extension", [])]
    return {
        "status": stay["status"],
        "start": instant(stay["period"]["start"]),
        "end": instant(stay["period"]["end"]) if "end" in stay["period"] else None,
        "leaves": [[instant(one[edge]) if edge in one else None for edge in ("start", "end")] for one in leaves],
        "wards": [place["location"]["display"].partition("-")[0] for place in stay["location"]],
        "died": citizen.get("deceasedBoolean", False),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_a_visit_comes_out_right_in_any_order(seed: int) -> None:
    told, cancelled = visit(seed)
    for arrived in (told.sent, Random(seed).sample(told.sent, len(told.sent))):
        bodies = fold(*arrived)
        if cancelled:
            assert [stay["status"] for stay in bodies["Encounter"]] == ["entered-in-error"]
        else:
            assert seen(bodies) == expected(told.events)

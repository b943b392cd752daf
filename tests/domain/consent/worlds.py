"""Consents, askers and things drawn at random from few enough values that they meet often.

Drawn from a seeded `random.Random`, not strategy by strategy: a test sees thousands of worlds in the same time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from gateway.domain.consent import Ask, Evaluation, compile_consent
from gateway.domain.resource import Facts
from tests.domain.consent.making import (
    HOUSING,
    NURSE,
    PSY,
    SUD,
    UNIT,
    WARD,
    N,
    R,
    actor,
    ask,
    consent,
    data,
    dates,
    rule,
    thing,
    written,
)

TYPES = "http://hl7.org/fhir/resource-types"
LABELS = [N, R, PSY, SUD, HOUSING]
SEEN = {"deny": 0, "silent": 1, "permit": 2}
Body = dict[str, Any]

_WHERE: list[Body] = [
    {"organisations": frozenset({UNIT})},
    {"organisations": frozenset({WARD}), "member_of": frozenset({UNIT})},
    {"organisations": frozenset(), "care_teams": frozenset({"CareTeam/t1"})},
]


class World:
    """One world: some consents of one citizen, one asker, one thing."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.consents = [self._consent(n) for n in range(self.random.randint(0, 3))]
        self.ask = self._ask()
        self.thing = self._thing()

    def provision(self, depth: int = 0) -> Body:
        """Any provision, with exceptions down to the third level."""
        draw = self.random
        makers: dict[str, Callable[[], Any]] = {
            "actor": lambda: actor(*self._some([NURSE, UNIT, WARD, "CareTeam/t1", "Practitioner/other"])),
            "purpose": lambda: self._some(["TREAT", "BTG", "CAREMGT", "HRESCH"]),
            "action": lambda: self._some(["access", "correct"]),
            "labels": lambda: self._some(LABELS),
            "classes": lambda: self._some([f"{TYPES}|Observation", f"{TYPES}|Goal"]),
            "code": lambda: self._some(["http://loinc.org|1", "http://loinc.org|2"]),
            "dataPeriod": lambda: draw.choice([{"end": "2025-12-31"}, {"start": "2026-01-01"}]),
            "period": lambda: draw.choice([{"end": "2026-01-31"}, {"start": "2026-02-01"}]),
            "data": lambda: data("related", *self._some(["Encounter/e1", "Encounter/e2"])),
        }
        chance = {"actor": 0.5, "purpose": 0.4, "labels": 0.5}
        said = {name: make() for name, make in makers.items() if draw.random() < chance.get(name, 0.12)}
        below = [self.provision(depth + 1) for _ in range(draw.choice([0, 0, 1, 2]) if depth < 3 else 0)]
        return rule(draw.choice(["permit", "deny"]), *below, **said)

    def spots(self, listed: Sequence[Body]) -> list[Body]:
        """Every provision in these consents."""
        return [place for one in listed for place in _places(one["provision"])]

    def _consent(self, number: int) -> Body:
        make = self.random.choice([consent, written])
        return make(self.provision(), id=f"c{number}")

    def _ask(self) -> Ask:
        draw = self.random
        who = frozenset({draw.choice([NURSE, "Practitioner/other"])})
        purposes = self._some(["TREAT", "BTG", "CAREMGT"])
        return ask(*purposes, **draw.choice(_WHERE), actors=who, sector=draw.choice(["", "region", "municipality"]))

    def _thing(self) -> Facts:
        draw = self.random
        return thing(
            *draw.sample(LABELS, draw.randint(0, 3)) or ["urn:workflow|tag"],
            kind=draw.choice(["Observation", "Goal"]),
            codes=frozenset(draw.sample(["http://loinc.org|1"], draw.randint(0, 1))),
            clinical=dates(*draw.sample(["2025-06-01", "2026-03-01"], draw.randint(0, 2))),
            related=frozenset(draw.sample(["Encounter/e1"], draw.randint(0, 1))),
        )

    def _some(self, values: list[Any]) -> list[Any]:
        return self.random.sample(values, self.random.choice([1, 1, 2]))


def _places(provision: Body) -> list[Body]:
    return [provision, *(place for child in provision.get("provision", []) for place in _places(child))]


def seen(listed: Sequence[Body], world: World, about: Facts | None = None) -> list[int]:
    """How much each purpose sees: 0 denied, 1 left to the table, 2 permitted."""
    evaluation = Evaluation([compile_consent(c) for c in listed], world.ask)
    return [SEEN[evaluation.verdict_for(purpose, about or world.thing).word] for purpose in evaluation.purposes]


def no_more(after: list[int], before: list[int]) -> bool:
    """Whether no purpose sees more than before."""
    return all(a <= b for a, b in zip(after, before, strict=True))

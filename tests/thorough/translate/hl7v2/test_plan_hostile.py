"""PPR, PGL, PPP and PPG under attack: any order of arrival, any bytes, groups without end."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.translate.conformance import Profiles
from gateway.translate.fhir.structure import structure
from tests.translate.hl7v2.planning import DOCTOR, NURSE, REGH, TYPES, gol, message, prb, pth, rol
from tests.translate.hl7v2.ward import fold, language, resources

BEGIN = datetime(2025, 3, 14, 8, tzinfo=UTC)
ACTIONS = ["AD", "CO", "DE", "LI", "UC", "UN", "UP", ""]
MAKE = {"GOL": gol, "PRB": prb, "PTH": pth}
OUTERMOST = {"PPR": "PRB", "PGL": "GOL", "PPP": "PTH", "PPG": "PTH"}
STATUS = {"GOL": 18, "PRB": 14, "PTH": 5}


def history(seed: int, length: int = 7) -> list[bytes]:
    """Messages about few things, whose actions and statuses contradict each other in every way."""
    dice = random.Random(seed)
    made = []
    for number in range(length):
        event = dice.choice(sorted(TYPES))
        at = (BEGIN + timedelta(hours=number)).strftime("%Y%m%d%H%M%S+0000")
        names = [OUTERMOST[TYPES[event]], *dice.choices(sorted(MAKE), k=dice.randint(0, 4))]
        groups = []
        for name in names:
            own = {2: "20250314"} if name != "PTH" and dice.random() < 0.3 else {}
            told = own | {STATUS[name]: dice.choice(["A", "C", "", "ZZ"])}
            groups.append(MAKE[name](dice.choice(ACTIONS), f"{dice.randint(1, 2)}^{REGH}", told))
            if dice.random() < 0.5:
                groups.append(rol(who=dice.choice([DOCTOR, NURSE]), fields={2: dice.choice(ACTIONS)}))
        made.append(message(event, *groups, at=at))
    return made


@pytest.mark.parametrize("seed", range(25))
def test_the_order_of_arrival_and_repetition_change_nothing(seed: int) -> None:
    told = [language().translate(raw) for raw in history(seed)]
    once = resources(told)
    dice = random.Random(seed)
    for _ in range(4):
        shuffled = [*told, *dice.choices(told, k=3)]
        dice.shuffle(shuffled)
        assert resources(shuffled) == once


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_told_the_resources_are_sound(seed: int) -> None:
    profiles = Profiles.read()
    for bodies in fold(*history(seed)).values():
        for body in bodies:
            shown = {name: value for name, value in body.items() if value}  # meta is filled when labels are known
            assert [str(fault) for fault in structure(shown)] + profiles.check(shown) == []


@pytest.mark.parametrize("seed", range(12))
def test_every_tie_leads_somewhere(seed: int) -> None:
    made = fold(*history(seed))
    there = {f"{body['resourceType']}/{body['id']}" for bodies in made.values() for body in bodies}
    links = [
        link["reference"]
        for body in (*made.get("Goal", []), *made.get("CarePlan", []))
        for element in ("addresses", "goal", "careTeam")
        for link in body.get(element, [])
    ]
    assert set(links) <= there


SEGMENTS = ["PRB", "GOL", "PTH", "ROL", "PRT", "NTE", "VAR", "OBX", "ORC", "PV1", "ZZZ"]
TEXTS = st.text(st.characters(exclude_characters="\r\n\x00", codec="utf-8"), max_size=20)


def answered(raw: bytes) -> tuple[int, str]:
    """How many statements a message makes, and what it is refused with."""
    try:
        return len(language().translate(raw).statements), ""
    except GatewayError as error:
        return 0, error.told() or type(error).__name__


@settings(max_examples=150)
@given(
    st.lists(st.sampled_from(SEGMENTS), max_size=12), st.lists(TEXTS, max_size=26), st.sampled_from(sorted(TYPES))
)  # fmt: skip
def test_any_groups_with_any_content_are_answered(names: list[str], texts: list[str], event: str) -> None:
    made, refusal = answered(message(event, *("|".join([name, *texts]) for name in names)))
    assert bool(made) != bool(refusal)
    assert not any(text in refusal for text in texts if len(text) > 8)


@pytest.mark.parametrize("kind", sorted(MAKE))
def test_thousands_of_groups_come_to_an_end(kind: str) -> None:
    """Ties grow with the product of the groups; the message is refused before they do."""
    event = {"PRB": "PC1", "GOL": "PC6", "PTH": "PCB"}[kind]
    others = [MAKE[name](number=f"{n}^{REGH}") for n in range(1500) for name in MAKE if name != kind]
    made, refusal = answered(message(event, MAKE[kind](), *others))
    assert (made, "tie more than" in refusal) == (0, True)

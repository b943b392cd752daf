"""One stay told by letters, by notifications and by HL7 v2 is one Encounter, as far as all of them name its episode."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from gateway import bootstrap
from gateway.cli.together import folded
from gateway.cli.translate import SECRET
from gateway.domain.resource import ids
from tests.acceptance.test_one_stay_two_languages import adt, stin
from tests.inbound.test_oioxml_door import WARD
from tests.translate.medcom.notices import END, START, notice, raw
from tests.translate.oioxml.letters import enveloped, stay_letter, written

ROOT = Path(__file__).parents[2]
EPISODE = "3f0b2c4e5d6a4b7c8d9e0a1b2c3d4e5f"
CPR = "2509479989"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def rules() -> bootstrap.Rules:
    return bootstrap.read_rules(ROOT / "mappings", SECRET)


def by_letter(
    kind: str, at: str, *, code: str = "indlagt", said: str = "nytbrev", number: str = "L1"
) -> tuple[str, bytes]:
    letter = stay_letter(
        kind, at[:10], at[11:16], code=code, said=said, number=number, episode=EPISODE, cpr=CPR, sender=WARD,
        at="10:00:00",
    )  # fmt: skip
    return "oioxml", written(enveloped(letter))


def stays(rules: bootstrap.Rules, *messages: tuple[str, bytes]) -> list[Json]:
    """The Encounters, the same in any order of arrival."""
    sources = {source.id: source for source in rules.sources}
    found = []
    for order in permutations(messages):
        said = [rules.languages.of(door).translate(message) for door, message in order]
        found.append([r.body for r in folded(said, ids(SECRET), sources) if r.kind == "Encounter"])
    assert all(one == found[0] for one in found)
    return found[0]


def test_admitted_by_notification_and_discharged_by_letter(rules: bootstrap.Rules) -> None:
    home = by_letter("Discharge", END, code="udskrevet_til_hjemmet")
    (stay,) = stays(rules, ("fhir-message", stin()), home)
    assert (stay["status"], stay["period"]) == ("finished", {"start": START, "end": END})


def test_admitted_by_letter_and_discharged_by_notification(rules: bootstrap.Rules) -> None:
    out = notice("discharge-inpatient-home", status="finished", end=END, header="out")
    (stay,) = stays(rules, by_letter("Admission", START), ("fhir-message", raw(out)))
    assert (stay["status"], stay["period"]) == ("finished", {"start": START, "end": END})


def test_told_three_times_it_is_one(rules: bootstrap.Rules) -> None:
    three = (("hl7v2", adt("A01", START)), ("fhir-message", stin()), by_letter("Admission", START))
    (stay,) = stays(rules, *three)
    assert (stay["status"], stay["period"]) == ("in-progress", {"start": START})


def test_a_move_told_by_letter_ends_nothing_that_another_language_began(rules: bootstrap.Rules) -> None:
    moved = by_letter("Discharge", END, code="flyttet_til_sygehus")
    (stay,) = stays(rules, ("fhir-message", stin()), moved)
    assert (stay["status"], stay["period"]) == ("in-progress", {"start": START})

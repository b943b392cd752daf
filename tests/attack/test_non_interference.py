"""What one caller may not see changes no byte of whatever this caller asks (two_worlds.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.attack.two_worlds import Case, answers, build, compare, times
from tests.attack.world import ASK, REASON, SARAH, TYPES, consent, doors, order, patient_of, plan, stay

KINDS = ("Patient", "CarePlan", "CareTeam", "Encounter", "Goal", "Condition", "Consent", "RelatedPerson")


def goal(name: str, text: str = "Egen bolig") -> dict[str, Any]:
    return {"resourceType": "Goal", "id": name, "lifecycleStatus": "active", "description": {"text": text}}


def ill(name: str, text: str) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": name, "code": {"text": text}, "onsetDateTime": "2026-01-05"}


def team(name: str) -> dict[str, Any]:
    member = {"member": {"display": "Karen Lund"}, "period": {"start": "2026-01-01"}}
    return {"resourceType": "CareTeam", "id": name, "status": "active", "participant": [member]}


def relative(name: str) -> dict[str, Any]:
    return {"resourceType": "RelatedPerson", "id": name, "name": [{"family": "Lind", "given": ["Lise"]}]}


def word(name: str, says: str, *purposes: str, kinds: Sequence[str] = ()) -> dict[str, Any]:
    """A Consent as an order holds it."""
    provision: dict[str, Any] = {"purpose": [{"system": REASON, "code": code} for code in purposes]}
    if kinds:
        provision["class"] = [{"system": TYPES, "code": kind} for kind in kinds]
    said = consent("", says, provision=provision)
    return {key: value for key, value in said.items() if key != "patient"} | {"id": name}


PSYCHIATRY = "DG1|1||DF200^Skizofreni^SKS||20260301|A"
# The Patient is shared: whoever is heard of first has something to say of it that everybody may see. Afterwards nobody.
NAMELESS = {"name": None}
FIRST = order(
    SARAH,
    plan("a", goal=[{"reference": "Goal/g"}]),
    goal("g"),
    team("t"),
    word("w", "permit", "ELIGDTRM", kinds=("Patient", "Encounter")),
)
MORE = order(
    SARAH,
    plan(
        "b",
        title="Støtte i hverdagen",
        goal=[{"reference": "Goal/h"}],
        addresses=[{"reference": "Condition/i"}],
        period={"start": "2025-12-01"},
    ),
    goal("h", "Et fast døgn"),
    ill("i", "Struktur i hverdagen"),
    number="2",
    patient=NAMELESS,
)
ALL = order(
    SARAH,
    plan("c"),
    goal("j", "Arbejde"),
    ill("k", "Angst"),
    team("u"),
    relative("r"),
    word("x", "deny", "FAMRQT"),
    number="3",
    patient=NAMELESS,
)
OF_ANOTHER = order(ASK, plan("z"), goal("y"), number="4")
LEAVE, BACK = stay(SARAH, "A21", 3), stay(SARAH, "A22", 4)
OTHER_STAY = stay(SARAH, "A01", 5, more=PSYCHIATRY, sender="SP|HGH", visit="V99")


_BOTH = (("social", FIRST), ("psyk", stay(SARAH)))
CASES = [
    Case("social", _BOTH, (("psyk", LEAVE), ("psyk", BACK), ("herlev", OTHER_STAY))),
    Case("nursing", _BOTH, (("social", MORE),)),
    Case("jobcenter", _BOTH, (("social", MORE), ("social", ALL), ("social", OF_ANOTHER))),
    Case("elsewhere", _BOTH[:1], (_BOTH[1], ("social", MORE), ("social", ALL), ("psyk", LEAVE))),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.caller))
def test_what_is_hidden_changes_no_byte_of_any_answer(case: Case, database_url: str, second_database_url: str) -> None:
    compare(case, database_url, second_database_url, examples=20, requests=40, kinds=KINDS)


def test_the_comparison_would_notice_a_leak(database_url: str, second_database_url: str) -> None:
    """The hospital sees the leave: for it the same two worlds differ."""

    async def test() -> None:
        async with doors(database_url) as a, doors(second_database_url) as b:
            await build(a, times(Case("psyk", _BOTH, ()), ()))
            await build(b, times(Case("psyk", _BOTH, (("psyk", LEAVE),)), [3.5]))
            asked = [("GET", f"/fhir/Encounter?patient={patient_of(SARAH)}", {}, "")]
            (one,), (other,) = await answers(a, "psyk", asked), await answers(b, "psyk", asked)
            assert one.status == other.status == 200
            assert one.body != other.body

    asyncio.run(test())

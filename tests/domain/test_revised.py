"""What is revised piece by piece: which word counts, whatever the order in which it came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from gateway.domain.citizen import people
from gateway.domain.fold import fold
from gateway.domain.identifier import SOR, Identifier
from gateway.domain.resource import ids
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb

IDS = ids(b"a secret of the tests")
WARD = Source("ward", "Afdelingen", "region", Identifier(SOR, "265161000016000"), "hl7v2", ("SP|REGH",))
BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)
(PERSON,) = people({"urn:x|1": {"urn:x|1"}}, set()).values()


def said(number: int, act: Act, verb: Verb = Verb.ASSERT, *, kind: str = "Goal", **body: Any) -> Statement:
    """The word of hour `number`."""
    at = BEGIN + timedelta(hours=number)
    cleared = tuple(body.pop("cleared", ()))
    return Statement(kind, "k", act, verb, at, at, body, WARD.id, f"m{number}/0", cleared=cleared)


def made(*statements: Statement) -> dict[str, Any]:
    """The resource, checked to be the same in every order and repeated."""
    bodies = [
        resource.body
        for order in permutations(statements)
        for resource in fold([*order, *order], PERSON, IDS, {WARD.id: WARD})
    ]
    assert all(body == bodies[0] for body in bodies)
    return bodies[0]


def tie(number: int, verb: Verb = Verb.ASSERT, target: str = "Condition/a", **more: Any) -> Statement:
    return said(number, Act.TIE, verb, addresses=[{"reference": target} | more])


def test_a_revision_leaves_what_it_does_not_tell() -> None:
    body = made(
        said(1, Act.REVISE, lifecycleStatus="active", startDate="2026-03-01"),
        said(2, Act.REVISE, lifecycleStatus="completed"),
        said(3, Act.REVISE, cleared=["startDate"]),
    )
    assert body["lifecycleStatus"] == "completed"
    assert "startDate" not in body


def test_a_mention_fills_and_is_overruled_before_and_after() -> None:
    for hour in (0, 9):
        body = made(said(1, Act.REVISE, startDate="2026-03-01"), said(hour, Act.MENTION, startDate="x", statusDate="y"))
        assert (body["startDate"], body["statusDate"]) == ("2026-03-01", "y")


def test_a_withdrawal_marks_and_what_is_told_again_begins_anew() -> None:
    first, gone = said(1, Act.REVISE, startDate="2026-03-01"), said(2, Act.REVISE, Verb.WITHDRAW)
    assert made(first, gone)["lifecycleStatus"] == "entered-in-error"
    again = made(first, gone, said(3, Act.REVISE, statusDate="2026-03-03"))
    assert again["lifecycleStatus"] == "active"
    assert "startDate" not in again


def test_of_each_tie_the_last_word_counts() -> None:
    state = said(0, Act.REVISE, lifecycleStatus="active")
    assert [t["reference"] for t in made(state, tie(1, target="Condition/b"), tie(2))["addresses"]] == [
        "Condition/a",
        "Condition/b",
    ]
    assert "addresses" not in made(state, tie(1), tie(2, Verb.WITHDRAW))
    assert made(state, tie(1, Verb.WITHDRAW), tie(2))["addresses"] == [{"reference": "Condition/a"}]
    told = made(state, tie(1, extension=["x"]), tie(2))["addresses"]
    assert told == [{"reference": "Condition/a", "extension": ["x"]}], "who says less takes nothing away"


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("Goal", {"lifecycleStatus": "active"}),
        ("CarePlan", {"status": "active", "intent": "plan"}),
        ("Condition", {"clinicalStatus": "active"}),
    ],
)
def test_what_r4_requires_is_there(kind: str, wanted: dict[str, str]) -> None:
    body = made(said(1, Act.REVISE, kind=kind, note=[{"text": "x"}]))
    for name, value in wanted.items():
        told = body[name]
        assert (told if isinstance(told, str) else told["coding"][0]["code"]) == value


def test_one_spelling_of_an_element_takes_the_place_of_the_other() -> None:
    words = said(1, Act.REVISE, kind="Condition", onsetString="siden januar")
    dated = said(2, Act.REVISE, kind="Condition", onsetDateTime="2026-01-01")
    assert made(words, dated)["onsetDateTime"] == "2026-01-01"
    assert "onsetString" not in made(words, dated)


def test_a_plan_ends_when_it_is_over_and_only_then() -> None:
    begun = said(1, Act.REVISE, kind="CarePlan", status="active", period={"start": "2026-03-01", "end": "2026-03-01"})
    over = said(2, Act.REVISE, kind="CarePlan", status="completed", period={"end": "2026-03-05"})
    assert made(begun)["period"] == {"start": "2026-03-01"}
    untold = said(1, Act.REVISE, kind="CarePlan", period={"start": "2026-03-01", "end": "2026-03-01"})
    assert made(untold)["period"] == {"start": "2026-03-01"}
    assert made(begun, over)["period"] == {"start": "2026-03-01", "end": "2026-03-05"}
    assert made(begun, over, said(3, Act.REVISE, kind="CarePlan", title="x"))["period"]["end"] == "2026-03-05"

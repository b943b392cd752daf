"""Rarer ways of correcting and cancelling: renumbered and deleted visits, who said it, and in what chain."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from gateway.domain.identifier import SOR
from gateway.domain.statement import Statement
from tests.domain.stays import corrected, leaves, local, said, statuses, stay, stays, withdrawn

ONE, TWO, THREE = "visit|1", "visit|2", "visit|3"
OTHER_HOSPITAL = "953741000016009"


def in_any_order(*statements: Statement) -> list[dict[str, Any]]:
    found = [stays(*order) for order in permutations(statements)]
    assert all(bodies == found[0] for bodies in found)
    return found[0]


def told_by(source: str, statement: Statement) -> Statement:
    return replace(statement, source=source)


@pytest.mark.parametrize(
    ("last", "status", "end"),
    [
        (withdrawn(3, "END", 9, key=TWO), "in-progress", None),
        (corrected(3, "END", 12, key=TWO), "finished", 12),
    ],
)
def test_a_visit_under_its_new_number_is_corrected_under_it(last: Statement, status: str, end: float | None) -> None:
    """A50 gives the visit another number after it was discharged under the old one."""
    moved = said(4, "UPDATE", 10, key=TWO, aliases=(ONE,))
    (body,) = in_any_order(said(1, "START", 0, key=ONE), said(2, "END", 9, key=ONE), last, moved)
    assert body["status"] == status
    assert body["period"].get("end") == (None if end is None else local(end))


def test_a_visit_renumbered_twice_is_still_one() -> None:
    """1 became 2, 2 became 3; what is said under any of them is said of the one visit."""
    (body,) = in_any_order(
        said(1, "START", 0, key=ONE),
        said(2, "UPDATE", 1, key=TWO, aliases=(ONE,)),
        said(3, "UPDATE", 2, key=THREE, aliases=(TWO,)),
        said(4, "END", 9, key=ONE),
        withdrawn(5, "END", 9, key=THREE),
    )
    assert body["status"] == "in-progress"


def test_its_second_number_may_be_told_of_before_its_first() -> None:
    """That 3 was 2 is registered before that 2 was 1."""
    (body,) = in_any_order(
        said(1, "START", 0, key=ONE),
        said(2, "END", 9, key=THREE),
        said(3, "UPDATE", 1, key=THREE, aliases=(TWO,)),
        said(4, "UPDATE", 2, key=TWO, aliases=(ONE,)),
        withdrawn(5, "END", 9, key=ONE),
    )
    assert body["status"] == "in-progress"


def test_the_correction_of_another_visit_is_not_for_this_one() -> None:
    """Two visits of one episode: a cancelled discharge of the second says nothing of the first."""
    first, second = ("episode|e1",), ("episode|e1",)
    before = (said(1, "START", 0, key=ONE, aliases=first), said(2, "END", 9, key=ONE, aliases=first))
    after = stays(*before, withdrawn(3, "END", 9, key=TWO, aliases=second))
    assert any(body.get("period", {}).get("end") == local(9) for body in after)


def test_a_deleted_visit_takes_all_that_was_said_of_it() -> None:
    told = said(1, "START", 0, key=ONE), said(2, "LEAVE", 5, key=ONE), said(3, "RETURN", 7, key=ONE)
    (body,) = in_any_order(*told, said(4, "DELETE", 8, key=ONE))
    assert body["status"] == "entered-in-error"
    assert stay(*told)["status"] == "in-progress"


def test_what_is_said_after_a_deletion_stands() -> None:
    (body,) = in_any_order(said(1, "START", 0, key=ONE), said(2, "DELETE", 1, key=ONE), said(3, "START", 2, key=ONE))
    assert body["status"] == "in-progress"
    assert body["period"] == {"start": local(2)}


def test_a_deletion_is_of_its_own_visit() -> None:
    """Two visits in one episode: what was said of the other stands."""
    first = said(1, "START", 0, key=ONE, aliases=("episode|e1",))
    second = said(2, "LEAVE", 20, key=TWO, aliases=("episode|e1",))
    bodies = in_any_order(first, second, said(3, "DELETE", 21, key=TWO, aliases=("episode|e1",)))
    assert [one["period"] for one in bodies if one["status"] == "in-progress"] == [{"start": local(0)}]


def test_a_cancelled_correction_before_its_correction() -> None:
    """Three messages in a chain, each naming the one before; the clock of the second runs behind."""
    chain = (
        said(1, "START", 0),
        said(2, "LEAVE", 5),
        corrected(3, "LEAVE", 6, corrects=2, recorded=9),
        withdrawn(4, "LEAVE", 6, corrects=3, recorded=8),
    )
    (body,) = in_any_order(*chain)
    assert body["status"] == "in-progress"
    assert leaves(body) == []


def test_a_long_chain_of_corrections_ends_in_the_last_word() -> None:
    chain = [said(1, "START", 0), said(2, "END", 9)]
    chain += [corrected(n, "END", 9 + n, corrects=n - 1, recorded=20 - n) for n in range(3, 8)]
    assert stay(*chain)["period"]["end"] == local(16)
    assert stay(*reversed(chain))["period"]["end"] == local(16)


def test_a_chain_that_names_itself_ends() -> None:
    """Two messages that name each other cannot be; they are read all the same, and once."""
    ring = corrected(2, "END", 9, corrects=3), corrected(3, "END", 10, corrects=2)
    (body,) = in_any_order(said(1, "START", 0), *ring)
    assert body["period"]["start"] == local(0)


def test_a_death_is_taken_back_by_a_cancelled_discharge() -> None:
    """HL7 v2 cancels both with A13; MedCom tells which it means."""
    (body,) = in_any_order(said(1, "START", 0), said(2, "DIE", 9), withdrawn(3, "END", 9))
    assert (body["status"], body["period"]) == ("in-progress", {"start": local(0)})


def test_a_cancelled_death_leaves_the_discharge() -> None:
    (body,) = in_any_order(said(1, "START", 0), said(2, "END", 9), withdrawn(3, "DIE", 9))
    assert (body["status"], body["period"]["end"]) == ("finished", local(9))


def test_of_two_hospitals_in_one_episode_each_cancels_its_own() -> None:
    told = (
        said(1, "START", 0),
        said(2, "END", 9),
        said(3, "START", 10, provider=OTHER_HOSPITAL),
        said(4, "END", 20, provider=OTHER_HOSPITAL),
    )
    first, second = stays(*told, withdrawn(5, "END", 9))
    assert (first["period"]["end"], second["period"]["end"]) == (local(10), local(20)), "moved on, not sent home"
    first, second = stays(*told, withdrawn(5, "END", 20, provider=OTHER_HOSPITAL))
    assert (first["status"], second["status"]) == ("finished", "in-progress")
    assert second["serviceProvider"]["identifier"] == {"system": SOR, "value": OTHER_HOSPITAL}


def test_of_two_systems_that_tell_of_one_stay_the_own_word_is_meant() -> None:
    """Where the system that cancels never told it, it means what another told."""
    mine, theirs = said(2, "LEAVE", 5), told_by("kommune", said(3, "LEAVE", 6))
    both = (said(1, "START", 0), mine, theirs)
    assert leaves(stay(*both, withdrawn(4, "LEAVE", 5))) == [{"start": local(6)}]
    assert leaves(stay(*both, told_by("kommune", withdrawn(4, "LEAVE", 6)))) == [{"start": local(5)}]
    assert leaves(stay(said(1, "START", 0), mine, told_by("kommune", withdrawn(4, "LEAVE", 5)))) == []


def test_what_a_correction_empties_is_gone_and_what_it_does_not_name_stays() -> None:
    reason, priority = [{"text": "Uro"}], {"text": "Akut"}
    begun = said(1, "START", 0, reasonCode=reason, priority=priority)
    body = stay(begun, corrected(2, "START", 1, corrects=1, cleared=("reasonCode",)))
    assert "reasonCode" not in body
    assert body["priority"] == priority
    assert body["period"] == {"start": local(1)}


def test_a_correction_of_an_admission_into_another_class_is_another_stay() -> None:
    """The message named was of an acute contact: one that tells of an inpatient is not its correction."""
    found = stays(said(1, "START", 0, kind="EMER"), corrected(2, "START", 1, corrects=99))
    assert {body["class"]["code"]: body["period"]["start"] for body in found} == {"EMER": local(0), "IMP": local(1)}


def test_a_planned_stay_and_the_stay_are_of_one_class() -> None:
    """PRENC is the stay as an inpatient, expected: its correction reaches it."""
    (body,) = in_any_order(said(1, "PLAN", 24, kind="PRENC"), corrected(2, "PLAN", 30, kind="PRENC"))
    assert body["status"] == "planned"
    assert local(24) not in str(body)


def test_a_cancelled_expected_stay_told_as_inpatient_is_the_one_expected_as_inpatient() -> None:
    """Not the acute contact that was expected last."""
    expected = said(1, "PLAN", 24, kind="PRENC"), said(2, "PLAN", 48, kind="EMER")
    bodies = stays(*expected, withdrawn(3, "PLAN", 24, kind="IMP"))
    assert {body["class"]["code"] for body in bodies if body["status"] == "planned"} == {"EMER"}


def test_the_same_cancellation_twice_takes_back_once() -> None:
    told = said(1, "START", 0), said(2, "LEAVE", 5), said(3, "RETURN", 6), said(4, "LEAVE", 10)
    body = stay(*told, withdrawn(5, "LEAVE", 10, corrects=4), withdrawn(6, "LEAVE", 10, corrects=4))
    assert leaves(body) == [{"start": local(5), "end": local(6)}]
    assert statuses(body) == statuses(stay(*told[:3]))


def test_a_cancellation_alone_keeps_what_it_tells_of_the_stay() -> None:
    """Its original may still come; until then the stay is as the cancellation tells it."""
    alone = stay(withdrawn(2, "END", 9))
    assert alone["status"] == "in-progress"
    assert alone["serviceProvider"]["identifier"]["value"] == "265161000016000"
    assert stay(said(1, "START", 0), withdrawn(2, "END", 9))["status"] == "in-progress"

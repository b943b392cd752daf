"""One stay told by two systems at once: the hospital's HL7 v2 feed and MedCom's notifications, tied by the episode."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from gateway.domain.statement import Statement
from tests.domain import stays as world
from tests.domain.stays import corrected, folded, leaves, local, said, statuses, stays, withdrawn

EPISODE, VISIT, OTHER = "episode|" + "e" * 32, "urn:oid:1.2.3|V1", "urn:oid:1.2.3|V2"
MEDCOM = replace(world.SOURCES["psyk"], id="medcom", language="medcom")


@pytest.fixture(autouse=True)
def two_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(world.SOURCES, "medcom", MEDCOM)


def adt(number: int, act: str, at: float, *, visit: str = VISIT, make: Any = said, **more: Any) -> Statement:
    """A word of the HL7 v2 feed; numbers are odd."""
    return make(number, act, at, key=visit, aliases=(EPISODE,), **more)  # type: ignore[no-any-return]


def hn(number: int, act: str, at: float, *, make: Any = said, **more: Any) -> Statement:
    """A notification; numbers are even."""
    return replace(make(number, act, at, key=EPISODE, **more), source="medcom")


def one(*statements: Statement) -> dict[str, Any]:
    """The only Encounter, the same in any order of arrival."""
    found = [stays(*order) for order in list(permutations(statements))[:60]]
    assert all(bodies == found[0] for bodies in found)
    (body,) = found[0]
    return body


def test_a_stay_told_twice_is_one_encounter() -> None:
    body = one(adt(1, "START", 0), hn(2, "START", 0.1), adt(3, "END", 9), hn(4, "END", 9.1))
    assert statuses(body) == ["in-progress", "finished"]
    assert body["period"] == {"start": local(0), "end": local(9.1)}


def test_leaves_told_twice_are_one_leave_each() -> None:
    body = one(
        adt(1, "START", 0), hn(2, "START", 0), adt(3, "LEAVE", 10), hn(4, "LEAVE", 10.1),
        adt(5, "RETURN", 20), hn(6, "RETURN", 20.1), adt(7, "LEAVE", 30), hn(8, "LEAVE", 30.1),
    )  # fmt: skip
    assert leaves(body) == [{"start": local(10), "end": local(20)}, {"start": local(30)}]
    assert statuses(body) == ["in-progress", "onleave", "in-progress", "onleave"]


def test_a_return_whose_leave_nobody_told_is_kept() -> None:
    body = one(adt(1, "START", 0), adt(3, "LEAVE", 10), adt(5, "RETURN", 20), adt(7, "RETURN", 40))
    assert leaves(body) == [{"start": local(10), "end": local(20)}, {"end": local(40)}]


@pytest.mark.parametrize("act", ["LEAVE", "END"])
def test_each_system_cancels_its_own_word(act: str) -> None:
    """A13 and A52 name no message: they mean the event that the same system told."""
    told = [adt(1, "START", 0), hn(2, "START", 0), adt(3, act, 9), hn(4, act, 9.1)]
    both = one(*told, adt(5, act, 9, make=withdrawn), hn(6, act, 9.1, make=withdrawn, corrects=4))
    assert statuses(both) == ["in-progress"]
    half = one(*told, adt(5, act, 9, make=withdrawn))
    assert half["status"] != "in-progress", "the other system still says so"


def test_a_dangling_correction_means_the_latest_word_of_its_own_system() -> None:
    body = one(
        adt(1, "START", 0), hn(2, "START", 1), adt(3, "LEAVE", 5), hn(4, "START", 0, make=corrected, corrects=77)
    )
    assert body["period"]["start"] == local(0)
    assert body["status"] == "onleave"


def test_the_encounter_keeps_its_id_when_the_notification_comes() -> None:
    before = one(adt(1, "START", 0))
    assert one(adt(1, "START", 0), hn(2, "START", 0))["id"] == before["id"]
    assert one(hn(2, "START", 0))["id"] == before["id"]


def test_two_visits_of_one_episode_are_two_stays() -> None:
    """Parallel contacts at one hospital: the visit number tells them apart, the episode does not join them."""
    first, second = stays(
        adt(1, "START", 0), adt(3, "START", 2, visit=OTHER), adt(5, "END", 4, visit=OTHER), hn(2, "START", 0)
    )
    assert (first["status"], second["status"]) == ("in-progress", "finished")
    assert first["id"] != second["id"]


def test_a_cancellation_reaches_its_own_visit_only() -> None:
    first, second = stays(adt(1, "START", 0), adt(3, "START", 2, visit=OTHER), adt(5, "START", 0, make=withdrawn))
    assert (first["status"], second["status"]) == ("entered-in-error", "in-progress")


def test_a_discharge_of_a_visit_that_nobody_admitted_ends_no_other() -> None:
    found = stays(adt(1, "START", 0), adt(3, "END", 4, visit=OTHER))
    assert sorted(body["status"] for body in found) == ["finished", "in-progress"]


def test_another_number_of_the_hospital_is_another_stay() -> None:
    """A ward with a number of its own is led to its hospital in organisations.csv; without that they are two."""
    assert len(stays(adt(1, "START", 0), hn(2, "START", 0, provider="999991000016001"))) == 2


def test_both_systems_have_a_word_in_it() -> None:
    (made,) = [r for r in folded(adt(1, "START", 0), hn(2, "START", 0)) if r.kind == "Encounter"]
    assert made.sources == ("medcom", "psyk")
    (alone,) = [r for r in folded(adt(1, "START", 0)) if r.kind == "Encounter"]
    assert alone.sources == ("psyk",)

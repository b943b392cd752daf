"""A40: two identities are one person. The survivor is in PID, the other in MRG-1, and history follows."""

from __future__ import annotations

import pytest

from gateway.domain.identifier import X_ECPR
from gateway.errors import NoCitizen, RuleBroken, SegmentOrder
from tests.translate.hl7v2.ward import (
    CPR,
    CPR_KEY,
    PID3,
    adt,
    evn,
    fold,
    language,
    msh,
    of_kind,
    pid,
    pv1,
    raw,
    segment,
    translated,
)  # fmt: skip

X = "0703921VJ5^^^X&1.2.208.176.1.6.1.1&ISO^PNT"
ADMITTED = adt("A01", citizen=pid({3: X, 5: "Ukendt^^^^^^U"}))
MERGED = adt("A40", segment("MRG", {1: X}), visit=None, sent="20250320")


def test_the_message_names_both() -> None:
    found = language().translate(MERGED)
    assert [i.value for i in found.citizen] == [CPR]
    assert [(i.system, i.value) for i in found.merged] == [(X_ECPR, "0703921VJ5")]
    assert [(s.kind, s.key) for s in found.statements] == [("Patient", CPR_KEY), ("Patient", f"{X_ECPR}|0703921VJ5")]


def test_who_was_merged_is_there_though_no_message_ever_told_of_him() -> None:
    former, survivor = sorted(fold(MERGED)["Patient"], key=lambda one: one["active"])
    assert [(one["system"], one["value"]) for one in former["identifier"]] == [(X_ECPR, "0703921VJ5")]
    assert former["link"] == [{"other": {"reference": f"Patient/{survivor['id']}"}, "type": "replaced-by"}]
    several = adt("A40", segment("MRG", {1: f"L1^^^REGH~{X}~{PID3}"}), visit=None)
    (former,) = [one for one in fold(several)["Patient"] if not one["active"]]
    assert sorted(one["value"] for one in former["identifier"]) == ["0703921VJ5", "L1"], "not the survivor's number"


@pytest.mark.parametrize("field", [2, 4])
def test_the_former_number_in_the_fields_of_older_versions(field: int) -> None:
    made = fold(adt("A34", segment("MRG", {field: "L1^^^REGH"}), visit=None))
    assert [one["identifier"][0]["value"] for one in made["Patient"] if not one["active"]] == ["L1"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_stay_follows_to_the_survivor(order: tuple[int, int]) -> None:
    messages = [ADMITTED, MERGED]
    made = fold(*(messages[at] for at in order))
    survivor, former = (next(p for p in made["Patient"] if p["active"] is active) for active in (True, False))
    assert made["Encounter"][0]["subject"] == {"reference": f"Patient/{survivor['id']}"}
    assert survivor["link"] == [{"other": {"reference": f"Patient/{former['id']}"}, "type": "replaces"}]
    assert former["link"] == [{"other": {"reference": f"Patient/{survivor['id']}"}, "type": "replaced-by"}]


def test_a_survivor_that_nobody_knew_is_made() -> None:
    made = fold(MERGED)
    assert [p["identifier"][0]["value"] for p in made["Patient"] if p["active"]] == [CPR]


def test_several_former_numbers() -> None:
    found = language().translate(adt("A40", segment("MRG", {1: f"L1^^^REGH~{X}~{PID3}"}), visit=None))
    assert [i.value for i in found.merged] == ["0703921VJ5", "L1"]


def test_a_dummy_among_them_is_left_out_and_told() -> None:
    found = language().translate(adt("A40", segment("MRG", {1: f"0000000000^^^^NNDNK~{X}"}), visit=None))
    assert [i.value for i in found.merged] == ["0703921VJ5"]
    assert [f.where for f in found.findings] == ["MRG^1^1"]


@pytest.mark.parametrize("field", [2, 4])
def test_a_dummy_in_the_fields_of_older_versions_is_told_where_it_stands(field: int) -> None:
    found = language().translate(adt("A34", segment("MRG", {field: f"0000000000^^^^NNDNK~{X}"}), visit=None))
    assert [i.value for i in found.merged] == ["0703921VJ5"]
    assert [f.where for f in found.findings] == [f"MRG^1^{field}^1^1"], "no rule reads these fields"


@pytest.mark.parametrize("mrg", ["", "0000000000^^^^NNDNK", "UKENDT^^^^NNDNK"])
def test_nobody_cannot_be_merged(mrg: str) -> None:
    with pytest.raises(NoCitizen) as caught:
        translated(msh("A40"), pid(), segment("MRG", {1: mrg, 3: "1"}))
    assert caught.value.where == "MRG^1^1"


def test_the_survivor_cannot_be_merged_with_itself() -> None:
    with pytest.raises(RuleBroken) as caught:
        translated(msh("A40"), pid(), segment("MRG", {1: PID3}))
    assert caught.value.where == "MRG^1^1"


def test_a_merge_needs_mrg_behind_pid() -> None:
    with pytest.raises(SegmentOrder) as caught:
        translated(msh("A40"), evn("A40"), pid())
    assert caught.value.where == "MRG^1"
    with pytest.raises(SegmentOrder):
        translated(msh("A40"), segment("MRG", {1: X}), pid())


def test_a_message_that_is_not_divided_merges_one_pair() -> None:
    with pytest.raises(SegmentOrder) as caught:
        translated(msh("A40"), pid(), segment("MRG", {1: X}), pid({3: "7^^^REGH"}), segment("MRG", {1: "8^^^REGH"}))
    assert caught.value.where == "PID^2"


def test_mrg_in_another_message_merges_nobody() -> None:
    found = language().translate(raw(msh(), evn(), pid(), segment("MRG", {1: X}), pv1()))
    assert found.merged == ()
    assert len(of_kind(found, "Encounter")) == 1

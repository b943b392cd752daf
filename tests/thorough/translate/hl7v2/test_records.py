"""What is said of records and not of people: links (A24, A37), deletion (A29), corrected numbers (A47)."""

from __future__ import annotations

from itertools import permutations

import pytest

from gateway.domain.identifier import X_ECPR
from gateway.errors import NoCitizen, RuleBroken, SegmentOrder
from tests.translate.hl7v2.ward import CPR, IDS, adt, evn, fold, language, msh, pid, raw, segment, translated

OTHER = "urn:oid:1.2.208.176.1.2|2509479989"
OTHER_PID = pid({3: "2509479989^^^CPR&1.2.208.176.1.2&ISO^NNDNK", 5: "Prøve^Peter"})
X = "0703921VJ5^^^X&1.2.208.176.1.6.1.1&ISO^PNT"
KNOWN = adt("A28", visit=None, sent="20250310080000+0100")


def linking(event: str, sent: str) -> bytes:
    return raw(msh(event, {10: f"{event}{sent}"}), evn(event, sent), pid(), OTHER_PID)


LINKED = linking("A24", "20250311080000+0100")
UNLINKED = linking("A37", "20250312080000+0100")
DELETED = adt("A29", visit=None, sent="20250313080000+0100")


def test_linked_records_see_each_other_and_are_not_joined() -> None:
    found = language().translate(LINKED)
    assert [i.value for i in found.citizen] == [CPR]
    assert found.merged == ()
    (patient,) = fold(KNOWN, LINKED)["Patient"]
    assert patient["link"] == [{"other": {"reference": f"Patient/{IDS('Patient', OTHER)}"}, "type": "seealso"}]
    assert patient["active"] is True
    assert [name["family"] for name in patient["name"]] == ["Eksempelsen"], "nothing is taken from the other"
    assert [i["value"] for i in patient["identifier"]] == [CPR]


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_a_link_is_taken_away(order: tuple[int, ...]) -> None:
    messages = (KNOWN, LINKED, UNLINKED)
    (patient,) = fold(*(messages[at] for at in order))["Patient"]
    assert "link" not in patient
    assert patient["active"] is True


def test_a_link_alone_makes_the_record_it_speaks_of() -> None:
    (patient,) = fold(LINKED)["Patient"]
    assert (patient["active"], patient["identifier"][0]["value"]) == (True, CPR)
    (patient,) = fold(UNLINKED)["Patient"]
    assert "link" not in patient


@pytest.mark.parametrize(
    ("segments", "error", "where"),
    [
        ((pid(),), SegmentOrder, "PID^2"),
        ((pid(), OTHER_PID, OTHER_PID), SegmentOrder, "PID^3"),
        ((pid(), pid()), RuleBroken, "PID^2^3"),
        ((pid(), segment("PID", {3: "0000000000^^^CPR&1.2.208.176.1.2&ISO"})), NoCitizen, "PID^2^3"),
    ],
)
def test_a_link_needs_two_records(segments: tuple[str, ...], error: type[Exception], where: str) -> None:
    with pytest.raises(error) as caught:
        translated(msh("A24"), evn("A24"), *segments)
    assert caught.value.where == where  # type: ignore[attr-defined]


@pytest.mark.parametrize("order", [*permutations(range(2))])
def test_a_deleted_record_takes_its_sender_s_word_back(order: tuple[int, ...]) -> None:
    messages = (KNOWN, DELETED)
    (patient,) = fold(*(messages[at] for at in order))["Patient"]
    assert patient["active"] is False
    assert "name" not in patient
    assert [i["value"] for i in patient["identifier"]] == [CPR], "others still point here"


def test_another_sender_s_word_stays() -> None:
    others = raw(msh("A28", {4: "BBH"}), evn("A28", "20250309"), pid({5: "Eksempelsen^Å"}))
    (patient,) = fold(KNOWN, others, DELETED)["Patient"]
    assert (patient["active"], patient["name"][0]["given"]) == (True, ["Å"])


def test_a_record_may_be_made_again() -> None:
    (patient,) = fold(KNOWN, DELETED, adt("A28", visit=None, sent="20250314080000+0100"))["Patient"]
    assert (patient["active"], patient["name"][0]["family"]) == (True, "Eksempelsen")


def test_stays_outlive_a_deleted_record() -> None:
    made = fold(adt("A01"), DELETED)
    assert [one["status"] for one in made["Encounter"]] == ["in-progress"]


@pytest.mark.parametrize("event", ["A46", "A47"])
def test_a_corrected_number_is_the_same_person(event: str) -> None:
    admitted = adt("A01", citizen=pid({3: X}))
    found = language().translate(adt(event, segment("MRG", {1: X}), visit=None, sent="20250320"))
    assert [(i.system, i.value) for i in found.merged] == [(X_ECPR, "0703921VJ5")]
    made = fold(admitted, adt(event, segment("MRG", {1: X}), visit=None, sent="20250320"))
    survivor = next(one for one in made["Patient"] if one["active"])
    assert made["Encounter"][0]["subject"] == {"reference": f"Patient/{survivor['id']}"}


@pytest.mark.parametrize("event", ["A46", "A47"])
def test_a_correction_never_makes_two_cpr_numbers_one_person(event: str) -> None:
    mrg = segment("MRG", {1: "2509479989^^^CPR&1.2.208.176.1.2&ISO"})
    with pytest.raises(RuleBroken) as caught:
        translated(msh(event), evn(event), pid(), mrg)
    assert caught.value.where == "MRG^1^1"
    assert translated(msh("A40"), evn("A40"), pid(), mrg).merged[0].value == "2509479989", "a merge says so on purpose"


@pytest.mark.parametrize("event", ["A18", "A30", "A34", "A36", "A39"])
def test_older_merges_are_merges(event: str) -> None:
    assert translated(msh(event), evn(event), pid(), segment("MRG", {1: X})).merged[0].value == "0703921VJ5"


@pytest.mark.parametrize("field", [4, 2])
def test_an_old_message_has_the_former_number_elsewhere(field: int) -> None:
    assert translated(msh("A34"), pid(), segment("MRG", {field: X})).merged[0].value == "0703921VJ5"


@pytest.mark.parametrize("event", ["A35", "A41", "A44", "A48", "A49"])
def test_accounts_and_alternate_numbers_are_not_kept(event: str) -> None:
    found = translated(msh(event), evn(event), pid(), segment("MRG", {1: X, 3: "K1"}))
    assert (found.merged, [one.kind for one in found.statements]) == ((), ["Patient"])

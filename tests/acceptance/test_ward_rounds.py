"""What a ward tells along the way: people who come and go, diagnoses that are added, changed and taken back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.translate.hl7v2.ward import adt, evn, fold, language, msh, pid, pv1, raw, stay

ATTENDING = "ROL||AD|AT^Attending^HL70443|A1^Jensen^Jens^^^Dr^^^AUTH|20250314"
COORDINATOR = "ROL||{}|CM^Tovholder^L|KK1^Lund^Karen^^^^^^KK|20250101"
DAYS = [f"202503{day}090000+0100" for day in (15, 16, 17)]


def dg1(code: str, action: str = "", own: str = "") -> str:
    fields = {1: "1", 3: f"{code}^x^SKS", 6: "A", 20: own, 21: action}
    return "DG1|" + "|".join(fields.get(number, "") for number in range(1, 22))


def diagnosed(*messages: bytes) -> list[str]:
    """The codes of the diagnoses that the stay refers to; each reference leads to a Condition."""
    bodies = fold(*messages)
    codes = {f"Condition/{c['id']}": c["code"]["coding"][0]["code"] for c in bodies["Condition"]}
    return sorted(codes[one["condition"]["reference"]] for one in bodies["Encounter"][0].get("diagnosis", []))


def test_a_person_told_twice_stands_once() -> None:
    """PV1-7 and a ROL of role AT name the attending doctor."""
    body = stay(adt("A01", ATTENDING, visit=pv1({7: "A1^Jensen^Jens^^^Dr^^^AUTH"})))
    (one,) = body["participant"]
    assert one["individual"]["display"] == "Dr Jens Jensen"
    assert one["period"] == {"start": "2025-03-14"}
    assert [c["code"] for kind in one["type"] for c in kind["coding"]] == ["ATND", "AT"]


def test_one_person_in_two_roles_stands_twice() -> None:
    body = stay(adt("A01", visit=pv1({7: "A1^Jensen^Jens", 17: "A1^Jensen^Jens"})))
    assert [one["type"][0]["coding"][0]["code"] for one in body["participant"]] == ["ATND", "ADM"]


@pytest.mark.parametrize("action", ["DE", "UN"])
def test_who_has_left_is_shown_as_having_left(action: str) -> None:
    body = stay(
        adt("A01", COORDINATOR.format("AD")), adt("A08", COORDINATOR.format(action), sent="20250320120000+0100")
    )
    (one,) = body["participant"]
    assert one["individual"]["display"] == "Karen Lund"
    assert one["period"] == {"end": "2025-03-20T12:00:00+01:00"}


def test_a_diagnosis_more_takes_none_away() -> None:
    assert diagnosed(adt("A01", dg1("DF205", "A")), adt("A08", dg1("DF192", "A"), sent=DAYS[0])) == ["DF192", "DF205"]


def test_a_diagnosis_that_is_taken_back_is_none_of_the_stay() -> None:
    first = adt("A01", dg1("DF205", "A"), dg1("DF192", "A"))
    gone = adt("A08", dg1("DF205", "D"), sent=DAYS[0])
    assert diagnosed(first, gone) == ["DF192"]
    assert diagnosed(first, gone, adt("A08", sent=DAYS[1])) == ["DF192"]
    assert diagnosed(first, gone, adt("A08", dg1("DF192", "D"), sent=DAYS[1])) == []
    assert diagnosed(first, gone, adt("A08", dg1("DF205", "A"), sent=DAYS[1])) == ["DF192", "DF205"]


def test_a_diagnosis_with_a_number_of_its_own_is_changed_in_place() -> None:
    first, changed = dg1("DF205", "A", "D1^REGH"), dg1("DF200", "U", "D1^REGH")
    assert diagnosed(adt("A01", first), adt("A08", changed, sent=DAYS[0])) == ["DF200"]


@pytest.mark.parametrize(
    ("event", "kind", "expected"),
    [("A04", "", "EMER"), ("A04", "P", "EMER"), ("A04", "O", "AMB"), ("A01", "", "IMP"), ("A01", "P", "IMP")],
)
def test_the_class_that_an_event_means_where_pv1_2_tells_none(event: str, kind: str, expected: str) -> None:
    """A04 is an acute contact, A01 an admission."""
    assert stay(adt(event, visit=pv1({2: kind})))["class"]["code"] == expected


def old(event: str, fields: dict[int, str]) -> bytes:
    """A message of version 2.2: the event stands in EVN-1 alone."""
    header: Any = msh("", {9: "ADT", 12: "2.2"})
    return raw(header, evn(event), pid(), pv1(fields))


def test_an_old_message_has_its_event_in_evn() -> None:
    assert stay(old("A01", {3: "MED1^12^2"}))["serviceProvider"]["identifier"]["value"] == "265161000016000"
    assert stay(old("A04", {2: ""}))["class"]["code"] == "EMER"


def test_a_mere_date_gets_its_time_from_the_event_of_the_same_day() -> None:
    """Midnight is made up; that the event was registered on that day is not."""
    visit = pv1({44: "20250314"})
    (start,) = [stay(adt("A01", visit=visit, at="20250314101500+0100"))["period"]["start"]]
    assert start == "2025-03-14T10:15:00+01:00"
    recorded = stay(adt("A01", visit=visit, sent="20250314103000+0100"))
    assert recorded["period"]["start"] == "2025-03-14T10:30:00+01:00"
    later = stay(adt("A01", visit=visit, sent="20250315080000+0100"))
    assert later["period"]["start"] == "2025-03-14T00:00:00+01:00"


def test_a_discharge_on_a_mere_date_comes_after_what_happened_that_day() -> None:
    body = stay(
        adt("A01"), adt("A21", sent="20250316080000+0100"), adt("A22", sent="20250317090000+0100"),
        adt("A03", visit=pv1({45: "20250317"}), sent="20250317110000+0100"),
    )  # fmt: skip
    assert body["status"] == "finished"
    assert body["period"]["end"] == "2025-03-17T11:00:00+01:00"
    assert [row["status"] for row in body["statusHistory"]] == ["in-progress", "onleave", "in-progress", "finished"]


def test_who_is_back_is_not_expected_back() -> None:
    expected = "PV2|" + "|" * 46 + "20250318100000+0100"
    leave = adt("A21", expected, sent=DAYS[0])
    urls = [e["url"].rpartition("/")[2] for e in stay(adt("A01"), leave)["extension"]]
    assert urls == ["expected-return", "leave-period"]
    urls = [e["url"].rpartition("/")[2] for e in stay(adt("A01"), leave, adt("A22", sent=DAYS[1]))["extension"]]
    assert urls == ["leave-period"]


NUMBERLESS = {19: "", 44: ""}


def numberless(event: str, at: str, **more: str) -> bytes:
    fields = NUMBERLESS | {int(name[1:]): value for name, value in more.items()}
    return adt(event, visit=pv1(fields), at=at, sent=at)


def test_visits_without_a_number_are_told_apart_by_their_times() -> None:
    """PV1-19 is optional in the standard. What is not numbered belongs to this sender's stays of the citizen."""
    told = [
        numberless("A01", "20250301090000+0100"), numberless("A03", "20250305090000+0100"),
        numberless("A01", "20250310090000+0100"), numberless("A21", "20250312090000+0100"),
    ]  # fmt: skip
    for order in (told, told[::-1], [told[2], told[0], told[3], told[1]]):
        first, second = sorted(fold(*order)["Encounter"], key=lambda body: body["period"]["start"])
        assert (first["status"], second["status"]) == ("finished", "onleave")
        assert first["period"] == {"start": "2025-03-01T09:00:00+01:00", "end": "2025-03-05T09:00:00+01:00"}
        assert "identifier" not in first


def test_an_alternate_number_stands_for_a_missing_one() -> None:
    told = [numberless("A01", "20250301090000+0100", n50="X1"), numberless("A01", "20250302090000+0100", n50="X2")]
    assert len(fold(*told)["Encounter"]) == 2
    (body,) = fold(told[0], numberless("A03", "20250303090000+0100", n50="X1"))["Encounter"]
    assert body["status"] == "finished"


def test_two_citizens_without_visit_numbers_are_two() -> None:
    other = adt("A01", visit=pv1(NUMBERLESS), citizen=pid({3: "1502824933^^^CPR&1.2.208.176.1.2&ISO"}))
    mine = adt("A01", visit=pv1(NUMBERLESS))
    assert len({body["id"] for body in fold(mine, other)["Encounter"]}) == 2
    (said,) = [s for s in language().translate(mine).statements if s.kind == "Encounter"]
    assert any("PV1-19" in note for note in said.notes)

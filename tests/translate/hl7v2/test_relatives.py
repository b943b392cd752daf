"""NK1 becomes a RelatedPerson, keyed within the citizen, or a contact where it is no relative."""

from __future__ import annotations

from typing import Any

import pytest

from tests.translate.hl7v2.ward import PID3, adt, body, fold, language, of_kind, pid, segment

BO = {1: "1", 2: "Lund^Bo^^^^^L", 3: "SIB^Sibling^HL70063", 5: "^PRN^CP^^45^^20998877"}


def relatives(*rows: dict[int, str], citizen: str = "") -> list[Any]:
    message = adt("A31", *(segment("NK1", BO | row) for row in rows), citizen=citizen, visit=None)
    return of_kind(language().translate(message), "RelatedPerson")


def test_a_relative() -> None:
    row = {
        4: "Gade 1^^By^^1000^DNK^H", 6: "^^PH^^^^33", 7: "N^Next-of-Kin^HL70131", 8: "20200101", 9: "20251231", 15: "M",
        16: "195001", 20: "da^Dansk^ISO639", 33: "X1^^^REGH^MR",
    }  # fmt: skip
    (said,) = relatives(row)
    made = said.body
    assert made["active"] is True
    assert made["name"] == [{"use": "official", "family": "Lund", "given": ["Bo"]}]
    assert [c["code"] for c in made["relationship"][0]["coding"]] == ["SIB", "SIB"]
    assert made["relationship"][1]["coding"][0]["code"] == "N"
    assert made["address"][0]["use"] == "home"
    assert [t["use"] for t in made["telecom"]] == ["mobile", "work"]
    assert made["period"] == {"start": "2020-01-01", "end": "2025-12-31"}
    assert (made["gender"], made["birthDate"]) == ("male", "1950-01")
    assert made["identifier"][0]["value"] == "X1"
    assert "patient" not in made


@pytest.mark.parametrize("role", ["E", "F", "I", "S"])
def test_an_employer_or_an_agency_is_a_contact_only(role: str) -> None:
    message = adt("A31", segment("NK1", BO | {7: role, 13: "Firma^^12"}), visit=None)
    found = language().translate(message)
    assert of_kind(found, "RelatedPerson") == []
    (contact,) = body(found, "Patient")["contact"]
    assert contact["organization"]["display"] == "Firma"
    assert contact["relationship"][0]["coding"][0] == {
        "system": "http://terminology.hl7.org/CodeSystem/v2-0131",
        "code": role,
    }


def test_an_emergency_contact_by_relationship_is_both() -> None:
    found = language().translate(adt("A31", segment("NK1", BO | {3: "EMC^test^ACR"}), visit=None))
    assert len(of_kind(found, "RelatedPerson")) == 1
    assert len(body(found, "Patient")["contact"]) == 1


def test_other_relatives_are_no_contacts() -> None:
    found = language().translate(adt("A31", segment("NK1", BO), visit=None))
    assert "contact" not in body(found, "Patient")


def test_the_set_id_is_no_key_and_spelling_is_forgiven() -> None:
    one, same, other = relatives({1: "1"}, {1: "7", 2: "LUND ^bo"}, {2: "Lund^Ib"})
    assert one.key == same.key != other.key


def test_a_number_is_the_best_key() -> None:
    one, same = relatives({33: "X1^^^REGH"}, {33: "X1^^^REGH", 2: "Lund-Dahl^Bo", 3: "SPO"})
    assert one.key == same.key


def test_names_are_not_in_the_key() -> None:
    (one,) = relatives({})
    assert "lund" not in one.key.casefold()


def test_the_same_name_at_two_citizens_is_two_people() -> None:
    (one,) = relatives({})
    (other,) = relatives({}, citizen=pid({3: PID3.replace("2512489996", "2505544849")}))
    assert one.key != other.key


def test_nobody_is_no_relative() -> None:
    found = language().translate(adt("A31", "NK1|1", visit=None))
    assert of_kind(found, "RelatedPerson") == []
    assert len(found.findings) == 1


def test_a_relative_is_told_by_the_latest_word() -> None:
    first = adt("A31", segment("NK1", BO), visit=None, sent="20250101")
    later = adt("A31", segment("NK1", BO | {5: "^PRN^CP^^45^^40998877"}), visit=None, sent="20250201")
    (made,) = fold(later, first)["RelatedPerson"]
    assert made["telecom"][0]["value"] == "+45 40998877"
    assert made["patient"]["reference"].startswith("Patient/")

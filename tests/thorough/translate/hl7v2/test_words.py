"""Words in the place of codes, as many systems write them: the fact is the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.translate.hl7v2.ward import body, evn, msh, of_kind, pid, pv1, segment, translated


def patient(fields: dict[int, str]) -> dict[str, Any]:
    return body(translated(msh(), evn(), pid(fields), pv1()), "Patient")


def test_names_and_addresses_by_their_words() -> None:
    made = patient(
        {5: "Ny^Ida^^^^^Current~Gammel^Ida^^^^^Previous", 11: "Vej 1^^By^^2000^^Home~Boks 2^^By^^2000^^MAILING"}
    )
    assert [(one["family"], one["use"]) for one in made["name"]] == [("Ny", "usual"), ("Gammel", "old")]
    assert [(one.get("use"), one.get("type")) for one in made["address"]] == [("home", None), (None, "postal")]


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("a@b.dk", {"system": "email", "value": "a@b.dk", "use": "home"}),
        ("a@b.dk^E-mail", {"system": "email", "value": "a@b.dk"}),
        ("12345678^Mobile", {"system": "phone", "value": "12345678", "use": "mobile"}),
        ("12345678^^Cell", {"system": "phone", "value": "12345678", "use": "mobile"}),
        ("12345678^CELL^PH", {"system": "phone", "value": "12345678", "use": "mobile"}),
        ("12345678^Business", {"system": "phone", "value": "12345678", "use": "work"}),
        ("12345678^ASN", {"system": "phone", "value": "12345678"}),
        ("^NET^Internet^a@b.dk", {"system": "email", "value": "a@b.dk"}),
    ],
)
def test_ways_to_reach_somebody(field: str, told: dict[str, str]) -> None:
    assert patient({13: field})["telecom"] == [told]


@pytest.mark.parametrize(("word", "code"), [("Single", "S"), ("MARRIED", "M"), ("Widowed", "W"), ("Separated", "L")])
def test_marital_status_by_its_word(word: str, code: str) -> None:
    assert patient({16: word})["maritalStatus"]["coding"][0]["code"] == code


@pytest.mark.parametrize(("word", "code"), [("Wife", "WIFE"), ("MOTHER", "MTH"), ("Son", "SONC"), ("Friend", "FRND")])
def test_a_relative_by_the_word(word: str, code: str) -> None:
    nk1 = segment("NK1", {1: "1", 2: "Eksempelsen^Bo", 3: word})
    (found,) = of_kind(translated(msh(), evn(), pid(), nk1, pv1()), "RelatedPerson")
    assert found.body["relationship"][0]["coding"][0]["code"] == code


def test_a_contact_s_name_and_address_are_told_as_the_citizen_s() -> None:
    nk1 = segment(
        "NK1", {1: "1", 2: "Eksempelsen^Bo^^jr^Dr^^L", 4: "Vej 1^^By^^2000^DNK^M", 7: "C", 32: "Gade 2^^By^^^^H"}
    )
    found = translated(msh(), evn(), pid(), nk1, pv1())
    (contact,) = body(found, "Patient")["contact"]
    assert contact["name"] == {
        "use": "official", "family": "Eksempelsen", "given": ["Bo"], "prefix": ["Dr"], "suffix": ["jr"],
    }  # fmt: skip
    assert contact["address"]["type"] == "postal"
    (relative,) = of_kind(found, "RelatedPerson")
    assert [(one.get("type"), one.get("use")) for one in relative.body["address"]] == [("postal", None), (None, "home")]


@pytest.mark.parametrize(("word", "code"), [("English", "en"), ("DANSK", "da"), ("Farsi", "fa")])
def test_a_language_by_its_name(word: str, code: str) -> None:
    assert patient({15: word})["communication"][0]["language"]["coding"][0]["code"] == code


def test_a_kind_of_number_that_is_no_code_is_told_in_words() -> None:
    made = patient({3: "2512489996^^^CPR&1.2.208.176.1.2&ISO^NNDNK~E1^^^CMRN^Community MRN"})
    assert made["identifier"][1]["type"] == {"text": "Community MRN"}


@pytest.mark.parametrize(("field", "order"), [("0", None), ("1", 1), ("2", 2)])
def test_nobody_is_born_as_number_nought(field: str, order: int | None) -> None:
    assert patient({25: field}).get("multipleBirthInteger") == order

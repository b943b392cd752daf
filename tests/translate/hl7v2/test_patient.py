"""PID, PD1 and NK1 become a Patient: identities, names, addresses, protection, death, and what is deleted."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.identifier import CPR, D_ECPR, X_ECPR
from gateway.errors import MissingField, NoCitizen, RuleBroken, WrongType
from tests.translate.hl7v2.ward import (
    CPR_KEY,
    PID3,
    body,
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
D = "1206550VK9^^^D&1.2.208.176.1.6.1.3.187&ISO^PNT"
LOCAL = "SP778812^^^REGH&1.2.208.176.1.2.1&ISO^MR"


def patient(fields: dict[int, str], *more: str) -> dict[str, Any]:
    return body(translated(msh("A31"), evn("A31"), pid(fields), *more), "Patient")


def citizen(pid3: str) -> list[tuple[str, str]]:
    return [(i.system, i.value) for i in translated(msh("A31"), pid({3: pid3})).citizen]


# --- identities


def test_cpr_replacement_and_local_numbers_each_have_their_system() -> None:
    found = translated(msh("A31"), pid({3: f"{LOCAL}~{D}~{X}~{PID3}"}))
    assert [(i.system, i.value) for i in found.citizen] == [
        (CPR, "2512489996"),
        (X_ECPR, "0703921VJ5"),
        (f"{D_ECPR}.187", "1206550VK9"),
        ("urn:oid:1.2.208.176.1.2.1", "SP778812"),
    ]
    assert found.statements[0].key == CPR_KEY
    uses = {i["value"]: i.get("use") for i in body(found, "Patient")["identifier"]}
    assert uses == {"2512489996": "official", "0703921VJ5": "temp", "1206550VK9": "temp", "SP778812": None}


def test_the_first_identifier_is_not_the_cpr() -> None:
    assert citizen(f"{X}~{PID3}")[0] == (CPR, "2512489996")


def test_a_citizen_without_cpr_is_known_by_the_best_number_there_is() -> None:
    assert citizen(f"{LOCAL}~{X}")[0] == (X_ECPR, "0703921VJ5")
    assert citizen(LOCAL) == [("urn:oid:1.2.208.176.1.2.1", "SP778812")]


@pytest.mark.parametrize("written", ["251248-9996", "251248 9996", " 2512489996 "])
def test_a_number_has_one_spelling(written: str) -> None:
    assert citizen(f"{written}^^^CPR&1.2.208.176.1.2&ISO") == [(CPR, "2512489996")]


def test_a_danish_national_number_needs_no_authority() -> None:
    assert citizen("2512489996^^^^NNDNK") == [(CPR, "2512489996")]


@pytest.mark.parametrize("written", ["2512489996^^^CPR^NNDNK", "251248-9996^^^DK^NNDNK"])
def test_nor_one_that_only_names_who_gave_it(written: str) -> None:
    assert citizen(written) == [(CPR, "2512489996")]
    assert citizen("SP778812^^^SP^NNDNK") == [("urn:faellesplan:source:regh:SP", "SP778812")], "a word is no CPR number"


def test_a_number_without_authority_belongs_to_its_source() -> None:
    assert citizen("4711") == [("urn:faellesplan:source:regh:patient", "4711")]
    assert citizen("4711^^^PAS 1") == [("urn:faellesplan:source:regh:PAS%201", "4711")]


def test_a_replacement_number_whose_day_is_beyond_the_calendar_is_a_number() -> None:
    """Regions write replacement numbers with day + 60; no plausibility is asked of ten digits."""
    assert citizen("8512489996^^^CPR&1.2.208.176.1.2&ISO") == [(CPR, "8512489996")]


@pytest.mark.parametrize("number", ["2512489996", "2509479989", "2505544849", "1502824933", "2512484916"])
def test_no_check_digit_is_asked(number: str) -> None:
    assert citizen(f"{number}^^^CPR&1.2.208.176.1.2&ISO") == [(CPR, number)]


@pytest.mark.parametrize(
    "pid3",
    [
        "", '""', "^^^CPR&1.2.208.176.1.2&ISO", "0000000000^^^CPR&1.2.208.176.1.2&ISO", "1111111111^^^^NNDNK",
        "000000-0000^^^CPR&1.2.208.176.1.2&ISO", "UKENDT^^^CPR&1.2.208.176.1.2&ISO", "25124899^^^^NNDNK",
        "UKENDT^^^X&1.2.208.176.1.6.1.1&ISO", "0000000000^^^REGH",
    ],
)  # fmt: skip
def test_nobody_is_no_citizen(pid3: str) -> None:
    with pytest.raises(NoCitizen) as caught:
        translated(msh("A31"), pid({3: pid3}))
    assert caught.value.where == "PID^1^3"
    assert (caught.value.ack, caught.value.condition) == ("AE", "101")
    assert isinstance(caught.value, MissingField)


def test_a_dummy_beside_a_number_is_left_out_and_told() -> None:
    found = translated(msh("A31"), pid({3: f"0000000000^^^CPR&1.2.208.176.1.2&ISO~{LOCAL}"}))
    assert [i.value for i in found.citizen] == ["SP778812"]
    assert [i["value"] for i in body(found, "Patient")["identifier"]] == ["SP778812"]
    (finding,) = found.findings
    assert finding.where == "PID^1^3"
    assert "0000000000" not in str(finding)
    assert finding.rule.startswith("mappings/hl7v2/patient.yaml:")


def test_two_cpr_numbers_in_force_are_a_contradiction() -> None:
    with pytest.raises(RuleBroken) as caught:
        translated(msh("A31"), pid({3: f"{PID3}~2505544849^^^CPR&1.2.208.176.1.2&ISO"}))
    assert caught.value.where == "PID^1^3"


def test_a_former_cpr_number_is_kept_but_names_nobody() -> None:
    former = "2505544849^^^CPR&1.2.208.176.1.2&ISO^NI^^^20200101"
    found = translated(msh("A31"), pid({3: f"{former}~{PID3}"}))
    assert [i.value for i in found.citizen] == ["2512489996"]
    assert {i["value"] for i in body(found, "Patient")["identifier"]} == {"2512489996", "2505544849"}


def test_withdrawn_identifier_fields_join_nobody() -> None:
    found = translated(msh("A31"), pid({2: "OLD^^^REGH", 4: "ALT^^^REGH", 18: "ACC", 19: "0102030405"}))
    assert [i.value for i in found.citizen] == ["2512489996"]


# --- facts


def test_names_repeat_with_their_use() -> None:
    made = patient({5: "Lund^Bo^Ib^jr^Dr^^L~Dahl^Bo^^^^^M~Bob^^^^^^N~X^^^^^^U", 9: "Bo-Bo^^^^^^N"})
    assert made["name"] == [
        {"use": "official", "family": "Lund", "given": ["Bo", "Ib"], "prefix": ["Dr"], "suffix": ["jr"]},
        {"use": "maiden", "family": "Dahl", "given": ["Bo"]},
        {"use": "nickname", "family": "Bob"},
        {"family": "X"},
        {"use": "nickname", "family": "Bo-Bo"},
    ]


def test_an_unknown_name_is_a_name() -> None:
    found = translated(msh("A31"), pid({3: X, 5: "Ukendt^Ukendt^^^^^U", 7: ""}))
    assert body(found, "Patient")["name"] == [{"family": "Ukendt", "given": ["Ukendt"]}]
    assert "birthDate" not in body(found, "Patient")
    assert found.findings == ()


def test_an_unknown_use_is_told_and_left_out() -> None:
    found = translated(msh("A31"), pid({5: "Lund^Bo^^^^^Q"}))
    assert body(found, "Patient")["name"] == [{"family": "Lund", "given": ["Bo"]}]
    assert [(f.where, "v2-name-use" in f.text) for f in found.findings] == [("PID^1^5^1^7", True)]


def test_a_wholly_empty_name_is_none() -> None:
    assert "name" not in patient({5: "^^^^"})
    assert patient({5: "~Lund^Bo~^~"})["name"] == [{"family": "Lund", "given": ["Bo"]}]


@pytest.mark.parametrize(
    ("written", "line"),
    [("Vej 1&Vej&1", "Vej 1"), ("Torvet 3&TORVET", "Torvet 3"), ("&Vej&1", "Vej 1"), ("Vej&&1", "Vej 1")],
)
def test_a_street_that_is_told_whole_and_in_parts_is_one(written: str, line: str) -> None:
    assert patient({11: f"{written}^^By"})["address"] == [{"line": [line], "city": "By"}]


def test_addresses_repeat_with_their_use() -> None:
    made = patient({11: "c/o Nord^2. tv^By^^1000^DNK^C~Gade&Vejen&7^^By^^2000^DNK^H~Box 1^^By^^3000^^M"})
    assert made["address"] == [
        {"use": "temp", "line": ["c/o Nord", "2. tv"], "city": "By", "postalCode": "1000", "country": "DNK"},
        {"use": "home", "line": ["Gade Vejen 7"], "city": "By", "postalCode": "2000", "country": "DNK"},
        {"type": "postal", "line": ["Box 1"], "city": "By", "postalCode": "3000"},
    ]


@pytest.mark.parametrize(
    ("xtn", "point"),
    [
        ("^PRN^CP^^45^^20123456", {"system": "phone", "value": "+45 20123456", "use": "mobile"}),
        ("^PRN^PH^^1^555^7259890^4", {"system": "phone", "value": "+1 555 7259890;ext=4", "use": "home"}),
        ("^WPN^FX^^45^^33123456", {"system": "fax", "value": "+45 33123456", "use": "work"}),
        ("^NET^Internet^aase@example.org", {"system": "email", "value": "aase@example.org"}),
        ("^NET^X.400^aase@example.org", {"system": "email", "value": "aase@example.org"}),
        ("(555) 555-2004", {"system": "phone", "value": "(555) 555-2004", "use": "home"}),
        ("^^BP^^^^4711", {"system": "pager", "value": "4711", "use": "home"}),
        ("^PRS^CP^^^^^^^^^+45 20 12 34 56", {"system": "phone", "value": "+45 20 12 34 56", "use": "mobile"}),
    ],
)
def test_telephones_and_mail(xtn: str, point: dict[str, str]) -> None:
    assert patient({13: xtn})["telecom"] == [point]


def test_a_telephone_without_a_number_is_none() -> None:
    assert "telecom" not in patient({13: "^PRN^PH~^NET^Internet"})


def test_several_telephones_keep_their_order() -> None:
    made = patient({13: "^^^^^^1~^^^^^^2", 14: "^^^^^^3", 40: "^PRS^^^^^4"})
    told = [(t["value"], t["use"]) for t in made["telecom"]]
    assert told == [("1", "home"), ("2", "home"), ("3", "work"), ("4", "mobile")]


def test_codes_are_mapped_and_the_original_is_kept() -> None:
    made = patient({15: "da^Dansk^ISO639", 16: "S^Ugift^HL70002", 26: "DK^Danmark^ISO3166"})
    assert made["maritalStatus"]["text"] == "Ugift"
    assert [c["code"] for c in made["maritalStatus"]["coding"]] == ["S", "S"]
    assert made["maritalStatus"]["coding"][0]["system"].endswith("v3-MaritalStatus")
    assert made["communication"][0]["language"]["coding"][0]["system"] == "urn:ietf:bcp:47"
    assert made["extension"][0]["url"].endswith("patient-citizenship")


def test_a_local_code_is_kept_with_its_source_s_system() -> None:
    found = translated(msh("A31"), pid({16: "X^Samlevende^L"}))
    assert body(found, "Patient")["maritalStatus"] == {
        "coding": [{"system": "urn:faellesplan:source:regh:L", "code": "X", "display": "Samlevende"}],
        "text": "Samlevende",
    }
    assert len(found.findings) == 1


@pytest.mark.parametrize(
    ("code", "gender"), [("F", "female"), ("M", "male"), ("O", "other"), ("U", "unknown"), ("A", "other")]
)
def test_gender(code: str, gender: str) -> None:
    assert patient({8: code})["gender"] == gender


@pytest.mark.parametrize(("text", "date"), [("1948", "1948"), ("194812", "1948-12"), ("194812250312", "1948-12-25")])
def test_a_birth_date_keeps_its_precision(text: str, date: str) -> None:
    assert patient({7: text})["birthDate"] == date


@pytest.mark.parametrize(
    ("fields", "where"), [({7: "25/12-1948"}, "PID^1^7"), ({29: "20259999"}, "PID^1^29"), ({30: "maybe"}, "PID^1^30")]
)
def test_a_wrong_value_is_refused_with_its_place(fields: dict[int, str], where: str) -> None:
    with pytest.raises(WrongType) as caught:
        patient(fields)
    assert caught.value.where == where
    assert (caught.value.ack, caught.value.condition) == ("AE", "102")


@pytest.mark.parametrize(
    ("fields", "made"),
    [
        ({30: "Y"}, {"deceasedBoolean": True}),
        ({30: "N"}, {"deceasedBoolean": False}),
        ({29: "202503140915", 30: "Y"}, {"deceasedDateTime": "2025-03-14T09:15:00+01:00"}),
        ({}, {}),
    ],
)
def test_death_by_date_or_by_mark(fields: dict[int, str], made: dict[str, Any]) -> None:
    assert {name: value for name, value in patient(fields).items() if name.startswith("deceased")} == made


def test_doctor_and_clinic() -> None:
    clinic, doctor = "Lægerne^^0123^^^SOR&1.2.208.176.1.1&ISO", "0123P^Holm^Mette^^^Dr^^^YDER&1.2.208.176.1.4&ISO"
    pd1 = segment("PD1", {3: clinic, 4: doctor})
    role = "ROL|1^R|AD|PP|0999X^Berg^Pia^^^^^^YDER&1.2.208.176.1.4&ISO"
    made = patient({}, pd1, role)["generalPractitioner"]
    assert made == [
        {
            "type": "Practitioner",
            "identifier": {"system": "urn:oid:1.2.208.176.1.4", "value": "0123P"},
            "display": "Dr Mette Holm",
        },
        {
            "type": "Organization",
            "identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": "0123"},
            "display": "Lægerne",
        },
    ]
    assert [g["display"] for g in patient({}, role)["generalPractitioner"]] == ["Pia Berg"]
    assert "generalPractitioner" not in patient({}, role.replace("|AD|", "|DE|"))


@pytest.mark.parametrize(
    ("protected", "visit", "codes"),
    [("Y", "", "R"), ("", "Y", "R"), ("Y", "Y", "R"), ("N", "Y", "R"), ("N", "", "N"), ("", "", ""), ("", "N", "")],
)
def test_protected_name_and_address(protected: str, visit: str, codes: str) -> None:
    found = translated(msh(), pid(), segment("PD1", {12: protected}), pv1(), segment("PV2", {22: visit}))
    security = body(found, "Patient").get("meta", {}).get("security", [])
    assert [label["code"] for label in security] == list(codes)
    assert "meta" not in body(found, "Encounter") or visit == "Y"


def test_protection_ends_when_the_sender_says_so() -> None:
    protected, silent, ended = (
        raw(msh("A31", {10: at}), evn("A31", at), pid(), segment("PD1", {12: mark}))
        for mark, at in (("Y", "20250101"), ("", "20250201"), ("N", "20250301"))
    )
    (made,) = fold(protected, silent)["Patient"]
    assert [label["code"] for label in made["meta"]["security"]] == ["R"]
    (made,) = fold(protected, silent, ended)["Patient"]
    assert [label["code"] for label in made["meta"]["security"]] == ["N"]


def test_two_quotes_delete_and_nothing_leaves_as_it_was() -> None:
    first = raw(msh("A31", {10: "1"}), evn("A31", "20250101"), pid({11: "Gade 1^^By", 13: "^^^^^^1"}))
    deleted = language().translate(raw(msh("A31", {10: "2"}), evn("A31", "20250102"), pid({11: '""', 13: ""})))
    assert of_kind(deleted, "Patient")[0].cleared == ("address",)
    (made,) = fold(first, raw(msh("A31", {10: "2"}), evn("A31", "20250102"), pid({11: '""', 13: ""})))["Patient"]
    assert "address" not in made
    assert made["telecom"][0]["value"] == "1"


def test_an_emergency_contact_is_a_contact_and_a_relative() -> None:
    nk1 = "NK1|1|Lund^Bo|SIB^Sibling^HL70063|Gade 1^^By^^1000|^PRN^CP^^45^^20|^WPN^PH^^^^33|C^Emergency Contact^HL70131"
    found = translated(msh("A31"), pid(), nk1)
    (contact,) = body(found, "Patient")["contact"]
    assert contact["name"] == {"family": "Lund", "given": ["Bo"]}
    assert contact["address"] == {"line": ["Gade 1"], "city": "By", "postalCode": "1000"}
    assert [t["use"] for t in contact["telecom"]] == ["mobile", "work"]
    assert [r["coding"][0]["code"] for r in contact["relationship"]] == ["C", "SIB"]
    assert body(found, "RelatedPerson")["name"] == [{"family": "Lund", "given": ["Bo"]}]


def test_numbers_names_addresses_and_phones_have_the_time_they_were_in_use() -> None:
    made = patient(
        {
            3: f"778^^^REGH^MR^^20200101^20201231~{PID3}",
            5: "Lund^Bo^^^^^M^^^20100101&20191231~Eksempelsen^Åse^^^^^L^^^^^20200101",
            11: "Gade 1^^By^^1000^^H^^^^^20150101&20191231",
            13: "^PRN^CP^^^^20998877^^^^^^20200101^20211231",
        }
    )
    assert made["identifier"][0]["period"] == {"start": "2020-01-01", "end": "2020-12-31"}
    assert "period" not in made["identifier"][1]
    assert [name["period"] for name in made["name"]] == [
        {"start": "2010-01-01", "end": "2019-12-31"},
        {"start": "2020-01-01"},
    ]
    assert made["address"][0]["period"] == {"start": "2015-01-01", "end": "2019-12-31"}
    assert made["telecom"][0]["period"] == {"start": "2020-01-01", "end": "2021-12-31"}


def test_a_time_in_use_that_is_none_is_left_out_and_told() -> None:
    found = translated(msh("A31"), pid({3: f"778^^^REGH^MR^^i fjor~{PID3}", 13: "^PRN^CP^^^^1^^^^^^altid"}))
    made = body(found, "Patient")
    assert "period" not in made["identifier"][0]
    assert "period" not in made["telecom"][0]
    assert [f.where for f in found.findings] == ["PID^1^3^1^7", "PID^1^13^1^13"]


@pytest.mark.parametrize(
    ("written", "gender"), [("f", "female"), ("Female", "female"), ("MALE", "male"), ("m", "male")]
)
def test_a_sex_that_senders_write_beside_the_table(written: str, gender: str) -> None:
    assert patient({8: written})["gender"] == gender

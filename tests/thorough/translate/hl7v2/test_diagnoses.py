"""DG1 becomes a Condition, keyed by visit and identifier or code, and an entry in Encounter.diagnosis."""

from __future__ import annotations

import pytest

from gateway.domain.statement import Verb
from tests.translate.hl7v2.ward import adt, evn, fold, language, msh, of_kind, pid, pv1, raw, segment, stay, translated

SKIZO = {1: "1", 3: "DF205^Skizofreni, residual^SKS", 5: "20250314", 6: "A"}
VISIT_KEY = "urn:oid:1.2.208.176.1.2.1|V77"


def dg1(*rows: dict[int, str]) -> list[str]:
    return [segment("DG1", SKIZO | row) for row in rows]


def test_a_diagnosis_is_a_condition_of_its_visit() -> None:
    (said,) = of_kind(language().translate(adt("A01", *dg1({}))), "Condition")
    assert said.key == f"{VISIT_KEY}|urn:oid:1.2.208.176.2.4.12|DF205"
    assert said.body["code"] == {
        "coding": [{"system": "urn:oid:1.2.208.176.2.4.12", "code": "DF205", "display": "Skizofreni, residual"}],
        "text": "Skizofreni, residual",
    }
    assert said.body["onsetDateTime"] == "2025-03-14"
    assert said.body["category"][0]["coding"][0]["code"] == "encounter-diagnosis"
    assert "subject" not in said.body


@pytest.mark.parametrize(
    ("code", "system"),
    [
        ("DF205^x^SKS", "urn:oid:1.2.208.176.2.4.12"),
        ("DF205^x^1.2.208.176.2.4", "urn:oid:1.2.208.176.2.4.12"),
        ("BVAA^x^SKS", "urn:oid:1.2.208.176.2.4"),
        ("D1^x^SKS", "urn:oid:1.2.208.176.2.4"),
        ("DF205^x^SKS-D", "urn:oid:1.2.208.176.2.4.12"),
        ("F20.5^x^ICD-10", "http://hl7.org/fhir/sid/icd-10"),
        ("F20.5^x^I10C", "http://hl7.org/fhir/sid/icd-10-cm"),
        ("422504002^Stroke^SCT", "http://snomed.info/sct"),
        ("F20.5^x^I10", "http://hl7.org/fhir/sid/icd-10"),
        ("P72^x^ICPC2", "urn:oid:1.2.208.176.2.31"),
        ("X^x^HL70052", "http://terminology.hl7.org/CodeSystem/v2-0052"),
        ("X^x^1.2.3", "urn:oid:1.2.3"),
        ("X^x^http://a.b/c", "http://a.b/c"),
        ("X^x^LOCAL", "urn:faellesplan:source:regh:LOCAL"),
        ("X^x^HL0070", "urn:faellesplan:source:regh:HL0070"),
    ],
)
def test_coding_systems(code: str, system: str) -> None:
    (said,) = of_kind(language().translate(adt("A01", *dg1({3: code}))), "Condition")
    assert said.body["code"]["coding"][0]["system"] == system


def test_two_codings_and_the_original_text() -> None:
    code = "DF205^Skizofreni^SKS^F20.5^Residual schizophrenia^I10^^^som skrevet"
    (said,) = of_kind(language().translate(adt("A01", *dg1({3: code}))), "Condition")
    assert [c["code"] for c in said.body["code"]["coding"]] == ["DF205", "F20.5"]
    assert said.body["code"]["text"] == "som skrevet"


def test_a_diagnosis_in_words_only() -> None:
    (first,) = of_kind(language().translate(adt("A01", *dg1({3: "^Ondt i  hovedet"}))), "Condition")
    (second,) = of_kind(language().translate(adt("A01", *dg1({3: "", 4: "Ondt i hovedet"}))), "Condition")
    assert first.body["code"] == {"text": "Ondt i  hovedet"}
    assert second.body["code"] == {"text": "Ondt i hovedet"}
    assert first.key == second.key
    assert first.key.startswith(f"{VISIT_KEY}|")
    assert "ondt" not in first.key


def test_the_doctor_s_own_words_are_its_text() -> None:
    (said,) = of_kind(
        language().translate(adt("A01", *dg1({3: "DF205^Skizofreni^SKS", 4: "Kendt, nu psykotisk"}))), "Condition"
    )
    assert said.body["code"]["coding"][0]["display"] == "Skizofreni"
    assert said.body["code"]["text"] == "Kendt, nu psykotisk"


def test_an_identifier_is_a_better_key_than_a_code() -> None:
    made = language().translate(adt("A01", *dg1({20: "D1^REGH"}, {20: "D1^REGH", 3: "DF209^x^SKS"}, {20: "D2^REGH"})))
    keys = [said.key for said in of_kind(made, "Condition")]
    assert keys[0] == keys[1] != keys[2]
    assert of_kind(made, "Condition")[0].body["identifier"] == [
        {"system": "urn:faellesplan:source:regh:REGH", "value": "D1"}
    ]


def test_the_set_id_is_no_key() -> None:
    one = of_kind(language().translate(adt("A01", *dg1({1: "1"}))), "Condition")[0]
    other = of_kind(language().translate(adt("A08", *dg1({1: "7"}))), "Condition")[0]
    assert one.key == other.key


def test_the_same_code_in_two_visits_is_two_conditions() -> None:
    one = of_kind(language().translate(adt("A01", *dg1({}))), "Condition")[0]
    other = of_kind(language().translate(adt("A01", *dg1({}), visit=pv1({19: "V78^^^REGH"}))), "Condition")[0]
    assert one.key != other.key


@pytest.mark.parametrize(
    ("kind", "use", "certainty"),
    [
        ("A", ["AD", "A"], None),
        ("W", ["W"], "provisional"),
        ("F", ["DD", "F"], "confirmed"),
        ("B^Bidiagnose^L", ["B"], None),
        ("", None, None),
    ],
)
def test_the_kind_of_diagnosis(kind: str, use: list[str] | None, certainty: str | None) -> None:
    made = fold(adt("A01", *dg1({6: kind, 15: "1"})))
    (entry,) = made["Encounter"][0]["diagnosis"]
    assert (entry.get("use") and [c["code"] for c in entry["use"]["coding"]]) == use
    assert entry["rank"] == 1
    assert entry["condition"] == {"reference": f"Condition/{made['Condition'][0]['id']}"}
    status = made["Condition"][0].get("verificationStatus")
    assert (status and status["coding"][0]["code"]) == certainty


def test_a_deleted_diagnosis_was_an_error() -> None:
    first = adt("A01", *dg1({}))
    deleted = adt("A08", *dg1({21: "D"}), sent="20250315")
    (said,) = of_kind(language().translate(deleted), "Condition")
    assert said.verb is Verb.WITHDRAW
    made = fold(first, deleted)
    assert made["Condition"][0]["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert "diagnosis" not in stay(deleted)


@pytest.mark.parametrize("code", ["A", "U", "X", ""])
def test_other_action_codes_are_words_like_any_other(code: str) -> None:
    (said,) = of_kind(language().translate(adt("A08", *dg1({21: code}))), "Condition")
    assert said.verb is Verb.ASSERT


def test_a_confidential_diagnosis_is_labelled() -> None:
    (said,) = of_kind(language().translate(adt("A01", *dg1({18: "Y"}))), "Condition")
    assert said.body["meta"]["security"][0]["code"] == "R"


def test_times_and_asserter() -> None:
    row = {5: "2025", 16: "A1^Jensen^Jens", 19: "202503150900"}
    (said,) = of_kind(language().translate(adt("A01", *dg1(row))), "Condition")
    assert said.body["onsetDateTime"] == "2025"
    assert said.body["recordedDate"] == "2025-03-15T09:00:00+01:00"
    assert said.body["asserter"]["display"] == "Jens Jensen"


def test_a_wrong_onset_is_left_out_and_told() -> None:
    found = language().translate(adt("A01", *dg1({5: "sidste år"})))
    assert "onsetDateTime" not in of_kind(found, "Condition")[0].body
    assert [(f.where, f.rule.partition(":")[0]) for f in found.findings] == [
        ("DG1^1^5", "mappings/hl7v2/condition.yaml")
    ]


def test_a_diagnosis_without_code_and_words_is_left_out_and_told() -> None:
    message = adt("A01", *dg1({3: "", 5: ""}))
    found = language().translate(message)
    assert of_kind(found, "Condition") == []
    assert len(found.findings) == 1
    assert [e.get("condition") for e in stay(message).get("diagnosis", [])] == []


def test_a_z_segment_between_the_others_disturbs_nothing() -> None:
    plain = translated(msh(), evn(), pid(), pv1(), *dg1({}))
    with_z = translated(msh(), evn(), "ZZ1|a^b", pid(), "ZBE|1|x", pv1(), "ZPV|1", *dg1({}), "ZDK|2")
    assert [s.body for s in plain.statements] == [s.body for s in with_z.statements]


def test_a_document_of_five_megabytes_is_passed_over() -> None:
    huge = "OBX|1|ED|DOC||^AP^PDF^Base64^" + "QUJD" * 1_250_000
    assert len(of_kind(language().translate(raw(msh(), evn(), pid(), pv1(), huge, *dg1({}))), "Condition")) == 1

"""REF → ServiceRequest: status by event and RF1-1, who refers to whom, why; order never matters."""

from __future__ import annotations

import pytest

from gateway.errors import MissingField, UnknownMessage
from gateway.translate.fhir.structure import structure
from tests.translate.hl7v2.desk import in_any_order, ref, referral
from tests.translate.hl7v2.ward import fold, language, raw, segment

DG1 = "DG1|1||DF205^Skizofreni, residual^SKS||20260314|F"


def test_a_referral() -> None:
    one = referral(ref("I12", {5: "O", 7: "20250401", 8: "20250601", 9: "20250314", 10: "X^Misbrug^L", 11: "E-1"}))
    assert structure(one | {"meta": {"versionId": "1"}}) == []
    assert (one["status"], one["intent"], one["priority"]) == ("active", "order", "routine")
    assert [i["value"] for i in one["identifier"]] == ["R-1", "E-1"]
    assert [c["coding"][0]["code"] for c in one["category"]] == ["Med", "O"]
    assert one["occurrencePeriod"] == {"start": "2025-04-01", "end": "2025-06-01"}
    assert one["authoredOn"] == "2025-03-14"
    assert one["reasonCode"][0]["text"] == "Misbrug"


def test_who_refers_to_whom_are_logical_references() -> None:
    one = referral(ref())
    assert one["requester"]["display"] == "Dr Per Holm"
    assert one["requester"]["identifier"]["value"] == "055555"
    assert [(p["type"], p["display"]) for p in one["performer"]] == [
        ("Practitioner", "Karen Lund"), ("Organization", "Herlev"),
    ]  # fmt: skip
    assert one["performer"][1]["identifier"] == {"system": "urn:oid:1.2.208.176.1.1", "value": "265161000016000"}
    assert "reference" not in str(one["performer"])


def test_an_organisation_alone_can_refer() -> None:
    alone = segment("PRD", {1: "RP", 10: "Egen læge^^^^^SOR&1.2.208.176.1.1&ISO^^^^953741000016009"})
    message = ref().replace(segment("PRD", {1: "RP^Referring Provider^HL70286"}).encode(), b"PRD|XX")
    other = raw(*[one for one in message.decode().split("\r") if one and not one.startswith("PRD")], alone)
    assert referral(other)["requester"]["type"] == "Organization"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("A", "active"),
        ("P", "active"),
        ("R", "revoked"),
        ("E", "revoked"),
        ("a", "active"),
        ("", "active"),
        ("Z", "active"),
    ],
)
def test_the_status_is_that_of_rf1_1_or_else_active(code: str, status: str) -> None:
    assert referral(ref("I12", {1: code}))["status"] == status


def test_the_senders_own_word_for_the_status_stays() -> None:
    (one,) = referral(ref())["extension"]
    assert one["valueCodeableConcept"]["coding"][0]["code"] == "P"


def test_a_cancelled_referral_is_revoked_and_keeps_its_content() -> None:
    one = referral(ref(), ref("I14", {3: "", 2: ""}, sent="20250315093015+0100"))
    assert (one["status"], one["priority"], one["category"][0]["coding"][0]["code"]) == ("revoked", "routine", "Med")


def test_a_change_leaves_the_status_alone() -> None:
    cancelled = ref("I14", sent="20250315093015+0100")
    one = referral(ref(), cancelled, ref("I13", {1: "", 2: "S"}, sent="20250316093015+0100"))
    assert (one["status"], one["priority"]) == ("revoked", "stat")


def test_a_question_changes_nothing_that_was_told() -> None:
    asked = ref("I15", {1: "A", 2: "S"}, sent="20250317093015+0100")
    one = referral(ref(), ref("I14", sent="20250315093015+0100"), asked)
    assert (one["status"], one["priority"]) == ("revoked", "routine")
    assert referral(asked)["status"] == "active", "where nobody has told, the question tells"


def test_nobody_knows_how_a_referral_stands_that_is_only_asked_about() -> None:
    assert referral(ref("I15", {1: ""}))["status"] == "unknown"


def test_order_and_repetition_never_matter() -> None:
    first, *others = in_any_order(
        ref("I12", {}, DG1),
        ref("I13", {1: "A", 2: "A"}, sent="20250315093015+0100"),
        ref("I15", {1: "P"}, sent="20250316093015+0100"),
        ref("I14", {1: ""}, sent="20250317093015+0100"),
    )
    assert first["ServiceRequest"][0]["status"] == "revoked"
    assert all(other == first for other in others)


def test_the_reason_is_the_condition_of_the_same_message() -> None:
    found = fold(ref("I12", {}, DG1))
    (condition,) = found["Condition"]
    assert found["ServiceRequest"][0]["reasonReference"] == [{"reference": f"Condition/{condition['id']}"}]


def test_a_result_that_comes_along_is_not_what_is_asked_for() -> None:
    result = ("OBR|1|||22310-7^Helicobacter^LN", "OBX|1|ST|22310-7^Helicobacter^LN||Positive||||||F")
    assert referral(ref("I12", {}, *result))["code"]["coding"][0]["code"] == "Med"
    assert referral(ref("I12", {}, result[0]))["code"]["coding"][0]["code"] == "22310-7"


def test_notes_and_words() -> None:
    more = (
        "OBR|1|||X^Y",
        "NTE|1||Om prøven",
        "PV1|1|I|||||||||||||||||V77^^^REGH&1.2.208.176.1.2.1&ISO^VN",
        "NTE|1||Til sidst",
    )
    one = referral(ref("I12", {14: "Uro", 24: "Haster lidt"}, *more))
    assert [note["text"] for note in one["note"]] == ["Haster lidt", "Om prøven", "Til sidst"]
    assert one["reasonCode"] == [{"text": "Uro"}]
    assert one["encounter"]["identifier"]["value"] == "V77"


def test_a_referral_to_psychiatry_says_so() -> None:
    assert referral(ref("I12", {3: "Psy"}))["category"][0]["coding"][0]["system"].endswith("v2-0281")


def test_a_referral_without_a_number_is_refused() -> None:
    with pytest.raises(MissingField) as refused:
        language().translate(ref("I12", {6: ""}))
    assert refused.value.where.startswith("RF1^1")


def test_the_receivers_number_is_enough() -> None:
    assert referral(ref("I12", {6: "", 11: "E-1^EXT"}))["identifier"][0]["value"] == "E-1"


def test_an_answer_to_a_referral_is_another_message() -> None:
    with pytest.raises(UnknownMessage):
        language().translate(ref().replace(b"REF^I12", b"RRI^I12"))

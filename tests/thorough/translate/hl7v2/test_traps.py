"""The traps of the field, one test each: what receivers of ADT are known to get wrong, in the order of the list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.statement import Act, Verb
from gateway.errors import GatewayError, NoCitizen, WrongCharset, WrongType
from gateway.translate.translation import Translation
from tests.translate.hl7v2.ward import (
    ADMITTED,
    CPR,
    CPR_KEY,
    DOCTOR,
    HERLEV,
    PID3,
    VISIT,
    adt,
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
    stay,
    translated,
)  # fmt: skip

GONE = adt("A03", sent="20250320130000+0100", visit=pv1({45: "20250320123000+0100"}))
SKIZO = {1: "1", 3: "DF205^Skizofreni^SKS", 5: "20250314"}
X = "0703921VJ5^^^X&1.2.208.176.1.6.1.1&ISO^PNT"


def patient(fields: dict[int, str], *more: str) -> dict[str, Any]:
    made: dict[str, Any] = body(translated(msh("A31"), evn("A31"), pid(fields), *more), "Patient")
    return made


def refused(raw_message: bytes) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        language().translate(raw_message)
    return caught.value


# Repetition, identifiers


def test_repeated_names_addresses_and_phones() -> None:
    made = patient({5: "A^B^^^^^L~C^D^^^^^M", 11: "Vej 1^^By^^1000~Vej 2^^By^^2000", 13: "^PRN^PH^^^^1~^PRN^CP^^^^2"})
    assert [name["family"] for name in made["name"]] == ["A", "C"]
    assert [address["postalCode"] for address in made["address"]] == ["1000", "2000"]
    assert [telecom["value"] for telecom in made["telecom"]] == ["1", "2"]


def test_a_cpr_number_a_local_and_a_replacement_number_of_three_authorities() -> None:
    found = translated(msh(), pid({3: f"778^^^REGH&1.2.208.176.1.2.1&ISO^MR~{X}~{PID3}"}), pv1())
    assert found.citizen[0].key == CPR_KEY, "the first is not the best"
    assert len({number.system for number in found.citizen}) == 3
    uses = {i["value"]: i.get("use") for i in body(found, "Patient")["identifier"]}
    assert uses == {CPR: "official", "0703921VJ5": "temp", "778": None}


# Events


def test_pre_admission_on_an_admission() -> None:
    made = stay(adt("A01", visit=pv1({2: "P"})))
    assert (made["status"], made["class"]["code"]) == ("in-progress", "IMP")


@pytest.mark.parametrize(("at", "field"), [("20250320110000+0100", "EVN-6"), ("", "EVN-2")])
def test_a_discharge_without_its_time(at: str, field: str) -> None:
    message = adt("A03", at=at, sent="20250320130000+0100", visit=pv1())
    made = stay(ADMITTED, message)
    assert made["status"] == "finished"
    assert made["period"]["end"] == ("2025-03-20T11:00:00+01:00" if at else "2025-03-20T13:00:00+01:00")
    (said,) = of_kind(language().translate(message), "Encounter")
    assert said.notes == (f"PV1-45 is empty; the time is that of {field}",)


def test_a_cancelled_discharge() -> None:
    made = stay(ADMITTED, GONE, adt("A13", sent="20250320140000+0100"))
    assert (made["status"], made["period"].get("end")) == ("in-progress", None)


def test_a_cancelled_admission_of_an_unknown_visit() -> None:
    cancelled = adt("A11", sent="20250314120000+0100")
    assert stay(cancelled)["status"] == "entered-in-error"
    assert stay(cancelled, ADMITTED)["status"] == "entered-in-error", "the late admission comes out cancelled"


def test_an_update_before_the_admission() -> None:
    early = adt("A08", segment("PV2", {3: "^Feber"}), sent="20250314100000+0100")
    made = stay(early, ADMITTED)
    assert (made["status"], made["reasonCode"]) == ("in-progress", [{"text": "Feber"}])


def test_a_transfer_that_tells_the_former_place() -> None:
    moved = adt("A02", at="20250318120000+0100", sent="20250318121000+0100", visit=pv1({3: "MED2^1^1^HGH", 6: HERLEV}))

    def places(*messages: bytes) -> list[tuple[str, str]]:
        return [(one["location"]["display"], one["status"]) for one in stay(*messages)["location"]]

    both = [("MED1-12-2, HGH", "completed"), ("MED2-1-1, HGH", "active")]
    assert places(ADMITTED, moved) == both
    assert places(moved) == both, "when nobody told of the admission"


def test_a_merge_whose_survivor_is_unknown() -> None:
    made = fold(adt("A01", citizen=pid({3: X})), adt("A40", segment("MRG", {1: X}), visit=None, sent="20250320"))
    survivor = next(one for one in made["Patient"] if one["active"])
    assert survivor["identifier"][0]["value"] == CPR
    assert made["Encounter"][0]["subject"] == {"reference": f"Patient/{survivor['id']}"}


def test_an_update_of_a_person_with_a_visit() -> None:
    assert "Encounter" not in fold(adt("A31"))


# Diagnoses and roles


def test_a_final_diagnosis() -> None:
    made = fold(adt("A01", segment("DG1", SKIZO | {6: "F"})))
    assert made["Encounter"][0]["diagnosis"][0]["use"]["coding"][0]["code"] == "DD"
    assert made["Condition"][0]["verificationStatus"]["coding"][0]["code"] == "confirmed"


def test_a_deleted_diagnosis() -> None:
    deleted = adt("A08", segment("DG1", SKIZO | {21: "D"}), sent="20250315")
    made = fold(adt("A01", segment("DG1", SKIZO)), deleted)
    assert made["Condition"][0]["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert "diagnosis" not in made["Encounter"][0]


def test_one_person_in_a_role_after_pid_and_after_pv1() -> None:
    role = f"ROL|1|AD|AT^Attending^HL70443|{DOCTOR}"
    message = raw(msh(), evn(), pid(), role, pv1(), role)
    assert len(fold(message)["CareTeam"][0]["participant"]) == 1
    assert len(stay(message)["participant"]) == 1, "a role of the person is none of the stay"


def test_a_deleted_role() -> None:
    role = f"ROL|1|AD|AT^Attending^HL70443|{DOCTOR}|20250314"
    left = adt("A08", role.replace("|AD|", "|DE|"), sent="20250401")
    (member,) = fold(adt("A01", role), left)["CareTeam"][0]["participant"]
    assert member["period"]["end"].startswith("2025-04-01")


def test_a_role_with_an_organisation_only() -> None:
    unit = "Bostedet^^^^^SOR&1.2.208.176.1.1&ISO^^^^953741000016009"
    role = segment("ROL", {2: "AD", 3: "XX^Bosted^L", 14: unit})
    (member,) = fold(adt("A01", role))["CareTeam"][0]["participant"]
    assert member["member"]["identifier"]["value"] == "953741000016009"


# Numbers


def test_two_senders_with_the_same_visit_number() -> None:
    one, other = (raw(msh("A01", {4: name}), evn(), pid(), pv1({19: "77"})) for name in ("REGH", "BBH"))
    assert len(fold(one, other)["Encounter"]) == 2


def test_one_control_id_with_other_content() -> None:
    one = language().translate(raw(msh("A01", {10: "1"}), evn(), pid(), pv1()))
    other = language().translate(raw(msh("A01", {10: "1"}), evn(), pid(), pv1({3: "MED9^1^1^HGH"})))
    assert (one.message_id, one.fingerprint == other.fingerprint) == (other.message_id, False)


# Delimiters, escapes, characters


def test_two_quotes_delete() -> None:
    found = translated(msh("A31"), evn("A31"), pid({11: '""'}))
    assert of_kind(found, "Patient")[0].cleared == ("address",)


@pytest.mark.parametrize(("written", "read"), [("a\\X0D\\b", "a\nb"), ("a\\.br\\b", "a\nb"), ("a\\T\\b", "a&b")])
def test_escapes_are_undone_once_and_after_the_split(written: str, read: str) -> None:
    condition = body(translated(msh(), pid(), pv1(), segment("DG1", {3: f"^{written}"})), "Condition")
    assert condition["code"]["text"] == read


@pytest.mark.parametrize("nothing", ["~", "~~", "^^^^", "^^&&^", " "])
def test_delimiters_alone_say_nothing(nothing: str) -> None:
    made = patient({11: nothing, 13: nothing, 16: nothing})
    assert not {"address", "telecom", "maritalStatus"} & set(made)


def test_a_fifth_delimiter() -> None:
    found = language().translate(raw(msh().replace("^~\\&", "^~\\&#"), evn(), pid(), pv1()))
    assert body(found, "Patient")["name"][0]["given"] == ["Åse"]


@pytest.mark.parametrize(
    ("charset", "codec"), [("8859/1", "latin-1"), ("UNICODE UTF-8", "utf-8"), ("8859/15", "iso8859-15")]
)
def test_danish_letters(charset: str, codec: str) -> None:
    message = raw(msh("A31", {18: charset}), evn("A31"), pid({5: "Ærø^Åse Ø"}), encoding=codec)
    assert body(language().translate(message), "Patient")["name"][0] == {"family": "Ærø", "given": ["Åse Ø"]}


def test_letters_that_are_not_in_the_declared_set_are_refused_and_never_replaced() -> None:
    message = raw(msh("A31", {18: "UNICODE UTF-8"}), evn("A31"), pid({5: "Ærø"}), encoding="latin-1")
    assert isinstance(refused(message), WrongCharset)


def test_a_byte_order_mark() -> None:
    assert language().translate(b"\xef\xbb\xbf" + ADMITTED).citizen[0].key == CPR_KEY


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end(end: str) -> None:
    found = language().translate(raw(msh(), evn(), pid(), pv1(), end=end))
    assert len(of_kind(found, "Encounter")) == 1


def test_a_segment_in_small_letters() -> None:
    assert translated(msh(), evn(), pid().replace("PID", "pid"), pv1().replace("PV1", "pv1")).citizen[0].key == CPR_KEY


def test_a_z_segment_between_pid_and_pv1() -> None:
    found = language().translate(raw(msh(), evn(), pid(), "ZPD|1^2&3~4|x", pv1()))
    assert len(of_kind(found, "Encounter")) == 1


def test_a_document_of_five_megabytes() -> None:
    huge = "OBX|1|ED|DOC||^AP^PDF^Base64^" + "QUJD" * 1_250_000
    assert len(of_kind(language().translate(raw(msh(), evn(), pid(), pv1(), huge)), "Encounter")) == 1


# Times and births


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2025", "2025-01-01T00:00:00+01:00"),
        ("202503", "2025-03-01T00:00:00+01:00"),
        ("20250314", "2025-03-14T00:00:00+01:00"),
        ("202503140915", "2025-03-14T09:15:00+01:00"),
        ("20250314091500.1234", "2025-03-14T09:15:00.123+01:00"),
        ("20250314091500+0100", "2025-03-14T09:15:00+01:00"),
        ("20250314091500-0500", "2025-03-14T15:15:00+01:00"),
        ("202503300230", "2025-03-30T03:30:00+02:00"),
        ("202503142400", "2025-03-15T00:00:00+01:00"),
        ("20240229", "2024-02-29T00:00:00+01:00"),
    ],
)
def test_every_precision_of_a_time(text: str, start: str) -> None:
    made = stay(adt("A01", sent="20250401000000+0200", visit=pv1({44: text})))
    assert made["period"]["start"] == start


def test_no_such_leap_day() -> None:
    error = refused(adt("A01", visit=pv1({44: "20250229"})))
    assert (type(error), error.where) == (WrongType, "PV1^1^44")


def test_a_number_with_sixty_added_to_the_day_is_a_number() -> None:
    """Replacement numbers of that form are in use; no digit of a CPR number is judged (glossary)."""
    assert (
        translated(msh(), pid({3: f"85{CPR[2:]}^^^CPR&1.2.208.176.1.2&ISO"}), pv1()).citizen[0].value == f"85{CPR[2:]}"
    )


def test_no_birth_date_and_no_name() -> None:
    made = patient({5: "Ukendt^^^^^^U", 7: ""})
    assert "birthDate" not in made
    assert made["name"][0]["family"] == "Ukendt"


# What goes wrong with ADT in the field


@pytest.mark.parametrize("number", ["0000000000", "1111111111"])
def test_a_dummy_is_nobody(number: str) -> None:
    with pytest.raises(NoCitizen):
        translated(msh(), pid({3: f"{number}^^^CPR&1.2.208.176.1.2&ISO"}), pv1())


def test_a_number_without_modulus_11_is_a_number() -> None:
    assert translated(msh(), pid({3: "0108589995^^^CPR&1.2.208.176.1.2&ISO"}), pv1()).citizen[0].value == "0108589995"


def test_the_first_identifier_is_not_the_best() -> None:
    assert translated(msh(), pid({3: f"{X}~{PID3}"}), pv1()).citizen[0].key == CPR_KEY


def test_two_stays_may_be_open_at_once() -> None:
    somatic = adt("A01", visit=pv1({19: VISIT.replace("V77", "V78"), 3: "M1^1^1^HEH"}), sent="20250315")
    assert [one["status"] for one in fold(ADMITTED, somatic)["Encounter"]] == ["in-progress", "in-progress"]


def test_a_transfer_to_another_hospital_discharges_nobody() -> None:
    away = adt("A02", at="20250318", sent="20250318121000+0100", visit=pv1({3: "PSY4^1^1^BBH"}))
    made = fold(ADMITTED, away)["Encounter"]
    assert [one["status"] for one in made] == ["in-progress", "in-progress"]
    assert not any("hospitalization" in one for one in made)


def test_a_late_admission_opens_nothing() -> None:
    assert stay(GONE, ADMITTED)["status"] == "finished"


def test_the_time_of_sending_orders_nothing() -> None:
    late = raw(msh("A03", {7: "20250301"}), evn("A03", "20250320130000+0100"), pid(), pv1({45: "20250320123000+0100"}))
    assert stay(ADMITTED, late)["status"] == "finished"


def test_guide_defaults_are_not_ours() -> None:
    assert stay(adt("A04", visit=pv1({2: "E"})))["status"] == "in-progress", "not planned"
    assert stay(ADMITTED, adt("A08", sent="20250315"))["status"] == "in-progress", "not unknown"
    assert stay(ADMITTED, adt("A11", sent="20250315"))["status"] == "entered-in-error", "not cancelled"


@pytest.mark.parametrize(
    "event", ["A04", "A07", "A08", "A11", "A13", "A14", "A22", "A23", "A27", "A28", "A31", "A40", "A47", "A53", "A55"]
)
def test_the_structure_in_msh_9_3_is_not_needed(event: str) -> None:
    mrg = [segment("MRG", {1: X})] if event in ("A40", "A47") else []
    found: Translation = translated(msh(event, {9: f"ADT^{event}"}), evn(event), pid(), *mrg, pv1())
    assert found.event == event
    assert found.statements


def test_a_protected_address_is_labelled() -> None:
    made = patient({}, segment("PD1", {12: "Y"}))
    assert made["meta"]["security"][0]["code"] == "R"


def test_no_value_of_the_message_stands_in_an_error() -> None:
    told = [
        refused(adt("A01", citizen=pid({7: "hemmelig"}))),
        refused(adt("A01", citizen=pid({3: "HEMMELIG^^^^NNDNK"}))),
        refused(adt("A01", visit=pv1({44: "hemmelig"}))),
        refused(raw(msh("A01", {3: "hemmelig"}), pid(), pv1())),
    ]
    for error in told:
        assert "hemmelig" not in str(error).casefold()
        assert b"hemmelig" not in language().refuse(ADMITTED, error, datetime(2025, 3, 14, tzinfo=UTC)).lower()


def test_times_of_the_autumn_night_keep_their_offset() -> None:
    made = stay(adt("A01", sent="20251026040000+0100", visit=pv1({44: "20251026023000+0100"})))
    assert made["period"]["start"] == "2025-10-26T02:30:00+01:00"


def test_a_cancelled_discharge_that_repeats_the_death_takes_the_discharge_back() -> None:
    (said,) = of_kind(language().translate(adt("A13", citizen=pid({30: "Y"}), sent="20250318090000+0100")), "Encounter")
    assert (said.act, said.verb) == (Act.END, Verb.WITHDRAW)

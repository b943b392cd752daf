"""The life of a stay: every event, its time, its cancellation, and any order of arrival."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.statement import Act, Verb
from gateway.errors import WrongType
from tests.translate.hl7v2.ward import (
    ADMITTED,
    CPR_KEY,
    HERLEV,
    VISIT,
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
    stay,
    translated,
)  # fmt: skip

LEFT = adt("A21", at="20250316100000+0100", sent="20250316101000+0100", visit=pv1({44: ""}))
BACK = adt("A22", at="20250317180000+0100", sent="20250317181000+0100", visit=pv1({44: ""}))
MOVED = adt("A02", at="20250318120000+0100", sent="20250318121000+0100", visit=pv1({3: "MED2^1^1^HGH", 6: HERLEV}))
GONE = adt("A03", sent="20250320130000+0100", visit=pv1({45: "20250320123000+0100", 36: "01"}))
ACUTE = pv1({2: "E"})


def statuses(encounter: dict[str, Any]) -> list[str]:
    return [row["status"] for row in encounter["statusHistory"]]


def leaves(encounter: dict[str, Any]) -> list[dict[str, str]]:
    return [e["valuePeriod"] for e in encounter.get("extension", []) if e["url"].endswith("leave-period")]


def places(encounter: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["location"]["display"], one["status"]) for one in encounter["location"]]


@pytest.mark.parametrize(
    ("event", "act", "verb"),
    [
        ("A01", Act.START, Verb.ASSERT), ("A04", Act.START, Verb.ASSERT), ("A02", Act.MOVE, Verb.ASSERT),
        ("A03", Act.END, Verb.ASSERT), ("A08", Act.UPDATE, Verb.ASSERT), ("A11", Act.START, Verb.WITHDRAW),
        ("A12", Act.MOVE, Verb.WITHDRAW), ("A13", Act.END, Verb.WITHDRAW), ("A21", Act.LEAVE, Verb.ASSERT),
        ("A22", Act.RETURN, Verb.ASSERT), ("A52", Act.LEAVE, Verb.WITHDRAW), ("A53", Act.RETURN, Verb.WITHDRAW),
    ],
)  # fmt: skip
def test_every_event_has_its_act(event: str, act: Act, verb: Verb) -> None:
    found = language().translate(adt(event))
    (said,) = of_kind(found, "Encounter")
    assert (found.event, said.act, said.verb) == (event, act, verb)
    assert said.key == "urn:oid:1.2.208.176.1.2.1|V77"
    assert len(of_kind(found, "Patient")) == 1


@pytest.mark.parametrize("event", ["A28", "A31", "A40"])
def test_a_message_about_a_person_makes_no_stay_even_with_a_visit(event: str) -> None:
    found = language().translate(adt(event, segment("MRG", {1: "1^^^X"})))
    assert of_kind(found, "Encounter") == []
    assert of_kind(found, "Condition") == []
    patients = of_kind(found, "Patient")
    assert [one.act for one in patients] == [Act.STATE] * (2 if found.merged else 1)


def test_admission() -> None:
    made = stay(ADMITTED)
    assert made["status"] == "in-progress"
    assert made["class"]["code"] == "IMP"
    assert made["period"] == {"start": "2025-03-14T09:15:00+01:00"}
    assert made["subject"]["reference"].startswith("Patient/")
    assert [i["value"] for i in made["identifier"]] == ["V77"]
    assert places(made) == [("MED1-12-2, HGH", "active")]


@pytest.mark.parametrize(
    ("code", "kind"),
    [("I", "IMP"), ("E", "EMER"), ("O", "AMB"), ("P", "IMP"), ("R", "R"), ("B", "B"), ("I^Ind^L", "IMP"), ("", "IMP")],
)
def test_the_class_of_a_stay(code: str, kind: str) -> None:
    assert stay(adt("A01", visit=pv1({2: code})))["class"]["code"] == kind


def test_an_unknown_class_is_kept_and_told() -> None:
    found = language().translate(adt("A01", visit=pv1({2: "K"})))
    (said,) = of_kind(found, "Encounter")
    assert said.body["class"]["code"] == "K"
    assert [f.where for f in found.findings] == ["PV1^1^2"]


def test_pre_admission_on_an_admission_is_an_admission_with_a_note() -> None:
    found = language().translate(adt("A01", visit=pv1({2: "P"})))
    assert any("pre-admission" in note for note in of_kind(found, "Encounter")[0].notes)


def test_registration_is_an_acute_contact_in_progress() -> None:
    made = stay(adt("A04", visit=ACUTE))
    assert (made["status"], made["class"]["code"]) == ("in-progress", "EMER")


def test_an_admission_follows_the_acute_contact() -> None:
    acute = adt("A04", visit=pv1({2: "E", 44: "20250314080000+0100"}), sent="20250314080500+0100")
    by_class = {one["class"]["code"]: one for one in fold(acute, ADMITTED)["Encounter"]}
    assert by_class["EMER"]["status"] == "finished"
    assert by_class["EMER"]["period"]["end"] == by_class["IMP"]["period"]["start"]
    assert by_class["IMP"]["status"] == "in-progress"


def test_leave_and_return() -> None:
    away = stay(ADMITTED, LEFT)
    assert away["status"] == "onleave"
    assert leaves(away) == [{"start": "2025-03-16T10:00:00+01:00"}]
    back = stay(ADMITTED, LEFT, BACK)
    assert back["status"] == "in-progress"
    assert leaves(back) == [{"start": "2025-03-16T10:00:00+01:00", "end": "2025-03-17T18:00:00+01:00"}]
    assert statuses(back) == ["in-progress", "onleave", "in-progress"]


def test_the_expected_return_is_told() -> None:
    made = stay(ADMITTED, adt("A21", segment("PV2", {47: "202503180900"}), at="20250316", sent="20250316101000+0100"))
    (expected,) = [e["valueDateTime"] for e in made["extension"] if e["url"].endswith("expected-return")]
    assert expected == "2025-03-18T09:00:00+01:00"


def test_a_cancelled_leave_and_a_cancelled_return() -> None:
    no_leave = adt("A52", sent="20250316120000+0100")
    made = stay(ADMITTED, LEFT, no_leave)
    assert (made["status"], leaves(made)) == ("in-progress", [])
    no_return = adt("A53", sent="20250317190000+0100")
    made = stay(ADMITTED, LEFT, BACK, no_return)
    assert (made["status"], leaves(made)) == ("onleave", [{"start": "2025-03-16T10:00:00+01:00"}])


def test_a_transfer_is_another_place_of_the_same_stay() -> None:
    made = stay(ADMITTED, MOVED)
    assert places(made) == [("MED1-12-2, HGH", "completed"), ("MED2-1-1, HGH", "active")]
    assert made["location"][0]["period"]["end"] == made["location"][1]["period"]["start"] == "2025-03-18T12:00:00+01:00"


def test_a_transfer_that_names_no_hospital_is_no_other_hospital() -> None:
    made = stay(ADMITTED, adt("A02", at="20250318", sent="20250318121000+0100", visit=pv1({3: "MED2^1^1"})))
    assert len(made["location"]) == 2


def test_a_transfer_to_another_hospital_is_another_stay() -> None:
    away = adt("A02", at="20250318", sent="20250318121000+0100", visit=pv1({3: "PSY4^1^1^BBH"}))
    assert len(fold(ADMITTED, away)["Encounter"]) == 2


def test_a_cancelled_transfer_is_the_former_place() -> None:
    made = stay(ADMITTED, MOVED, adt("A12", sent="20250318130000+0100"))
    assert places(made) == [("MED1-12-2, HGH", "active")]


def test_discharge() -> None:
    made = stay(ADMITTED, GONE)
    assert made["status"] == "finished"
    assert made["period"] == {"start": "2025-03-14T09:15:00+01:00", "end": "2025-03-20T12:30:00+01:00"}
    assert made["hospitalization"]["dischargeDisposition"] == {"coding": [{"code": "01"}]}


def test_a_standard_disposition_is_mapped_and_a_local_one_kept() -> None:
    standard = adt("A03", visit=pv1({36: "01^Hjem^HL70112", 45: "20250320"}))
    made = stay(standard)["hospitalization"]["dischargeDisposition"]
    assert [c["code"] for c in made["coding"]] == ["home", "01"]
    local = language().translate(adt("A03", visit=pv1({36: "HJ^Hjem^L", 45: "20250320"})))
    (said,) = of_kind(local, "Encounter")
    assert said.body["hospitalization"]["dischargeDisposition"]["coding"] == [
        {"system": "urn:faellesplan:source:regh:L", "code": "HJ", "display": "Hjem"}
    ]
    assert [f.where for f in local.findings] == ["PV1^1^36"]


@pytest.mark.parametrize(
    ("at", "end", "field"),
    [("20250320110000+0100", "2025-03-20T11:00:00+01:00", "EVN-6"), ("", "2025-03-20T13:00:00+01:00", "EVN-2")],
)
def test_a_discharge_without_its_time_is_finished_all_the_same(at: str, end: str, field: str) -> None:
    message = adt("A03", at=at, sent="20250320130000+0100", visit=pv1())
    made = stay(ADMITTED, message)
    assert (made["status"], made["period"]["end"]) == ("finished", end)
    (said,) = of_kind(language().translate(message), "Encounter")
    assert said.notes == (f"PV1-45 is empty; the time is that of {field}",)


def test_a_cancelled_discharge_reopens() -> None:
    made = stay(ADMITTED, GONE, adt("A13", sent="20250320140000+0100"))
    assert made["status"] == "in-progress"
    assert "end" not in made["period"]
    assert statuses(made) == ["in-progress"]


def test_death_during_a_leave() -> None:
    died = "202503171200"
    dead = adt("A03", citizen=pid({29: died, 30: "Y"}), visit=pv1({45: died}), sent="20250318080000+0100")
    (said,) = of_kind(language().translate(dead), "Encounter")
    assert said.act is Act.DIE
    found = fold(ADMITTED, LEFT, dead)
    (made,) = found["Encounter"]
    assert made["status"] == "finished"
    assert leaves(made) == [{"start": "2025-03-16T10:00:00+01:00", "end": "2025-03-17T12:00:00+01:00"}]
    assert found["Patient"][0]["deceasedDateTime"] == "2025-03-17T12:00:00+01:00"
    reopened = adt("A13", citizen=pid({30: "N"}), sent="20250318090000+0100")
    found = fold(ADMITTED, LEFT, dead, reopened)
    assert found["Encounter"][0]["status"] == "onleave"
    assert found["Patient"][0]["deceasedBoolean"] is False


def test_an_update_never_changes_the_status() -> None:
    update = adt("A08", segment("PV2", {3: "^Observation"}), sent="20250321100000+0100", visit=pv1({44: "", 45: ""}))
    assert stay(ADMITTED, LEFT, update)["status"] == "onleave"
    made = stay(ADMITTED, GONE, update)
    assert made["status"] == "finished"
    assert made["period"]["end"] == "2025-03-20T12:30:00+01:00"
    assert made["reasonCode"] == [{"text": "Observation"}]


def test_an_update_before_the_admission_waits_for_it() -> None:
    early = adt("A08", segment("PV2", {3: "^Feber"}), sent="20250314100000+0100")
    assert stay(early)["status"] == "in-progress"
    made = stay(early, ADMITTED)
    assert made == stay(ADMITTED, early)
    assert made["period"] == {"start": "2025-03-14T09:15:00+01:00"}
    assert made["reasonCode"] == [{"text": "Feber"}]


def test_a_cancelled_admission_was_an_error() -> None:
    cancelled = adt("A11", sent="20250314120000+0100")
    assert stay(ADMITTED, cancelled)["status"] == "entered-in-error"
    assert stay(cancelled)["status"] == "entered-in-error", "even when the admission never came"
    assert stay(cancelled, ADMITTED) == stay(ADMITTED, cancelled)


def test_a_new_admission_after_a_cancelled_one_stands() -> None:
    again = adt("A01", sent="20250314150000+0100", visit=pv1({44: "20250314143000+0100"}))
    made = stay(ADMITTED, adt("A11", sent="20250314120000+0100"), again)
    assert (made["status"], made["period"]["start"]) == ("in-progress", "2025-03-14T14:30:00+01:00")


def test_a_late_admission_does_not_reopen_what_is_over() -> None:
    assert stay(GONE, ADMITTED) == stay(ADMITTED, GONE)
    assert stay(GONE, ADMITTED)["status"] == "finished"


STORY = (ADMITTED, LEFT, BACK, MOVED, GONE)


@pytest.mark.parametrize("order", [*permutations(range(5))][::7])
def test_the_order_of_arrival_does_not_matter(order: tuple[int, ...]) -> None:
    assert fold(*(STORY[at] for at in order)) == fold(*STORY)


@settings(max_examples=25)
@given(st.lists(st.sampled_from(range(5)), min_size=5, max_size=12).filter(lambda chosen: set(chosen) == set(range(5))))
def test_repeated_messages_change_nothing(order: list[int]) -> None:
    assert fold(*(STORY[at] for at in order)) == fold(*STORY)


def test_two_senders_with_the_same_visit_number_have_two_stays() -> None:
    visit = pv1({19: "77"})
    first = raw(msh(), evn(), pid(), visit)
    second = raw(msh("A01", {4: "BBH"}), evn(), pid(), visit)
    made = fold(first, second)["Encounter"]
    assert len({one["id"] for one in made}) == 2
    assert {one["identifier"][0]["system"] for one in made} == {
        "urn:faellesplan:source:regh:visit",
        "urn:faellesplan:source:other:visit",
    }


def test_the_same_authority_makes_it_one_visit_whoever_sends() -> None:
    keys = {of_kind(translated(msh("A01", {4: name}), pid(), pv1()), "Encounter")[0].key for name in ("REGH", "BBH")}
    assert keys == {"urn:oid:1.2.208.176.1.2.1|V77"}


def test_the_same_control_id_with_other_content_is_another_word() -> None:
    first = raw(msh("A01", {10: "SAME"}), evn(), pid(), pv1())
    second = raw(msh("A03", {10: "SAME"}), evn("A03", "20250320130000+0100"), pid(), pv1({45: "20250320"}))
    one, other = language().translate(first), language().translate(second)
    assert one.message_id == other.message_id == "SAME"
    assert one.fingerprint != other.fingerprint
    assert not {s.origin for s in one.statements} & {s.origin for s in other.statements}
    assert stay(first, second)["status"] == "finished"


def test_the_same_message_is_the_same_word() -> None:
    one, other = language().translate(ADMITTED), language().translate(ADMITTED)
    assert one == other
    assert [s.origin for s in one.statements] == [s.origin for s in other.statements]


def test_a_start_without_a_hospital_is_the_sender_s() -> None:
    made = stay(adt("A01", visit=pv1({3: "MED1^12^2"})))
    assert made["serviceProvider"]["identifier"] == {"system": "urn:oid:1.2.208.176.1.1", "value": "265161000016000"}
    (later,) = of_kind(language().translate(adt("A08", visit=pv1({3: ""}))), "Encounter")
    assert "serviceProvider" not in later.body
    assert "location" not in later.body


@pytest.mark.parametrize(
    ("facility", "identifier"),
    [
        ("265161000016000&1.2.208.176.1.1&ISO", {"system": "urn:oid:1.2.208.176.1.1", "value": "265161000016000"}),
        ("BBH&1.2.3.4&ISO", {"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.3.4"}),
        ("BBH", {"system": "urn:faellesplan:source:regh:facility", "value": "BBH"}),
    ],
)
def test_the_hospital(facility: str, identifier: dict[str, str]) -> None:
    assert stay(adt("A01", visit=pv1({3: f"MED1^1^1^{facility}"})))["serviceProvider"]["identifier"] == identifier


def test_people_of_the_stay() -> None:
    doctor = "A1^Jensen^Jens^^^Dr^^^AUTH&1.2.208.176.1.5&ISO"
    visit = pv1({7: f"{doctor}~A2^Bo^Ib", 8: doctor, 9: doctor, 17: doctor, 52: "A9^Ro^Liv"})
    made = stay(adt("A01", visit=visit))["participant"]
    assert [p["type"][0]["coding"][0]["code"] for p in made] == ["ATND", "ATND", "REF", "CON", "ADM", "PART"]
    assert made[0]["individual"] == {
        "type": "Practitioner",
        "identifier": {"system": "urn:oid:1.2.208.176.1.5", "value": "A1"},
        "display": "Dr Jens Jensen",
    }
    assert made[1]["individual"]["identifier"]["system"] == "urn:faellesplan:source:regh:staff"


def test_other_facts_of_the_stay() -> None:
    visit = pv1({4: "E", 5: "PRE1", 10: "PSY", 13: "R", 14: "7", 15: "A0~A1", 37: "Plejehjem", 50: "ALT1~ALT2"})
    more = segment("PV2", {3: "F205^Skizofreni^SKS", 8: "20250313", 9: "20250328", 25: "1"})
    made = stay(adt("A01", more, visit=visit))
    assert made["type"][0]["coding"][0] == {"system": "http://terminology.hl7.org/CodeSystem/v2-0007", "code": "E"}
    assert made["serviceType"]["coding"][0]["code"] == "PSY"
    assert made["priority"]["coding"][0]["code"] == "EM"
    assert [i["value"] for i in made["identifier"]] == ["ALT1", "ALT2", "V77"]
    assert made["reasonCode"][0]["coding"][0]["system"] == "urn:oid:1.2.208.176.2.4"
    hospitalization = made["hospitalization"]
    assert hospitalization["admitSource"]["coding"][0]["code"] == "7"
    assert hospitalization["destination"]["display"] == "Plejehjem"
    assert len(hospitalization["specialArrangement"]) == 2
    planned = {e["url"].rpartition(".")[2]: e["valueDateTime"] for e in made["extension"]}
    assert planned == {"plannedStartDate": "2025-03-13", "plannedEndDate": "2025-03-28"}


def test_times_come_from_the_table() -> None:
    event = evn("A01", "202503140930", "202503140910")
    found = translated(msh("A01", {7: "20250314100000"}), event, pid(), pv1({44: ""}))
    (said,) = of_kind(found, "Encounter")
    assert said.happened == datetime(2025, 3, 14, 8, 10, tzinfo=UTC)
    assert said.recorded == datetime(2025, 3, 14, 8, 30, tzinfo=UTC)
    assert found.sent == datetime(2025, 3, 14, 9, 0, tzinfo=UTC)
    assert said.notes == ("PV1-44 is empty; the time is that of EVN-6",)


def test_without_evn_the_header_says_when() -> None:
    found = translated(msh(), pid(), pv1({44: ""}))
    (said,) = of_kind(found, "Encounter")
    assert said.happened == said.recorded == found.sent == datetime(2025, 3, 14, 8, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("segments", "where"),
    [
        ((msh("A01", {7: "now"}), evn(), pid(), pv1()), "MSH^1^7"),
        ((msh(), evn("A01", "yesterday"), pid(), pv1()), "EVN^1^2"),
        ((msh(), evn(), pid(), pv1({44: "20251399"})), "PV1^1^44"),
        ((msh("A03"), evn("A03"), pid(), pv1({45: "2025-03-20"})), "PV1^1^45"),
    ],
)
def test_a_wrong_time_is_refused_with_its_place(segments: tuple[str, ...], where: str) -> None:
    with pytest.raises(WrongType) as caught:
        translated(*segments)
    assert caught.value.where == where


def test_another_event_in_evn_1_is_noted_and_msh_9_counts() -> None:
    found = translated(msh("A02"), evn("A01"), pid(), pv1())
    assert found.event == "A02"
    assert any("EVN-1" in note for note in of_kind(found, "Encounter")[0].notes)


def test_an_old_message_has_its_event_in_evn_1() -> None:
    header = msh().replace("ADT^A01", "ADT").replace("|2.5|", "|2.2|")
    assert translated(header, evn("A08"), pid(), pv1()).event == "A08"


def test_a_visit_number_of_another_authority_is_another_visit() -> None:
    one = language().translate(adt("A01", visit=pv1({19: VISIT.replace("1.2.208.176.1.2.1", "1.2.3")})))
    assert of_kind(one, "Encounter")[0].key == "urn:oid:1.2.3|V77"
    assert one.citizen[0].key == CPR_KEY

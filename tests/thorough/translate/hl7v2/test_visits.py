"""Visits that change their class or number, change their doctor, or were an error from the first word."""

from __future__ import annotations

from itertools import permutations

import pytest

from gateway.domain.statement import Act
from gateway.errors import MissingField
from tests.translate.hl7v2.ward import (
    ADMITTED,
    HERLEV,
    PID3,
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

ACUTE = adt("A04", sent="20250314093000+0100", visit=pv1({2: "E"}))
INPATIENT = adt("A06", at="20250315100000+0100", sent="20250315100500+0100", visit=pv1({2: "I"}))
OUTPATIENT = adt("A07", at="20250317120000+0100", sent="20250317120500+0100", visit=pv1({2: "O"}))
DELETED = adt("A23", sent="20250318080000+0100")
NEW_NUMBER = VISIT.replace("V77", "V99")


def by_class(*messages: bytes) -> dict[str, dict[str, object]]:
    return {one["class"]["code"]: one for one in fold(*messages)["Encounter"]}


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_outpatient_becomes_inpatient_and_back(order: tuple[int, ...]) -> None:
    messages = (ACUTE, INPATIENT, OUTPATIENT)
    made = by_class(*(messages[at] for at in order))
    assert {code: one["status"] for code, one in made.items()} == {
        "EMER": "finished", "IMP": "finished", "AMB": "in-progress",
    }  # fmt: skip
    assert made["EMER"]["period"] == {"start": "2025-03-14T09:15:00+01:00", "end": "2025-03-15T10:00:00+01:00"}
    history = made["AMB"]["classHistory"]
    assert [(row["class"]["code"], row["period"].get("end")) for row in history] == [  # type: ignore[attr-defined]
        ("EMER", "2025-03-15T10:00:00+01:00"), ("IMP", "2025-03-17T12:00:00+01:00"), ("AMB", None),
    ]  # fmt: skip
    assert "classHistory" not in made["EMER"]


def test_a_change_of_class_tells_no_discharge() -> None:
    made = by_class(ACUTE, INPATIENT)
    assert "dischargeDisposition" not in made["EMER"].get("hospitalization", {})  # type: ignore[operator]
    discharged = adt("A03", sent="20250320130000+0100", visit=pv1({45: "20250320123000+0100"}))
    ended = by_class(ACUTE, INPATIENT, discharged)["IMP"]
    assert ended["status"] == "finished"
    assert ended["classHistory"][-1]["period"]["end"] == "2025-03-20T12:30:00+01:00"  # type: ignore[index]


def test_a_change_of_class_of_a_visit_nobody_told_of_begins_a_stay() -> None:
    made = stay(INPATIENT)
    assert (made["status"], made["period"]) == ("in-progress", {"start": "2025-03-15T10:00:00+01:00"})


def test_a_change_told_twice_is_one_change() -> None:
    again = adt("A06", at="20250315100000+0100", sent="20250315110500+0100", visit=pv1({2: "I"}))
    assert len(fold(ACUTE, INPATIENT, again)["Encounter"]) == 2


def test_a_stay_that_is_only_expected_is_not_ended_by_a_change_of_class() -> None:
    expected = adt("A05", sent="20250310090000+0100", visit=pv1({2: "P", 44: ""}))
    called_off = adt("A38", sent="20250312090000+0100", visit=pv1({2: "P", 44: ""}))
    made = by_class(expected, OUTPATIENT)
    assert {code: one["status"] for code, one in made.items()} == {"PRENC": "planned", "AMB": "in-progress"}
    assert "classHistory" not in made["AMB"]
    made = by_class(called_off, OUTPATIENT)
    assert {code: one["status"] for code, one in made.items()} == {"PRENC": "cancelled", "AMB": "in-progress"}


def test_a_change_of_class_that_names_no_place() -> None:
    bare = adt("A06", at="20250315100000+0100", sent="20250315100500+0100", visit=pv1({2: "I", 3: ""}))
    made = by_class(ACUTE, bare)
    assert {code: one["status"] for code, one in made.items()} == {"EMER": "finished", "IMP": "in-progress"}


def test_another_visit_keeps_its_class() -> None:
    other = adt("A01", sent="20250314103000+0100", visit=pv1({2: "O", 19: NEW_NUMBER}))
    made = by_class(ACUTE, other, INPATIENT)
    assert made["AMB"]["status"] == "in-progress"


def test_a_deleted_visit_was_an_error_and_is_kept() -> None:
    made = fold(ACUTE, INPATIENT, OUTPATIENT, DELETED)["Encounter"]
    assert {one["status"] for one in made} == {"entered-in-error"}
    assert len(made) == 3
    assert stay(ADMITTED, DELETED) == stay(DELETED, ADMITTED)


def test_a_visit_deleted_before_anybody_heard_of_it() -> None:
    assert stay(DELETED)["status"] == "entered-in-error"
    late = adt("A08", sent="20250317080000+0100")
    assert stay(DELETED, late)["status"] == "entered-in-error"


def test_a_deletion_reaches_its_visit_alone_and_nothing_later() -> None:
    other = adt("A01", sent="20250314103000+0100", visit=pv1({19: NEW_NUMBER}))
    statuses = {one["identifier"][0]["value"]: one["status"] for one in fold(ADMITTED, other, DELETED)["Encounter"]}
    assert statuses == {"V77": "entered-in-error", "V99": "in-progress"}
    again = adt("A01", sent="20250319103000+0100", visit=pv1({44: "20250319100000+0100"}))
    assert stay(ADMITTED, DELETED, again)["status"] == "in-progress"


def test_a_deletion_must_say_which_visit() -> None:
    with pytest.raises(MissingField) as caught:
        translated(msh("A23"), evn("A23"), pid(), pv1({19: ""}))
    assert caught.value.where == "PV1^1^19"


@pytest.mark.parametrize("event", ["A50", "A42"])
@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_a_visit_that_gets_another_number_is_one_visit(event: str, order: tuple[int, ...]) -> None:
    renumbered = adt(event, segment("MRG", {1: "1", 5: VISIT}), sent="20250316080000+0100", visit=pv1({19: NEW_NUMBER}))
    gone = adt("A03", sent="20250320130000+0100", visit=pv1({19: NEW_NUMBER, 45: "20250320123000+0100"}))
    messages = (ADMITTED, renumbered, gone)
    made = stay(*(messages[at] for at in order))
    assert (made["status"], made["period"]["start"]) == ("finished", "2025-03-14T09:15:00+01:00")
    assert [i["value"] for i in made["identifier"]] == ["V77", "V99"]


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_of_two_visits_that_are_one_the_citizen_lies_in_one_place_at_a_time(order: tuple[int, ...]) -> None:
    """Their admissions to two wards were both the present place, and a transfer left the first of them for ever."""
    later = "20250315093000+0100"
    second = pv1({3: "W5^^^HGH", 19: NEW_NUMBER, 44: later})
    messages = (
        adt("A01", sent="20250314093000+0100", visit=pv1({3: "W1^^^HGH"})),
        adt("A01", sent=later, visit=second),
        adt("A42", segment("MRG", {1: PID3, 5: VISIT}), sent="20250316093000+0100", visit=second),
    )
    places = stay(*(messages[at] for at in order))["location"]
    assert [(one["location"]["display"], one["status"]) for one in places] == [
        ("W1, HGH", "completed"), ("W5, HGH", "active"),
    ]  # fmt: skip
    assert places[0]["period"]["end"] == places[1]["period"]["start"] == "2025-03-15T09:30:00+01:00"


def test_an_admission_told_twice_is_one_place() -> None:
    for other in ("W1^^^HGH", "W2^^^HGH"):  # told again, and set right
        again = adt("A01", sent="20250314094000+0100", visit=pv1({3: other}))
        (place,) = stay(adt("A01", sent="20250314093000+0100", visit=pv1({3: "W1^^^HGH"})), again)["location"]
        assert place["location"]["display"] == f"{other[:2]}, HGH"
        assert place["period"] == {"start": "2025-03-14T09:15:00+01:00"}


def test_a_visit_of_another_citizen_is_told_of_the_right_one() -> None:
    other = "2509479989^^^CPR&1.2.208.176.1.2&ISO"
    found = language().translate(adt("A45", segment("MRG", {1: other, 5: VISIT}), visit=pv1({19: NEW_NUMBER})))
    (said,) = of_kind(found, "Encounter")
    assert (found.merged, said.aliases) == ((), ("urn:oid:1.2.208.176.1.2.1|V77",))
    assert any(note.startswith("MRG-1 names another citizen") for note in said.notes)
    own = language().translate(adt("A45", segment("MRG", {1: PID3, 5: VISIT}), visit=pv1({19: NEW_NUMBER})))
    assert of_kind(own, "Encounter")[0].notes == ()


def test_another_doctor_attends_and_then_does_not() -> None:
    def doctor(number: str) -> str:
        return f"{number}^Jensen^Jens^^^^^^AUTH&1.2.208.176.1.5&ISO"

    admitted = adt("A01", sent="20250314093000+0100", visit=pv1({7: doctor("A1")}))
    changed = adt("A54", sent="20250315093000+0100", visit=pv1({7: doctor("A2")}))
    back = adt("A55", sent="20250315103000+0100")

    def attending(*messages: bytes) -> list[str]:
        return [one["individual"]["identifier"]["value"] for one in stay(*messages)["participant"]]

    assert attending(admitted, changed) == ["A2"]
    assert attending(admitted, changed, back) == ["A1"]
    (said,) = of_kind(language().translate(changed), "Encounter")
    assert said.act is Act.ATTEND


def test_who_is_consulted_is_as_the_newest_message_has_it() -> None:
    admitted = adt("A01", sent="20250314093000+0100", visit=pv1({9: "C1^Berg^Bo"}))
    changed = adt("A61", sent="20250315093000+0100", visit=pv1({9: "C2^Berg^Bo"}))
    back = adt("A62", sent="20250315103000+0100", visit=pv1({9: "C1^Berg^Bo"}))

    def consulted(*messages: bytes) -> list[str]:
        told = stay(*messages)["participant"]
        return [
            one["individual"]["identifier"]["value"] for one in told if one["type"][0]["coding"][0]["code"] == "CON"
        ]

    assert consulted(admitted, changed) == ["C2"]
    assert consulted(admitted, changed, back) == ["C1"]
    assert consulted(admitted, back, changed) == ["C1"]


def test_a_new_attending_doctor_among_the_roles_is_in_the_team() -> None:
    role = segment("ROL", {2: "AD", 3: "AT^^HL70443", 4: "A2^Jensen^Jens", 5: "20250315"})
    made = fold(ADMITTED, adt("A54", role, sent="20250315093000+0100"))
    (team,) = made["CareTeam"]
    assert team["participant"][0]["member"]["display"] == "Jens Jensen"


@pytest.mark.parametrize("event", ["A09", "A10", "A32", "A33", "A51", "A61", "A62"])
def test_tracking_never_changes_a_status(event: str) -> None:
    away = adt("A21", at="20250316100000+0100", sent="20250316101000+0100")
    found = stay(ADMITTED, away, adt(event, sent="20250316120000+0100", visit=pv1({3: HERLEV, 11: "XRAY"})))
    assert found["status"] == "onleave"
    assert [one["location"]["display"] for one in found["location"]] == ["MED1-12-2, HGH"]


@pytest.mark.parametrize("event", ["A20", "A60"])
def test_of_what_is_not_for_a_plan_nothing_is_kept(event: str) -> None:
    found = language().translate(raw(msh(event), evn(event), pid(), segment("IAM", {1: "1"})))
    assert (found.event, found.statements, found.citizen) == (event, (), ())
    nobody = language().translate(raw(msh(event), evn(event), segment("NPU", {1: "MED1"})))
    assert nobody.statements == ()


DIAGNOSED = adt("A01", segment("DG1", {1: "1", 3: "DF205^Skizofreni^SKS"}), sent="20250314093000+0100")


def certainty(*messages: bytes) -> str:
    (condition,) = fold(*messages)["Condition"]
    return str(condition.get("verificationStatus", {}).get("coding", [{}])[0].get("code", ""))


@pytest.mark.parametrize("event", ["A11", "A23"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_diagnoses_of_a_stay_that_was_an_error_were_one_too(event: str, order: tuple[int, ...]) -> None:
    messages = (DIAGNOSED, adt(event, sent="20250314120000+0100"))
    assert certainty(*(messages[at] for at in order)) == "entered-in-error"
    again = adt("A01", sent="20250314150000+0100", visit=pv1({44: "20250314143000+0100"}))
    assert certainty(*messages, again) == "", "admitted again in the same visit"


def test_a_diagnosis_of_another_visit_stands() -> None:
    other = adt("A01", segment("DG1", {1: "1", 3: "DF102^Alkohol^SKS"}), visit=pv1({19: NEW_NUMBER}), sent="20250315")
    made = fold(DIAGNOSED, other, adt("A11", sent="20250314120000+0100"))["Condition"]
    assert sorted(one["code"]["text"] for one in made if "verificationStatus" not in one) == ["Alkohol"]


@pytest.mark.parametrize("start", ["20250314091500+0100", ""])
@pytest.mark.parametrize("told", ["20250314", "20250314+0100"])
def test_a_discharge_told_by_its_day_alone_ends_the_stay_that_began_on_that_day(told: str, start: str) -> None:
    gone = adt("A03", sent="20250315080000+0100", visit=pv1({44: start, 45: told}))
    for messages in permutations((ADMITTED, gone)):
        found = stay(*messages)
        assert found["status"] == "finished"
        assert found["period"] == {"start": "2025-03-14T09:15:00+01:00", "end": "2025-03-14T23:59:59+01:00"}
    (said,) = of_kind(language().translate(gone), "Encounter")
    assert "PV1-45 tells the day alone; the time is the end of that day" in said.notes


@pytest.mark.parametrize(
    ("event", "visit"),
    [("A08", "PV1|1|N"), ("A08", "PV1||N"), ("A08", "PV1|1"), ("A08", "PV1|"), ("A08", None), ("A04", "PV1|1|N")],
)
def test_where_no_visit_is_told_of_no_stay_is_made(event: str, visit: str | None) -> None:
    """PV1-2 N is *not applicable*: IHE PAM writes it where there is no visit. It became a stay in progress."""
    relative = segment("NK1", {1: "1", 2: "Lund^Bo", 3: "SIB"})
    message = adt(event, relative, sent="20250316080000+0100", visit=visit)
    found = language().translate(message)
    assert (found.event, [one.kind for one in found.statements]) == (event, ["Patient", "RelatedPerson"])
    assert [(one.where, one.text) for one in found.findings] == [
        ("PV1^1^2", "no visit is told of; read as an update of the person")
    ]
    (one,) = fold(ADMITTED, message)["Encounter"]
    assert one == fold(ADMITTED)["Encounter"][0], "the stay that there is goes on"


@pytest.mark.parametrize(
    ("event", "visit"),
    [
        ("A08", pv1({2: "N"})), ("A08", "PV1|1|N|W1^^^HGH"), ("A08", "PV1|1||||||A1^Holm"), ("A08", "PV1|1|I"),
        ("A01", "PV1|1"), ("A54", "PV1|1||||||A1^Holm"),
    ],
)  # fmt: skip
def test_whatever_names_a_visit_a_place_or_a_time_is_told_of_a_stay(event: str, visit: str) -> None:
    assert "Encounter" in [one.kind for one in language().translate(adt(event, visit=visit)).statements]


@pytest.mark.parametrize(("written", "code"), [("i", "IMP"), ("IP", "IMP"), ("ED", "EMER"), ("Outpatient", "AMB")])
def test_classes_that_senders_write_beside_the_table(written: str, code: str) -> None:
    found = adt(visit=pv1({2: written}))
    assert stay(found)["class"]["code"] == code
    assert language().translate(found).findings == ()


@pytest.mark.parametrize("event", ["A03", "A08", "A21"])
def test_a_message_that_names_the_hospital_alone_does_not_hide_the_ward(event: str) -> None:
    vague = adt(event, sent="20250320130000+0100", visit=pv1({3: "^^^HGH^^^Hus 3"}))
    (place,) = stay(adt("A01", sent="20250314093000+0100"), vague)["location"]
    assert place["location"]["display"] == "MED1-12-2, HGH"
    (moved,) = stay(vague, adt("A02", sent="20250321130000+0100", visit=pv1({3: "W5^^^HGH"})))["location"][-1:]
    assert moved["location"]["display"] == ("Hus 3, HGH" if event == "A03" else "W5, HGH")

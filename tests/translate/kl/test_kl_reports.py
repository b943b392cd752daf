"""FFB reports (kl-ffb-reporting): one snapshot per citizen and day, whatever the order in which they come."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.domain.identifier import CPR as CPR_SYSTEM
from gateway.domain.identifier import Identifier
from gateway.domain.plan import compose
from gateway.domain.statement import Act, Verb
from gateway.translate.fhir import parse, write_xml
from gateway.translate.kl import Kl
from tests.translate.kl.reporting import (
    CORE,
    CPR,
    DRUGS,
    SENDER,
    Json,
    case_number,
    coded,
    contact,
    evaluation,
    folded,
    intervention,
    our,
    plan,
    ranked,
    raw,
    report,
    target_group,
)

VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
MAY = datetime(2026, 5, 1, tzinfo=UTC)


def whole(*more: Json, end: str = "") -> list[Json]:
    """A plan with all that its profile asks for."""
    return [target_group("c1"), evaluation(), contact(), plan("a", ranked("c1", 1), end=end), *more]


def joint(kl: Kl, *bundles: Json, at: datetime = MAY) -> Json:
    bodies = [r.body for r in folded(kl, *bundles).values()]
    citizen = next(b["id"] for b in bodies if b["resourceType"] == "Patient")
    return compose(bodies, citizen, at)[0]


def statuses(plan_: Json) -> dict[str, str]:
    """How each effort stands, by the reference to its part."""
    return {
        a["detail"]["extension"][0]["valueReference"]["reference"]: a["detail"]["status"] for a in plan_["activity"]
    }


# --- one report


def test_who_when_and_about_whom(kl: Kl) -> None:
    found = kl.reports.translate(raw(report("2026-01-12", *whole())))
    assert (found.language, found.source.id, found.event) == ("kl", "koebenhavn-ffb", "ffb-report")
    assert found.citizen == (Identifier(CPR_SYSTEM, CPR),)
    assert found.message_id == "report-2026-01-12@2026-01-12T17:00:00+00:00"
    assert found.findings == ()
    assert {s.act for s in found.statements} == {Act.REPORT, Act.STATE}  # STATE: the citizen
    assert [s.kind for s in found.statements if s.act is Act.STATE] == ["Patient"]


@pytest.mark.parametrize(
    ("system", "value"),
    [
        ("https://www.kombit.dk/organisation", SENDER),
        ("https://kombit.dk/sts/organisation", f"urn:uuid:{SENDER}"),
        ("https://kombit.dk/sts/organisation", SENDER.upper()),
    ],
)
def test_the_sender_in_every_spelling_of_fk_organisation(kl: Kl, system: str, value: str) -> None:
    assert kl.reports.translate(raw(report("2026-01-12", sender=value, system=system))).source.id == "koebenhavn-ffb"


def test_the_organisation_of_the_citizen_in_one_spelling(kl: Kl) -> None:
    found = kl.reports.translate(raw(report("2026-01-12")))
    (patient,) = found.statements
    number = patient.body["managingOrganization"]["identifier"]
    assert number == {"use": "official", "system": "https://kombit.dk/sts/organisation", "value": SENDER}


def test_the_same_in_xml(kl: Kl) -> None:
    told = raw(report("2026-01-12", *whole()))
    assert kl.reports.translate(write_xml(parse(told))).statements == kl.reports.translate(told).statements


def test_a_report_and_an_order_of_one_system_speak_of_the_same_things(kl: Kl) -> None:
    made = folded(kl, report("2026-01-12", *whole()))
    assert made["CarePlan/a"].id == our("CarePlan", "a")
    assert made["CarePlan/a"].body["addresses"][0]["reference"] == f"Condition/{our('Condition', 'c1')}"


def test_the_number_of_a_case_tells_who_gave_it(kl: Kl) -> None:
    """The variant of reports may not name an assigner: it is the sender, told by CVR as case systems tell it."""
    body = folded(kl, report("2026-01-12", *whole()))["CarePlan/a"].body
    giver = {"type": "Organization", "identifier": {"system": "http://cvr.dk", "value": "64942212"}}
    assert body["identifier"] == [{"use": "usual", "value": "S-77", "assigner": giver}]
    assert body["extension"][0]["url"] == f"{CORE}/MunicipalityCaseNumber"
    assert body["extension"][1] == {
        "url": f"{CORE}/FollowUpEncounter",
        "valueReference": {"reference": f"Encounter/{our('Encounter', 'e1')}"},
    }


# --- day by day


def test_the_same_id_is_an_update_and_a_repeated_snapshot_changes_nothing(kl: Kl) -> None:
    first = report("2026-01-12", *whole(intervention("i", "a")))
    later = report("2026-02-12", *whole(intervention("i", "a", end="2026-04-30")))
    once = folded(kl, first, later)
    assert once["CarePlan/i"].body["period"]["end"] == "2026-04-30"
    assert folded(kl, later, first, later, first) == once


def test_two_reports_of_one_day_stand_in_the_order_of_their_times(kl: Kl) -> None:
    early = report("2026-01-12T12:13:41Z", *whole(intervention("i", "a")))
    late = report("2026-01-12T17:20:00Z", *whole(intervention("i", "a", end="2026-02-01")))
    for given in ((early, late), (late, early)):
        assert folded(kl, *given)["CarePlan/i"].body["period"]["end"] == "2026-02-01"


def test_what_was_told_in_another_report_is_pointed_at_all_the_same(kl: Kl) -> None:
    """The profile wants all that is referred to inside; a report that leaves it out means what came before or will."""
    first, second = report("2026-01-12", *whole()), report("2026-01-13", intervention("i", "a"))
    for given in ((first, second), (second, first)):
        assert folded(kl, *given)["CarePlan/i"].body["basedOn"] == [{"reference": f"CarePlan/{our('CarePlan', 'a')}"}]
    told = [f.where for f in kl.reports.translate(raw(second)).findings]
    assert told == ["Bundle.entry[1].resource.basedOn[0]"]


def test_entered_in_error_takes_back_and_may_be_told_anew(kl: Kl) -> None:
    first = report("2026-01-12", *whole(intervention("i", "a")))
    wrong = intervention("i", "a", status="entered-in-error")
    group = target_group("c1", verificationStatus=coded("entered-in-error", VERIFICATION))
    group.pop("clinicalStatus")
    second = report("2026-01-13", wrong, group)
    found = kl.reports.translate(raw(second))
    assert {s.kind for s in found.statements if s.verb is Verb.WITHDRAW} == {"CarePlan", "Condition"}
    made = folded(kl, second, first)
    assert (made["CarePlan/i"].withdrawn, made["Condition/c1"].withdrawn) == (True, True)
    assert made["CarePlan/i"].body["status"] == "entered-in-error"
    again = folded(kl, report("2026-01-14", intervention("i", "a")), second, first)["CarePlan/i"]
    assert (again.withdrawn, again.body["status"]) == (False, "active")


def test_an_ended_intervention_that_still_says_active_is_ended_by_its_period(kl: Kl) -> None:
    told = report("2026-01-12", *whole(intervention("over", "a", end="2026-04-30"), intervention("on", "a")))
    made = folded(kl, told)
    assert made["CarePlan/over"].body["status"] == "active"  # as it was told
    assert statuses(joint(kl, told)) == {
        f"CarePlan/{our('CarePlan', 'over')}": "completed",
        f"CarePlan/{our('CarePlan', 'on')}": "in-progress",
    }


def test_an_intervention_may_change_its_parent(kl: Kl) -> None:
    first = report("2026-01-12", *whole(plan("b", ranked("c1", 1)), intervention("i", "a")))
    moved = report("2026-02-12", plan("b", ranked("c1", 1)), intervention("i", "b"), target_group("c1"), evaluation(),
                   contact())  # fmt: skip
    for given in ((first, moved), (moved, first)):
        based = folded(kl, *given)["CarePlan/i"].body["basedOn"]
        assert based == [{"reference": f"CarePlan/{our('CarePlan', 'b')}"}]


def test_an_intended_plan_becomes_an_ordered_one(kl: Kl) -> None:
    intended = report("2026-01-12", plan("a", intent="plan"))
    ordered = report("2026-01-20", *whole())
    assert kl.reports.translate(raw(intended)).findings == ()  # nothing is asked of what is not ordered yet
    for given in ((intended, ordered), (ordered, intended)):
        assert folded(kl, *given)["CarePlan/a"].body["intent"] == "order"


def test_what_a_later_report_leaves_out_stays(kl: Kl) -> None:
    first = report("2026-01-12", *whole(intervention("i", "a")))
    made = folded(kl, first, report("2026-02-12", target_group("c2", DRUGS)))
    assert not made["CarePlan/i"].withdrawn
    assert made["CarePlan/i"].body["status"] == "active"
    assert "Condition/c2" in made


def test_a_version_told_late_does_not_undo_a_newer_one(kl: Kl) -> None:
    """Where resources tell their version's time, that counts: an old version may come in a new report."""
    new = intervention("i", "b") | {"meta": {"lastUpdated": "2026-02-01T08:00:00Z"}}
    old = intervention("i", "a") | {"meta": {"lastUpdated": "2026-01-12T08:00:00Z"}}
    plans = [plan("a", intent="plan"), plan("b", intent="plan")]
    given = [report("2026-02-01", *plans, new), report("2026-02-02", *plans, old)]
    for bundles in (given, given[::-1]):
        assert folded(kl, *bundles)["CarePlan/i"].body["basedOn"][0]["reference"].endswith(our("CarePlan", "b"))


def test_a_version_from_the_future_counts_from_its_report(kl: Kl) -> None:
    first = intervention("i", "a") | {"meta": {"lastUpdated": "2999-01-01T00:00:00Z"}}
    given = [
        report("2026-01-12", plan("a", intent="plan"), first),
        report("2026-01-13", *whole(intervention("i", "a", end="2026-01-31"))),
    ]
    assert folded(kl, *given)["CarePlan/i"].body["period"]["end"] == "2026-01-31"


# --- what a report cannot tell


def test_words_that_an_order_told_outlive_the_reports(kl: Kl) -> None:
    """The profile of reports forbids free text: a report's silence about it says nothing."""
    from tests.translate.kl.orders import message

    ordered = plan("a", ranked("c1", 1)) | {
        "title": "Egen bolig", "description": "Nøgle til egen bolig.", "author": {"display": "Center"},
        "extension": [{"url": "http://fhir.kl.dk/ffbmessaging/StructureDefinition/kl-messaging-ffb-actingMunicipality",
                       "valueCoding": {"code": "0101"}}],
    }  # fmt: skip
    drive = intervention("i", "a")
    drive["activity"][0]["detail"] |= {"code": coded(DRUGS) | {"text": "Kørsel efter § 105"}, "description": "To gange"}
    support = evaluation() | {"valueCodeableConcept": {"text": "Har brug for støtte om aftenen."}}
    order = message(
        {"resourceType": "Patient", "id": "p1", "name": [{"family": "Holm"}],
         "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": CPR}]},
        ordered, drive, support, target_group("c1"), contact(), focus="CarePlan/a",
    )  # fmt: skip
    order["timestamp"] = "2026-01-10T08:00:00Z"
    told = report("2026-01-12", *whole(intervention("i", "a", DRUGS, end="2026-03-01")))
    for given in ((order, told), (told, order)):
        made = folded(kl, *given)
        body = made["CarePlan/a"].body
        assert (body["title"], body["description"]) == ("Egen bolig", "Nøgle til egen bolig.")
        assert {e["url"].rpartition("/")[2] for e in body["extension"]} == {
            "municipality", "MunicipalityCaseNumber", "FollowUpEncounter",
        }  # fmt: skip
        detail = made["CarePlan/i"].body["activity"][0]["detail"]
        assert (detail["code"]["text"], detail["description"]) == ("Kørsel efter § 105", "To gange")
        assert made["CarePlan/i"].body["period"]["end"] == "2026-03-01"
        assert made["Observation/o1"].body["valueCodeableConcept"]["coding"][0]["code"].startswith("dd628e73")
        patient = next(r.body for r in made.values() if r.kind == "Patient")
        assert patient["name"] == [{"family": "Holm"}]


@pytest.mark.parametrize(("number", "known"), [("S-77", True), ("S-78", False)])
def test_the_uuid_of_a_case_stays_with_its_number(kl: Kl, number: str, known: bool) -> None:
    """An order told both; the report tells the municipality's own number alone."""
    from tests.translate.kl.orders import message

    uuid = {"system": "https://data.gov.dk/id/organization", "value": "6e2745ab-f5e4-551e-9e73-b3e57d8a4bde"}
    parts = [*case_number("S-77")["extension"], {"url": "official", "valueIdentifier": uuid}]
    ordered = plan("a", intent="plan", extension=[{"url": f"{CORE}/MunicipalityCaseNumber", "extension": parts}])
    order = message({"resourceType": "Patient", "id": "p1"}, ordered, focus="CarePlan/a")
    order["timestamp"] = "2026-01-10T08:00:00Z"
    told = report("2026-01-12", plan("a", intent="plan", extension=[case_number(number)]))
    (extension,) = folded(kl, order, told)["CarePlan/a"].body["extension"]
    assert ("official" in [part["url"] for part in extension["extension"]]) is known


def test_what_a_report_could_tell_and_does_not_is_not_so_any_more(kl: Kl) -> None:
    ended = report("2026-01-12", *whole(end="2026-03-01"))
    reopened = report("2026-03-02", *whole())
    assert folded(kl, ended, reopened)["CarePlan/a"].body["period"] == {"start": "2026-01-10"}
    bare = report("2026-03-03", plan("a") | {"status": "completed"})
    assert "addresses" not in folded(kl, ended, reopened, bare)["CarePlan/a"].body


def test_the_words_of_another_code_do_not_stay(kl: Kl) -> None:
    let = coded("dd628e73-d6c9-4837-a2b8-aa62d73bd6ae") | {"text": "Let"}
    first = report("2026-01-12", evaluation() | {"valueCodeableConcept": let})
    second = report("2026-02-12", evaluation(level="b99a0790-4d70-4152-b149-3fe58b745583"))
    value = folded(kl, first, second)["Observation/o1"].body["valueCodeableConcept"]
    assert "text" not in value

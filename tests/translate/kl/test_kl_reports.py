"""FFB reports (kl-ffb-reporting): one snapshot per citizen and day, whatever the order in which they come."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.identifier import CPR as CPR_SYSTEM
from gateway.domain.identifier import Identifier
from gateway.domain.plan import compose
from gateway.domain.resource import ids
from gateway.domain.statement import Act, Verb
from gateway.errors import GatewayError, MissingField, NoCitizen, RuleBroken, UnknownMessage, UnknownSource, WrongType
from gateway.translate.fhir import parse, write_xml
from gateway.translate.kl import Kl
from gateway.translate.rules.problems import MappingError
from gateway.translate.rules.sources import Sources
from tests.translate.kl.conftest import MAPPINGS
from tests.translate.kl.reporting import (
    CORE,
    CPR,
    DRUGS,
    FFB,
    HOUSEKEEPING,
    SENDER,
    Json,
    about,
    case_number,
    coded,
    contact,
    evaluation,
    folded,
    function,
    goal,
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


# --- the profile's rules


def test_two_primary_target_groups_are_refused(kl: Kl) -> None:
    told = report("2026-01-12", target_group("c1"), target_group("c2", DRUGS), evaluation(), contact(),
                  plan("a", ranked("c1", 1), ranked("c2", 1)))  # fmt: skip
    with pytest.raises(RuleBroken) as caught:
        kl.reports.translate(raw(told))
    assert caught.value.where == "Bundle.entry[5].resource.addresses"
    told["entry"][5]["resource"]["addresses"][1]["extension"][0]["valuePositiveInt"] = 2
    assert kl.reports.translate(raw(told)).findings == ()


@pytest.mark.parametrize(
    ("resources", "where", "words"),
    [
        ([function("f", severity="")], "Bundle.entry[1].resource.severity", "tells its severity"),
        ([target_group("c", severity=coded("x"))], "Bundle.entry[1].resource.severity", "only conditions of activity"),
        ([goal("g", ranked("f", 2)), function("f")], "Bundle.entry[1].resource.addresses", "one condition first"),
        ([goal("g", ranked("c", 1)), target_group("c")], "Bundle.entry[1].resource.addresses", "is for activity"),
        (
            [about("Observation", "o", status="preliminary", code=coded("712744002", "http://snomed.info/sct"))],
            "Bundle.entry[1].resource.status",
            "is final",
        ),
        ([plan("a", extension=[])], "Bundle.entry[1].resource.extension", "followed up"),
        ([plan("a", activity=[{"progress": [{"text": "x"}]}])], "Bundle.entry[1].resource.activity", "need of support"),
        ([plan("a")], "Bundle.entry[1].resource.addresses", "its target group"),
        ([function("f") | {"note": [{"text": "x"}]}], "Bundle.entry[1].resource", "more than a report may"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_told_and_kept(kl: Kl, resources: list[Json], where: str, words: str) -> None:
    told = raw(report("2026-01-12", *resources).copy())
    if b'"extension": []' in told:
        told = told.replace(b'"extension": [], ', b"")
    found = kl.reports.translate(told)
    assert [f for f in found.findings if f.where == where and words in f.text], found.findings
    assert len(found.statements) == len(resources) + 1
    answer = parse(kl.reports.accept_with(told, found.findings, MAY))
    assert where in [e for issue in answer["issue"] for e in issue.get("expression", [])]


def test_a_goal_may_write_the_rank_in_either_way(kl: Kl) -> None:
    """The rule asks for .../term/..., the official examples carry .../core/... ."""
    for base in ("http://fhir.kl.dk/term", "http://fhir.kl.dk/core"):
        rank = ranked("f", 1, f"{base}/StructureDefinition/ConditionRank")
        assert kl.reports.translate(raw(report("2026-01-12", function("f"), goal("g", rank)))).findings == ()


def test_nothing_is_asked_of_what_is_over_or_taken_back(kl: Kl) -> None:
    ended = plan("a", end="2026-01-11")
    wrong = plan("b", status="entered-in-error")
    for one in (ended, wrong):
        one.pop("activity")
        one["extension"] = one["extension"][:1]
    assert kl.reports.translate(raw(report("2026-01-12", ended, wrong))).findings == ()


# --- what is no report


def refusal(kl: Kl, bundle: Json) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        kl.reports.translate(raw(bundle))
    return caught.value


def test_what_is_refused_names_its_place(kl: Kl) -> None:
    good = report("2026-01-12", *whole())
    patient = {"resourceType": "Patient", "id": "p2", "identifier": [{"system": "urn:x", "value": "1"}]}
    two = report("2026-01-12") | {"entry": [*report("2026-01-12")["entry"], {"resource": patient}]}
    stranger = report("2026-01-12", target_group("c") | {"subject": {"reference": "Patient/p2"}})
    twice = report("2026-01-12", function("f"), function("f", severity=""))
    cases = [
        (good | {"type": "message"}, UnknownMessage, "Bundle.type"),
        (good | {"type": "transaction"}, RuleBroken, "Bundle.type"),
        ({n: v for n, v in good.items() if n != "timestamp"}, MissingField, "Bundle.timestamp"),
        (good | {"timestamp": "2026-01-12"}, WrongType, "Bundle.timestamp"),
        (good | {"entry": good["entry"][1:]}, NoCitizen, "Bundle.entry"),
        (two, RuleBroken, "Bundle.entry[1].resource"),
        (stranger, RuleBroken, "Bundle.entry[1].resource.subject"),
        (twice, GatewayError, "Bundle.entry[2].resource.id"),
        (report("2026-01-12", sender="0" * 8), UnknownSource, "Patient.managingOrganization.identifier"),
    ]
    for bundle, kind, where in cases:
        error = refusal(kl, bundle)
        assert isinstance(error, kind), (error, where)
        assert error.where == where


def test_the_answer_is_an_operation_outcome(kl: Kl) -> None:
    told = raw(report("2026-01-12", *whole()))
    accepted = parse(kl.reports.accept(told, MAY, note="Modtaget"))
    assert accepted == {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "information", "code": "informational", "details": {"text": "Modtaget"}}],
    }
    for garbage in (b"", b"\x00", b"{", b"[]", b"<a/>", told):
        answer = parse(kl.reports.refuse(garbage, MissingField(where="Bundle.timestamp"), MAY))
        assert answer["issue"][0]["expression"] == ["Bundle.timestamp"]
        assert answer["issue"][0]["severity"] == "error"
    assert kl.reports.refuse(b"<Bundle/>", MissingField(), MAY).startswith(b"<")


def test_codes_of_function_and_of_need_are_two_scales(kl: Kl) -> None:
    """ "Let" of one is not "Let" of the other, and there are two codes for what was not assessed."""
    needs = evaluation(level="2254dac8-8aa3-4334-8502-9720194f49ad")
    told = report("2026-01-12", needs, function("f", HOUSEKEEPING, "1c327095-107f-4b96-88d0-ec562cb980be"))
    made = folded(kl, told)
    need, level = made["Observation/o1"].body["valueCodeableConcept"], made["Condition/f"].body["severity"]
    unknown = "Ikke vurderet"  # a report sends codes alone: both get their name
    assert need["coding"] == [{"system": FFB, "code": "2254dac8-8aa3-4334-8502-9720194f49ad", "display": unknown}]
    assert level["coding"] == [{"system": FFB, "code": "1c327095-107f-4b96-88d0-ec562cb980be", "display": unknown}]


def test_a_value_set_that_is_missing_stops_the_start_with_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "mappings"
    shutil.copytree(MAPPINGS, folder)
    sets = (folder / "term-sets.csv").read_text("utf-8").splitlines(keepends=True)
    (folder / "term-sets.csv").write_text(
        "".join(line for line in sets if "KLConditionADCodesFFB" not in line), "utf-8"
    )
    with pytest.raises(MappingError, match=r"mappings/term-sets\.csv: .*KLConditionADCodesFFB is missing"):
        Kl(folder, Sources.read(folder), ids(b"test"))

"""What in an FFB report breaks its profile's rules, what is no report, and how each is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.resource import ids
from gateway.errors import GatewayError, MissingField, NoCitizen, RuleBroken, UnknownMessage, UnknownSource, WrongType
from gateway.translate.fhir import parse
from gateway.translate.kl import Kl
from gateway.translate.rules.problems import MappingError
from gateway.translate.rules.sources import Sources
from tests.translate.installation import mappings
from tests.translate.kl.reporting import (
    DRUGS,
    FFB,
    HOUSEKEEPING,
    Json,
    about,
    coded,
    contact,
    evaluation,
    folded,
    function,
    goal,
    plan,
    ranked,
    raw,
    report,
    target_group,
)

MAY = datetime(2026, 5, 1, tzinfo=UTC)


def whole(*more: Json, end: str = "") -> list[Json]:
    """A plan with all that its profile asks for."""
    return [target_group("c1"), evaluation(), contact(), plan("a", ranked("c1", 1), end=end), *more]


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
    folder = mappings(tmp_path, "term-sets.csv")
    sets = (folder / "term-sets.csv").read_text("utf-8").splitlines(keepends=True)
    (folder / "term-sets.csv").write_text(
        "".join(line for line in sets if "KLConditionADCodesFFB" not in line), "utf-8"
    )
    with pytest.raises(MappingError, match=r"mappings/term-sets\.csv: .*KLConditionADCodesFFB is missing"):
        Kl(folder, Sources.read(folder), ids(b"test"))


def test_the_joint_plan_that_somebody_was_shown_is_no_part_of_it(kl: Kl) -> None:
    """Its parts are: what one gateway shows another may take in."""
    base = "https://faellesplan.dk/fhir/StructureDefinition"
    shown = plan("joint", intent="plan") | {"meta": {"profile": [f"{base}/faellesplan-careplan"]}}
    team = about("CareTeam", "joint", meta={"profile": [f"{base}/faellesplan-careteam"]})
    bundle = report("2026-01-12", shown, team, plan("a", intent="plan")) | {
        "meta": {"source": "https://ffb.kk.example/fhir"}
    }
    found = kl.reports.translate(raw(bundle))
    assert [s.key for s in found.statements if s.kind != "Patient"] == ["koebenhavn-ffb|CarePlan|a"]
    assert [f.where for f in found.findings] == ["Bundle.entry[1].resource", "Bundle.entry[2].resource"]

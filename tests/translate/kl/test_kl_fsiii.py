"""KLGateway's FSIII reports: home care and nursing, coded by uuid or by legacy key, which are equal."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.plan import is_intervention
from gateway.domain.searching.matching import compile_match
from gateway.domain.searching.query import parameters
from gateway.translate import r4
from gateway.translate.kl import Kl
from tests.translate.kl.reporting import CORE, Json, about, coded, contact, folded, our, raw, report

FSIII = "urn:oid:1.2.208.176.2.21"
OLD_FSIII = "http://kl.dk/fhir/common/caresocial/CodeSystem/FSIII"
GATEWAY = "http://fhir.kl.dk/gateway/StructureDefinition"
WASHING = "4d46bd94-9518-431c-82e8-ebb91bca307a"  # J1.1


def visit(*resources: Json, day: str = "2026-01-12T04:00:00Z") -> Json:
    bundle = report(day, *resources, sender="123456789012345", system="urn:oid:1.2.208.176.1.1")
    bundle["meta"]["profile"] = [f"{GATEWAY}/klgateway-care-delivery-report"]
    for entry in bundle["entry"]:
        entry["fullUrl"] = f"https://test.fhir.example/{entry['fullUrl']}"
    return bundle


def codes(concept: Json) -> list[tuple[str, str]]:
    return [(c["system"], c["code"]) for c in concept["coding"]]


def condition(code: str, system: str = FSIII, **more: Any) -> Json:
    active = coded("active", "http://terminology.hl7.org/CodeSystem/condition-clinical")
    return about("Condition", "c", clinicalStatus=active, code=coded(code, system), recordedDate="2026-01-10", **more)


def test_who_sends_and_what_it_is(kl: Kl) -> None:
    found = kl.reports.translate(raw(visit(condition("J1.1"))))
    assert (found.source.id, found.event) == ("koebenhavn-fsiii", "fsiii-report")
    assert found.findings == ()


@pytest.mark.parametrize(
    ("sent", "system", "expected"),
    [
        ("J1.1", FSIII, [(FSIII, WASHING), (FSIII, "J1.1")]),
        (WASHING, FSIII, [(FSIII, WASHING), (FSIII, "J1.1")]),
        (WASHING.upper(), FSIII, [(FSIII, WASHING), (FSIII, WASHING.upper()), (FSIII, "J1.1")]),
        ("J1.1", OLD_FSIII, [(FSIII, WASHING), (OLD_FSIII, "J1.1"), (FSIII, "J1.1")]),
        ("Z99.9", FSIII, [(FSIII, "Z99.9")]),
    ],
)
def test_uuid_and_legacy_key_are_one_code(kl: Kl, sent: str, system: str, expected: list[tuple[str, str]]) -> None:
    body = folded(kl, visit(condition(sent, system)))["Condition/c"].body
    assert codes(body["code"]) == expected
    assert (system, sent) in codes(body["code"])  # what was sent always stays


def test_either_code_finds_what_was_told_by_the_other(kl: Kl) -> None:
    code = parameters(r4.facts().search, "Condition")["code"]
    for sent in ("J1.1", WASHING):
        body = folded(kl, visit(condition(sent)))["Condition/c"].body
        for asked in ("J1.1", WASHING, f"{FSIII}|J1.1", f"{FSIII}|{WASHING}"):
            fits = compile_match(code, "", asked)
            assert fits(list(code.extract(body))), (sent, asked)


def test_a_code_that_came_without_a_word_gets_its_name(kl: Kl) -> None:
    body = folded(kl, visit(condition("J1.1", severity=coded("B2", FSIII))))["Condition/c"].body
    assert {c["display"] for c in body["code"]["coding"]} == {"Vaske sig"}
    assert {c["display"] for c in body["severity"]["coding"]} == {"Lette begrænsninger"}  # the table's display is 1


def test_keys_that_are_words_or_underscored(kl: Kl) -> None:
    for sent in ("6eddbaf7_2a73_49d4_91e7_6138d419f58c", "6eddbaf7-2a73-49d4-91e7-6138d419f58c"):
        body = folded(kl, visit(condition(sent)))["Condition/c"].body
        assert {code for _, code in codes(body["code"])} == {
            "6eddbaf7_2a73_49d4_91e7_6138d419f58c", "6eddbaf7-2a73-49d4-91e7-6138d419f58c",
        }  # fmt: skip


def test_an_intervention_has_no_plan_above_it(kl: Kl) -> None:
    local = {"system": "http://fhir.kl.dk/gateway/CodeSystem/LocallyDefinedInterventions", "code": "H1.1.1",
             "display": "Speciel personlig pleje"}  # fmt: skip
    code = {"coding": [*coded("H1.1", FSIII)["coding"], local]}
    plan = about("CarePlan", "p", intent="plan", status="active", period={"start": "2026-01-10"},
                 activity=[{"detail": {"code": code, "status": "in-progress"}}])  # fmt: skip
    body = folded(kl, visit(plan))["CarePlan/p"].body
    assert is_intervention(body)
    kept = body["activity"][0]["detail"]["code"]["coding"]
    assert [c["code"] for c in kept] == ["17312894-b23f-43d9-9723-b725ac25d872", "H1.1", "H1.1.1"]
    assert kept[-1] == local


def test_what_was_done_and_when_it_is_followed_up(kl: Kl) -> None:
    done = about(
        "Procedure", "w", status="completed", code=coded("G1.39", FSIII), performedDateTime="2026-01-11T10:15:00Z"
    )
    link = {
        "url": f"{GATEWAY}/klgateway-care-follow-up-encounter-extension",
        "valueReference": {"reference": "Encounter/f"},
    }
    made = folded(kl, visit(done, condition("J1.1", extension=[link]), contact("f", "2026-07-01")))
    assert made["Procedure/w"].body["performedDateTime"] == "2026-01-11T10:15:00Z"
    assert made["Procedure/w"].body["code"]["coding"][1]["code"] == "G1.39"
    followed = {"reference": f"Encounter/{our('Encounter', 'f', 'koebenhavn-fsiii')}"}
    assert made["Condition/c"].body["extension"] == [{"url": f"{CORE}/FollowUpEncounter", "valueReference": followed}]
    assert made["Encounter/f"].body["status"] == "planned"


@pytest.mark.parametrize("guide", ["rehab", "prevention", "children", "ltt"])
def test_the_other_areas_of_klgateway(kl: Kl, guide: str) -> None:
    bundle = visit(condition("J1.1"))
    bundle["meta"]["profile"] = [f"http://fhir.kl.dk/{guide}/StructureDefinition/klgateway-{guide}-delivery-report"]
    found = kl.reports.translate(raw(bundle))
    assert found.event == f"{guide}-report"
    assert next(s for s in found.statements if s.kind == "Condition").act == "report"

"""XDIS21, XDIS18 and XDIS19: what a hospital plans and reports, which never begins or ends a stay."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from gateway.domain.resource import Ids
from gateway.domain.statement import Body
from gateway.translate.oioxml.language import OioXml
from gateway.translate.translation import Translation
from tests.translate.oioxml.letters import (
    CPR,
    EPISODE,
    RECEIVER,
    SENDER,
    enveloped,
    folded,
    stay_letter,
    the,
    written,
)

MUNICIPAL = "urn:oio:medcom:municipality:1.0.2"
PLANNED = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate"
PLAN = Path(__file__).parents[3] / "mappings" / "oioxml" / "examples" / "plan.xml"
ADMITTED = written(enveloped(stay_letter("Admission", "2025-03-12", "21:15")))


def at(name: str, day: str, time: str = "12:00") -> str:
    return f"<{name}><Date>{day}</Date><Time>{time}</Time></{name}>"


def letter(
    kind: str, form: str, parts: str, *, on: str = "2025-03-14", episode: str = EPISODE, number: str = "B"
) -> bytes:
    stay = f"<EpisodeOfCareIdentifier>{episode}</EpisodeOfCareIdentifier>" if episode else ""
    return written(
        enveloped(
            f"""<{kind}><Letter><Identifier>{number}</Identifier><VersionCode>{form.replace("IS", "")}34C</VersionCode>
<StatisticalCode>{form}</StatisticalCode>{at("Authorisation", on)}<TypeCode>{form}</TypeCode>
<StatusCode>nytbrev</StatusCode>{stay}</Letter>{SENDER}{RECEIVER}<Patient>
<CivilRegistrationNumber>{CPR}</CivilRegistrationNumber><PersonSurnameName>Eksempelsen</PersonSurnameName>
<EpisodeOfCareStatusCode>indlagt</EpisodeOfCareStatusCode></Patient>{parts}</{kind}>""",
            namespace=MUNICIPAL,
        )
    )


AREA = """<NursingProblemAreas><NursingProblemArea><Terminology>Ernæring</Terminology><Code>C-12345</Code>
<CodeSystem>medcom</CodeSystem><Comment>{}</Comment></NursingProblemArea></NursingProblemAreas>"""
DIAGNOSES = """<Diagnoses><Diagnose><DiagnoseCode>DF200</DiagnoseCode>
<DiagnoseTypeCode>SKSdiagnosekode</DiagnoseTypeCode><DiagnoseText>Paranoid skizofreni</DiagnoseText></Diagnose>
</Diagnoses>"""
ENDED = letter(
    "NotificationOfEndedTreatment", "XDIS19", at("Admission", "2025-03-12") + at("EndOfTreatment", "2025-03-19"),
    on="2025-03-15", number="B19",
)  # fmt: skip
REPORTED = letter(
    "ReportOfDischarge", "XDIS18",
    at("Admission", "2025-03-12") + at("EndOfTreatment", "2025-03-19") + at("Discharge", "2025-03-20")
    + AREA.format("Spiser selv") + DIAGNOSES,
    on="2025-03-20", number="B18",
)  # fmt: skip
EARLIER = letter("ProgressOfCarePlan", "XDIS21", AREA.format("Skal mades"), on="2025-03-13", number="B21")


def told(oioxml: OioXml, *raws: bytes) -> list[Translation]:
    return [oioxml.translate(raw) for raw in raws]


def planned_end(bodies: list[Body]) -> str:
    (found,) = [one["valueDateTime"] for one in the("Encounter", bodies)["extension"] if one["url"] == PLANNED]
    return str(found)


def test_a_stay_is_expected_to_end_with_the_discharge_and_not_with_the_treatment(oioxml: OioXml, identify: Ids) -> None:
    assert planned_end(folded(told(oioxml, ENDED), identify)).startswith("2025-03-19")
    assert planned_end(folded(told(oioxml, REPORTED), identify)).startswith("2025-03-20")


def test_the_plan_has_its_parts(oioxml: OioXml, identify: Ids) -> None:
    bodies = folded(told(oioxml, PLAN.read_bytes()), identify)
    plan = the("CarePlan", bodies)
    assert plan["period"] == {"start": "2025-03-12T21:15:00+01:00", "end": "2025-03-20T12:00:00+01:00"}
    codes = [activity["detail"]["code"]["coding"][0]["code"] for activity in plan["activity"]]
    assert codes == ["RehabilitationNeeds", "HomeCareNeeds", "DischargeConference"]
    conference = plan["activity"][2]["detail"]
    assert conference["scheduledPeriod"]["start"] == "2025-03-18T13:00:00+01:00"
    assert conference["description"] == "forslag\nVideoConference\nDeltagelse af hjemmeplejen ønskes"
    problems = [body for body in bodies if body["resourceType"] == "Condition"]
    assert {body["code"]["coding"][0]["code"] for body in problems} == {"B-12345", "H-12345"}
    named = {one["reference"] for one in plan["addresses"]}
    assert named == {f"Condition/{body['id']}" for body in problems}
    assert the("Goal", bodies)["target"] == [{"detailString": "2"}]
    team = the("CareTeam", bodies)
    assert plan["careTeam"] == [{"reference": f"CareTeam/{team['id']}"}]
    relative = f"RelatedPerson/{the('RelatedPerson', bodies)['id']}"
    members = [member["member"] for member in team["participant"]]
    assert {"Lise Prøveberg", "Psykiatrisk Center København, Afsnit O2"} <= {one.get("display") for one in members}
    assert relative in [one.get("reference") for one in members]


def test_an_end_that_is_planned_is_no_end(oioxml: OioXml, identify: Ids) -> None:
    for order in itertools.permutations((ADMITTED, ENDED, REPORTED)):
        bodies = folded(told(oioxml, *order), identify)
        stay = the("Encounter", bodies)
        assert (stay["status"], "end" in stay["period"]) == ("in-progress", False)
        assert planned_end(bodies).startswith("2025-03-20T12:00:00"), "the discharge, which XDIS18 tells"


def test_a_plan_alone_tells_that_there_is_a_stay(oioxml: OioXml, identify: Ids) -> None:
    stay = the("Encounter", folded(told(oioxml, PLAN.read_bytes()), identify))
    assert (stay["status"], stay["period"]["start"]) == ("in-progress", "2025-03-12T21:15:00+01:00")


def test_a_later_letter_tells_a_problem_anew(oioxml: OioXml, identify: Ids) -> None:
    for order in itertools.permutations((EARLIER, REPORTED)):
        bodies = folded(told(oioxml, *order), identify)
        (problem,) = [b for b in bodies if b["resourceType"] == "Condition" and "note" in b]
        assert problem["note"] == [{"text": "Spiser selv"}]
        assert len([body for body in bodies if body["resourceType"] == "CarePlan"]) == 2


def test_a_diagnosis_has_its_system(oioxml: OioXml, identify: Ids) -> None:
    bodies = folded(told(oioxml, REPORTED), identify)
    (diagnosis,) = [body for body in bodies if body["resourceType"] == "Condition" and "note" not in body]
    assert diagnosis["code"] == {
        "coding": [{"system": "urn:oid:1.2.208.176.2.4.12", "code": "DF200", "display": "Paranoid skizofreni"}],
        "text": "Paranoid skizofreni",
    }


def test_without_an_episode_there_is_a_plan_and_no_stay(oioxml: OioXml) -> None:
    raw = letter("ProgressOfCarePlan", "XDIS21", AREA.format("Skal mades"), episode="")
    kinds = [one.kind for one in oioxml.translate(raw).statements]
    assert "Encounter" not in kinds
    assert {"CarePlan", "Condition"} <= set(kinds)


@pytest.mark.parametrize("number", ["0000000000000000000000001a2b3c4d", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"])
def test_an_episode_of_32_characters_need_not_be_a_uuid(oioxml: OioXml, number: str) -> None:
    raw = letter("ProgressOfCarePlan", "XDIS21", "", episode=number)
    (stay,) = [one for one in oioxml.translate(raw).statements if one.kind == "Encounter"]
    assert stay.key == f"episode|{number.lower()}"


def test_what_no_rule_reads_is_told(oioxml: OioXml) -> None:
    raw = PLAN.read_bytes().replace(b"<m:DietFirst24Hours>", b"<m:Other>?</m:Other><m:DietFirst24Hours>")
    found = oioxml.explain(raw)
    made = {row.target.partition(".")[0].partition("[")[0] for row in found.rows}
    assert made >= {"CarePlan", "Condition", "CareTeam", "Goal", "RelatedPerson", "Encounter"}
    unread = {one.field: one.reason for one in found.unread}
    assert unread["Other"] == "unread"
    assert unread["Letter/StatisticalCode"] == "for the network's own counting"
    assert not any(field.startswith(("FurtherCoordination", "NursingProblemAreas", "Relative")) for field in unread)

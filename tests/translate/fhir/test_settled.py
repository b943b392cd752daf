"""Resources of a foreign Bundle as writers expect them."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import GatewayError, MissingField, RuleBroken
from gateway.translate.fhir.settled import settled, with_files

OFFICE: dict[str, Any] = {
    "resourceType": "Organization",
    "id": "o1",
    "identifier": [{"system": "urn:oid:1.3.184", "value": "11259979"}],
    "name": "Frederiksberg Kommune",
    "contact": [{"name": {"prefix": ["Sagsbehandler"], "family": "Abildtrup"}, "telecom": [{"value": "+4530000003"}]}],
}
WHO: dict[str, Any] = {"resourceType": "Practitioner", "id": "w1", "name": [{"given": ["Asger"], "family": "Lindholt"}]}


def plan(**more: Any) -> dict[str, Any]:
    whose = {"status": "active", "intent": "plan", "subject": {"reference": "Patient/p1"}}
    return {"resourceType": "CarePlan", "id": "c1"} | whose | more


def test_organisations_and_people_are_named_where_something_points_at_them() -> None:
    found = settled(
        [plan(author={"reference": "Organization/o1"}, contributor=[{"reference": "Practitioner/w1"}]), OFFICE, WHO]
    )
    author = found[0]["author"]
    assert author["identifier"] == {"system": "http://cvr.dk", "value": "11259979"}
    assert (author["type"], author["display"]) == ("Organization", "Frederiksberg Kommune")
    assert author["extension"][0]["valueContactDetail"]["name"] == "Sagsbehandler Abildtrup"
    assert found[0]["contributor"] == [{"type": "Practitioner", "display": "Asger Lindholt"}]


def test_every_spelling_of_a_reference_is_one() -> None:
    goal = {"resourceType": "Goal", "id": "g1", "lifecycleStatus": "active", "description": {"text": "Egen nøgle"}}
    goal["subject"] = {"reference": "Patient/p1"}
    for written in ("Goal/g1", "https://x.example/fhir/Goal/g1", "urn:uuid:g1", "Goal/g1/_history/2"):
        assert settled([plan(goal=[{"reference": written}]), goal])[0]["goal"] == [{"reference": "Goal/g1"}]


def test_ids_of_two_types_may_be_the_same() -> None:
    patient = {"resourceType": "Patient", "id": "1", "gender": "female"}
    office, first = OFFICE | {"id": "1"}, plan(subject={"reference": "Patient/1"}) | {"id": "1"}
    for order in ([patient, office, first], [first, office, patient], [first, patient, office]):
        (found,) = (one for one in settled(order) if one["resourceType"] == "CarePlan")
        assert found["subject"] == {"reference": "Patient/1"}


def test_what_is_not_there_stays_as_it_was_written() -> None:
    told = plan(goal=[{"reference": "Goal/elsewhere"}, {"reference": "#inside"}, {"display": "et mål"}])
    assert settled([told]) == [told]


@pytest.mark.parametrize(
    ("resource", "error"),
    [(plan(status=7), RuleBroken), (plan(title=""), RuleBroken), (plan(created="i går"), RuleBroken), ({}, RuleBroken)],
)
def test_what_is_no_r4_is_told_with_its_place(resource: dict[str, Any], error: type[GatewayError]) -> None:
    with pytest.raises(error) as told:
        settled([resource])
    assert told.value.where


def test_a_file_beside_a_document_goes_into_it_however_it_is_named() -> None:
    file = {"resourceType": "Binary", "id": "f1", "contentType": "text/plain", "data": "SGVq"}
    for url in ("Binary/f1", "https://x.example/fhir/Binary/f1"):
        letter = {
            "resourceType": "DocumentReference",
            "id": "d1",
            "content": [{"attachment": {"url": url, "title": "Brev"}}],
        }
        assert with_files([letter, file])[0]["content"] == [{"attachment": {"title": "Brev", "data": "SGVq"}}]
    elsewhere = {"resourceType": "DocumentReference", "id": "d1", "content": [{"attachment": {"url": "Binary/f2"}}]}
    assert with_files([elsewhere, file])[0] == elsewhere


def test_what_an_answer_says_of_itself_is_left_out() -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]}
    assert settled([outcome, plan()]) == [plan()]


def test_what_the_fold_leaves_is_taken() -> None:
    assert settled([plan(meta={})]) == [plan()]
    with pytest.raises(MissingField):
        settled([{"resourceType": "Patient"}])

"""Validation: R4's invariants and the rules it states in words, each at its place."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translate.fhir.validating import ERROR, MOST_PROBLEMS, WARNING, validate
from gateway.translate.r4 import definitions

DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div>'
PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "p1", "text": {"status": "generated", "div": DIV}}
QUESTIONS: dict[str, Any] = {
    "resourceType": "Questionnaire", "name": "X", "status": "draft", "text": {"status": "generated", "div": DIV},
    "item": [{"linkId": "1", "type": "group", "item": [{"linkId": "1.1", "type": "string"}]}],
}  # fmt: skip
ORGANIZATION: dict[str, Any] = {"resourceType": "Organization", "name": "x"}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation", "status": "final", "text": {"status": "generated", "div": DIV},
    "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]},
}  # fmt: skip
R4 = "http://hl7.org/fhir/StructureDefinition/"
CONGREGATION = f"{R4}patient-congregation"
UUID = "urn:uuid:d12004a7-5ed5-41ab-a8f2-0de5f0c98847"


def errors(resource: dict[str, Any], *asked: str) -> list[tuple[str, str]]:
    return [(one.where, one.text) for one in validate(resource, asked) if one.severity == ERROR]


def warnings(resource: dict[str, Any]) -> list[str]:
    return [one.where for one in validate(resource) if one.severity == WARNING]


def places(resource: dict[str, Any]) -> list[str]:
    return [where for where, _ in errors(resource)]


def item(**more: Any) -> dict[str, Any]:
    return QUESTIONS | {"item": [{"linkId": "1", "type": "string"} | more]}


@pytest.mark.parametrize("resource", [PATIENT, QUESTIONS, OBSERVATION])
def test_sound_resources(resource: dict[str, Any]) -> None:
    assert [one for one in validate(resource) if one.severity != "information"] == []


@pytest.mark.parametrize(
    ("resource", "where", "key"),
    [
        (PATIENT | {"contact": [{"gender": "male"}]}, "Patient.contact[0]", "pat-1"),
        (PATIENT | {"telecom": [{"value": "1"}]}, "Patient.telecom[0]", "cpt-2"),
        (OBSERVATION | {"valueQuantity": {"value": 1, "code": "mm"}}, "Observation.valueQuantity", "qty-3"),
        (OBSERVATION | {"valueString": "x", "dataAbsentReason": {"text": "x"}}, "Observation", "obs-6"),
        (OBSERVATION | {"referenceRange": [{"age": {"low": {"value": 1}}}]}, "Observation.referenceRange[0]", "obs-3"),
        (
            OBSERVATION | {"valueString": "x", "component": [{"code": OBSERVATION["code"], "valueString": "x"}]},
            "Observation",
            "obs-7",
        ),
        (
            OBSERVATION | {"effectivePeriod": {"start": "2023-06-21", "end": "2023-06-21T06:20:00Z"}},
            "Observation.effectivePeriod",
            "per-1",
        ),
        (OBSERVATION | {"effectiveTiming": {"repeat": {"duration": 1}}}, "Observation.effectiveTiming.repeat", "tim-1"),
        (OBSERVATION | {"valueRange": {"low": {"value": 2}, "high": {"value": 1}}}, "Observation.valueRange", "rng-2"),
        (item(type="group"), "Questionnaire.item[0]", "que-1"),
        (item(item=[{"linkId": "1", "type": "string"}]), "Questionnaire", "que-2"),
        (item(type="display", required=True), "Questionnaire.item[0]", "que-6"),
        (item(type="date", maxLength=3), "Questionnaire.item[0]", "que-10"),
        (
            item(enableWhen=[{"question": n, "operator": "=", "answerBoolean": True} for n in "ab"]),
            "Questionnaire.item[0]",
            "que-12",
        ),
        (
            item(enableWhen=[{"question": "a", "operator": "exists", "answerString": "x"}]),
            "Questionnaire.item[0].enableWhen[0]",
            "que-7",
        ),
        (
            {"resourceType": "RiskAssessment", "status": "final", "subject": {"reference": "Patient/1"},
             "prediction": [{"probabilityDecimal": 101}]},
            "RiskAssessment.prediction[0]",
            "ras-2",
        ),
        ({"resourceType": "Organization", "active": True}, "Organization", "org-1"),
        (ORGANIZATION | {"address": [{"use": "home"}]}, "Organization.address[0]", "org-2"),
        ({"resourceType": "Bundle", "type": "collection", "total": 1}, "Bundle", "bdl-1"),
        ({"resourceType": "Bundle", "type": "batch", "entry": [{"resource": PATIENT}]}, "Bundle", "bdl-3"),
        ({"resourceType": "Parameters", "parameter": [{"name": "a"}]}, "Parameters.parameter[0]", "inv-1"),
        (PATIENT | {"contained": [{"resourceType": "Organization", "name": "x", "id": "o", "meta": {"versionId": "1"}}],
                    "managingOrganization": {"reference": "#o"}}, "Patient", "dom-4"),
    ],
)  # fmt: skip
def test_invariants_of_r4(resource: dict[str, Any], where: str, key: str) -> None:
    assert [(at, text.partition(":")[0]) for at, text in errors(resource)] == [(where, key)]


CODING = {"system": "http://loinc.org", "code": "1"}


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        (PATIENT | {"photo": [{"contentType": "image/png", "data": "QUJD", "size": 4}]}, "Patient.photo[0].size"),
        (PATIENT | {"photo": [{"contentType": "png", "data": "QUJD", "size": 3}]}, "Patient.photo[0].contentType"),
        (PATIENT | {"maritalStatus": {"coding": [{"system": "x"}]}}, "Patient.maritalStatus.coding[0].system"),
        (
            PATIENT | {"maritalStatus": {"coding": [{"system": "http://hl7.org/fhir/ValueSet/marital-status"}]}},
            "Patient.maritalStatus.coding[0].system",
        ),
        (
            PATIENT | {"maritalStatus": {"coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "MARRIED"}]}},
            "Patient.maritalStatus.coding[0].code",
        ),
        (PATIENT | {"identifier": [{"system": "cpr", "value": "1"}]}, "Patient.identifier[0].system"),
        (PATIENT | {"identifier": [{"system": "urn:oid:1.2.x"}]}, "Patient.identifier[0].system"),
        (PATIENT | {"language": "dansk sprog"}, "Patient.language"),
        (PATIENT | {"managingOrganization": {"reference": "o1"}}, "Patient.managingOrganization.reference"),
        (OBSERVATION | {"focus": [{"reference": "Frob/1"}]}, "Observation.focus[0].reference"),
        (OBSERVATION | {"focus": [{"reference": "Patient/1", "type": "Device"}]}, "Observation.focus[0].type"),
        (PATIENT | {"meta": {"profile": ["http://x.example/ValueSet/1"]}}, "Patient.meta.profile[0]"),
        (
            {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "http://a.example/ValueSet/1"},
            "QuestionnaireResponse.questionnaire",
        ),
        (PATIENT | {"name": [{"id": "a", "text": "x"}, {"id": "a", "text": "y"}]}, "Patient.name[1].id"),
        (PATIENT | {"managingOrganization": {"reference": "#o"}}, "Patient.managingOrganization.reference"),
        (PATIENT | {"contained": [{"resourceType": "Organization", "id": "o", "name": "x"}]}, "Patient.contained[0]"),
        (PATIENT | {"extension": [{"url": f"{CONGREGATION}|4.0.1", "valueString": "x"}]}, "Patient.extension[0].url"),
        (PATIENT | {"extension": [{"url": "congregation", "valueString": "x"}]}, "Patient.extension[0].url"),
        (PATIENT | {"extension": [{"url": CONGREGATION, "valueCode": "x"}]}, "Patient.extension[0]"),
        (
            PATIENT | {"name": [{"extension": [{"url": f"{R4}humanname-mothers-family", "valueString": "x"}]}]},
            "Patient.name[0].extension[0]",
        ),
    ],
)  # fmt: skip
def test_rules_that_r4_states_in_words(resource: dict[str, Any], where: str) -> None:
    assert places(resource) == [where]


def test_an_extension_where_it_belongs() -> None:
    extension = {"extension": [{"url": f"{R4}humanname-mothers-family", "valueString": "x"}]}
    assert errors(PATIENT | {"name": [{"family": "X", "_family": extension}]}) == []
    absent = {"extension": [{"url": f"{R4}data-absent-reason", "valueCode": "unknown"}]}
    assert errors(PATIENT | {"_birthDate": absent, "name": [absent]}) == []
    assert warnings(PATIENT | {"extension": [{"url": f"{R4}no-such", "valueString": "x"}]}) == ["Patient.extension[0]"]


def test_codes_of_tables_that_sites_fill_are_a_warning() -> None:
    local = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "EPI"}]}
    resource = PATIENT | {"identifier": [{"type": local, "value": "1"}]}
    assert errors(resource) == []
    assert warnings(resource) == ["Patient.identifier[0].type.coding[0].code"]


def test_what_contains_and_what_is_contained() -> None:
    back = {"resourceType": "Provenance", "id": "v", "target": [{"reference": "#"}], "recorded": "2025-01-01T00:00:00Z",
            "agent": [{"who": {"display": "x"}}]}  # fmt: skip
    assert errors(PATIENT | {"contained": [back]}) == []
    assert errors(QUESTIONS | {
        "contained": [{"resourceType": "ValueSet", "id": "v", "status": "draft"}],
        "item": [{"linkId": "1", "type": "choice", "answerValueSet": "#v"}],
    }) == []  # fmt: skip


def test_what_a_reference_leads_to_is_of_a_type_that_may_stand_there() -> None:
    contained = {"contained": [{"resourceType": "Device", "id": "d"}], "managingOrganization": {"reference": "#d"}}
    assert places(PATIENT | contained) == ["Patient.managingOrganization.reference"]
    led = PATIENT | {"managingOrganization": {"reference": UUID}}
    other = UUID[:-1] + "8"
    assert places(bundle("collection", at(other, led), at(UUID, ORGANIZATION))) == []
    where = "Bundle.entry[0].resource.managingOrganization.reference"
    assert places(bundle("collection", at(other, led), at(UUID, OBSERVATION))) == [where]


def bundle(kind: str, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)} | more


def at(url: str, resource: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"fullUrl": url, "resource": resource} | more


OTHER = PATIENT | {"link": [{"type": "seealso", "other": {"reference": UUID}}]}
PUT = {"request": {"method": "PUT", "url": "Patient/p1"}}


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        (bundle("collection", at("Patient/p1", PATIENT)), ["Bundle.entry[0].fullUrl"]),
        (bundle("collection", at("https://a.example/Patient/p2", PATIENT)), ["Bundle.entry[0].fullUrl"]),
        (bundle("collection", at("https://a.example/Device/p1", PATIENT)), ["Bundle.entry[0].fullUrl"]),
        (bundle("collection", at("https://a.example/Patient/p1", PATIENT)), []),
        (bundle("collection", at(UUID, PATIENT)), []),
        (bundle("transaction", at(UUID, PATIENT, **PUT), at(UUID[:-1] + "8", OTHER, **PUT)), []),
        (
            bundle("transaction", at(UUID[:-1] + "8", OTHER, **PUT)),
            ["Bundle.entry[0].resource.link[0].other.reference"],
        ),
        (bundle("collection", at(UUID[:-1] + "8", OTHER)), []),
        (bundle("searchset", at(UUID, {"resourceType": "Patient", "active": True})), ["Bundle.entry[0].resource"]),
        (
            bundle("searchset", at("https://a.example/Patient/p1", PATIENT, search={"mode": "match"}),
                   link=[{"relation": "self", "url": "https://a.example/Device?_id=1"}]),
            ["Bundle.entry[0].resource"],
        ),
        (
            bundle("searchset", at("https://a.example/Patient/p1", PATIENT, search={"mode": "match"}),
                   link=[{"relation": "self", "url": "https://a.example/?_type=Device,Patient"}]),
            [],
        ),
        (
            bundle("searchset", at("https://a.example/Patient/p1", PATIENT, search={"mode": "outcome"})),
            ["Bundle.entry[0].search.mode"],
        ),
        (bundle("searchset", at(UUID, PATIENT), link=[{"relation": "next", "url": "urn:a"}] * 2), ["Bundle.link[1]"]),
    ],
)  # fmt: skip
def test_bundles(resource: dict[str, Any], found: list[str]) -> None:
    assert places(resource) == found


def test_documents_hold_what_their_composition_names() -> None:
    composition = {
        "resourceType": "Composition", "id": "c", "status": "final", "date": "2025", "title": "x",
        "type": {"coding": [CODING]}, "author": [{"display": "x"}], "subject": {"reference": "Patient/p1"},
    }  # fmt: skip
    head = at("https://a.example/Composition/c", composition)
    about = {"identifier": {"system": "urn:s", "value": "1"}, "timestamp": "2025-01-01T00:00:00Z"}
    patient = at("https://a.example/Patient/p1", PATIENT | {"meta": {"versionId": "1"}})
    second = at("https://a.example/Patient/p1", PATIENT | {"meta": {"versionId": "2"}})
    where = "Bundle.entry[0].resource.subject.reference"
    assert places(bundle("document", head, patient, **about)) == []
    assert places(bundle("document", head, **about)) == [where]
    assert errors(bundle("document", head, patient, second, **about)) == [
        (where, "This refers to two entries of the Bundle.")
    ]
    composition["subject"] = {"reference": "Patient/p1/_history/2"}
    assert places(bundle("document", head, patient, second, **about)) == []
    assert places(bundle("document", head, patient, **about)) == [where]


def test_search_parameters() -> None:
    parameter = {
        "resourceType": "SearchParameter", "url": "http://a.example/1", "name": "X", "status": "draft", "code": "name",
        "description": "x", "base": ["Organization"], "type": "string", "expression": "Organization.name",
        "derivedFrom": "http://hl7.org/fhir/SearchParameter/Organization-name",
    }  # fmt: skip
    assert places(parameter) == []
    assert places(parameter | {"type": "token"}) == ["SearchParameter.type"]
    assert places(parameter | {"base": ["Patient"]}) == ["SearchParameter.base"]
    own = {name: value for name, value in parameter.items() if name != "derivedFrom"}
    assert places(own | {"type": "composite"}) == ["SearchParameter"]
    stated = {"name": "name", "definition": parameter["derivedFrom"], "type": "token"}
    rest = [{"mode": "server", "resource": [{"type": "Patient", "searchParam": [stated]}]}]
    statement = {"resourceType": "CapabilityStatement", "status": "draft", "date": "2025", "kind": "requirements",
                 "fhirVersion": "4.0.1", "format": ["json"], "rest": rest, "description": "x"}  # fmt: skip
    here = "CapabilityStatement.rest[0].resource[0].searchParam[0]"
    assert places(statement) == [f"{here}.type", f"{here}.definition"]


OURS = "https://faellesplan.dk/fhir/StructureDefinition"
STAY = {
    "resourceType": "Encounter", "status": "finished", "text": {"status": "generated", "div": DIV},
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
    "subject": {"reference": "Patient/1"}, "identifier": [{"system": "urn:s", "value": "1"}],
    "statusHistory": [{"status": "finished", "period": {"start": "2025-01-01T00:00:00Z"}}],
    "period": {"start": "2025-01-01T00:00:00Z"},
}  # fmt: skip


def test_our_profiles_and_their_invariants() -> None:
    claimed = STAY | {"meta": {"profile": [f"{OURS}/faellesplan-encounter"]}}
    assert errors(STAY) == []
    assert [text.partition(":")[0] for _, text in errors(claimed)] == ["stay-2"]
    assert errors(STAY, f"{OURS}/faellesplan-encounter") == errors(claimed)
    assert errors(STAY, f"{OURS}/faellesplan-careplan") == [("Encounter", "The profile is for CarePlan.")]
    assert errors(STAY, "http://a.example/unknown") == [("Encounter", "The profile is not known here.")]
    assert errors(STAY, f"{R4}Encounter|4.0.1") == []
    inside = bundle("collection", at(UUID, claimed))
    assert [where for where, _ in errors(inside)] == ["Bundle.entry[0].resource"]


def test_an_extension_of_ours_wherever_it_stands() -> None:
    def acting(number: str) -> dict[str, Any]:
        parts = [
            {"url": "role", "valueCode": "acting"},
            {"url": "municipality", "valueCoding": {
                "system": "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes", "code": number}},
        ]  # fmt: skip
        return PATIENT | {"extension": [{"url": f"{OURS}/municipality", "extension": parts}]}

    assert errors(acting("0101")) == []
    assert places(acting("101")) == ["Patient.extension[0].extension[1].valueCoding.code"]


def test_texts_that_look_like_html_are_a_warning() -> None:
    assert warnings(PATIENT | {"name": [{"text": "A <script>x</script>"}]}) == ["Patient.name[0].text"]
    assert warnings(PATIENT | {"name": [{"text": "a < b, c > d"}]}) == []


def test_no_value_is_ever_told() -> None:
    secret = "2512489996"
    for change in (
        {"id": f"{secret}_"}, {"identifier": [{"system": secret, "value": secret}]}, {secret: 1}, {"language": secret},
        {"managingOrganization": {"reference": secret}}, {"contained": [{"resourceType": secret}]},
        {"extension": [{"url": secret, "valueString": secret}]}, {"name": [{"id": secret}, {"id": secret}]},
        {"meta": {"profile": [f"http://x/ValueSet/{secret}"]}}, {"birthDate": secret},
    ):  # fmt: skip
        told = validate(PATIENT | change, (secret,))
        assert told
        assert secret not in str(told)


def test_a_flood_is_cut() -> None:
    assert len(validate(PATIENT | {"contact": [{"gender": "male"}] * 500})) == MOST_PROBLEMS


def test_a_resource_without_end_is_not_checked_for_ever() -> None:
    many = QUESTIONS | {"item": [{"linkId": str(n), "type": "string"} for n in range(3000)]}
    assert "too-costly" in [one.issue for one in validate(many)]
    assert "too-costly" not in [one.issue for one in validate(QUESTIONS | {"item": many["item"][:300]})]


def test_definitions_hold_all_of_r4() -> None:
    known = definitions()
    assert sum(known.facts.kind(name) == "resource" for name in known.facts.names) == 146 + 2
    assert len(known.invariants) > 100
    assert known.extensions[CONGREGATION] == {"contexts": ["Patient"], "types": ["string"]}


_leaf = st.sampled_from(
    [None, True, 1, 1.5, "x", "", "2025-01-01", "#", [], {}, [None], {"a": 1}, [[]], "Patient", "a/b"]
)
_START = [
    QUESTIONS, STAY, OBSERVATION | {"component": [{"code": {"text": "x"}}]}, bundle("document", at(UUID, PATIENT)),
    bundle("searchset", at(UUID, PATIENT, search={"mode": "match"}), link=[{"relation": "self", "url": "a?b"}]),
    PATIENT | {"contained": [PATIENT | {"id": "q"}], "meta": {"profile": [f"{OURS}/faellesplan-encounter"]}},
]  # fmt: skip


@given(st.data())
def test_any_change_is_survived(data: st.DataObject) -> None:
    resource = deepcopy(data.draw(st.sampled_from(_START)))
    for _ in range(3):
        node: Any = resource
        while isinstance(node, (dict, list)) and node and data.draw(st.booleans()):
            keys = sorted(node) if isinstance(node, dict) else range(len(node))
            key = data.draw(st.sampled_from(keys))
            if not isinstance(node[key], (dict, list)) or data.draw(st.booleans()):
                node[key] = deepcopy(data.draw(_leaf))
            node = node[key]
    assert all(one.text for one in validate(resource, (f"{OURS}/faellesplan-encounter",)))

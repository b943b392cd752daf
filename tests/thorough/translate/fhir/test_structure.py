"""What a resource may hold by R4 itself: every kind of fault is found at its place, and sound ones have none."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.translate.fhir import parse
from gateway.translate.fhir.structure import MOST_FAULTS, shape_faults, structure

DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>Ophold</p></div>'
ENCOUNTER: dict[str, Any] = {
    "resourceType": "Encounter",
    "id": "e1",
    "meta": {"lastUpdated": "2025-03-01T12:00:00.123+01:00"},
    "text": {"status": "generated", "div": DIV},
    "extension": [{"url": "urn:e", "valueDecimal": 1}],
    "identifier": [{"system": "urn:s", "value": "1"}],
    "status": "in-progress",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
    "subject": {"reference": "Patient/p1"},
    "episodeOfCare": [{"identifier": {"system": "urn:s", "value": "2"}}],
    "period": {"start": "2025-03-01T12:00:00+01:00"},
    "length": {"value": 3, "unit": "d"},
}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"given": ["A", None], "_given": [None, {"extension": [{"url": "urn:x", "valueString": "y"}]}]}],
    "deceasedBoolean": False,
    "_birthDate": {"extension": [{"url": "urn:x", "valueCode": "unknown"}]},
    "multipleBirthInteger": 2,
}


def faults(resource: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.where, fault.rule) for fault in structure(resource)]


def test_sound_resources_have_no_faults() -> None:
    assert faults(ENCOUNTER) == []
    assert faults(PATIENT) == []


@pytest.mark.parametrize(
    ("change", "where", "rule"),
    [
        ({"statuss": "x"}, "Encounter.statuss", "unknown"),
        ({"Anna Hansen": "x"}, "Encounter.…", "unknown"),
        ({"period": {"begin": "2025"}}, "Encounter.period.begin", "unknown"),
        ({"_period": {"id": "x"}}, "Encounter._period", "unknown"),
        ({"identifier": {"value": "1"}}, "Encounter.identifier", "shape"),
        ({"status": ["in-progress"]}, "Encounter.status", "shape"),
        ({"status": {"code": "x"}}, "Encounter.status", "shape"),
        ({"period": "2025"}, "Encounter.period", "shape"),
        ({"period": None}, "Encounter.period", "shape"),
        ({"identifier": [None]}, "Encounter.identifier[0]", "shape"),
        ({"identifier": [[]]}, "Encounter.identifier[0]", "shape"),
        ({"identifier": ["1"]}, "Encounter.identifier[0]", "shape"),
        ({"length": {"value": "3"}}, "Encounter.length.value", "shape"),
        ({"length": {"value": True}}, "Encounter.length.value", "shape"),
        ({"contained": ["x"]}, "Encounter.contained[0]", "shape"),
        ({"contained": [{"id": "x"}]}, "Encounter.contained[0].resourceType", "shape"),
        ({"_status": "x"}, "Encounter._status", "shape"),
        ({"identifier": []}, "Encounter.identifier", "empty"),
        ({"period": {}}, "Encounter.period", "empty"),
        ({"language": ""}, "Encounter.language", "empty"),
        ({"status": None}, "Encounter.status", "shape"),
        ({"status": "bananas"}, "Encounter.status", "code"),
        ({"id": "a_b"}, "Encounter.id", "format"),
        ({"id": "a" * 65}, "Encounter.id", "format"),
        ({"period": {"start": "2025-02-30"}}, "Encounter.period.start", "format"),
        ({"period": {"start": "2025-03-01T12:00:00"}}, "Encounter.period.start", "format"),
        ({"period": {"start": "01-03-2025"}}, "Encounter.period.start", "format"),
        ({"period": {"start": 1740000000}}, "Encounter.period.start", "shape"),
        ({"meta": {"lastUpdated": "2025-03-01"}}, "Encounter.meta.lastUpdated", "format"),
        ({"period": {"start": "2025-03-02", "end": "2025-03-01"}}, "Encounter.period", "period"),
        (
            {"period": {"start": "2025-03-02T01:00:00+01:00", "end": "2025-03-01T23:59:00Z"}},
            "Encounter.period",
            "period",
        ),
        ({"implicitRules": "a b"}, "Encounter.implicitRules", "format"),
        ({"identifier": [{"value": "a\x00b"}]}, "Encounter.identifier[0].value", "format"),
        ({"identifier": [{"value": "a" * 1_048_577}]}, "Encounter.identifier[0].value", "format"),
        ({"identifier": [{"use": "mine"}]}, "Encounter.identifier[0].use", "code"),
        ({"subject": {"reference": "Practitioner/1"}}, "Encounter.subject", "target"),
        ({"subject": {"type": "Device", "display": "x"}}, "Encounter.subject", "target"),
        ({"extension": [{"url": "urn:e"}]}, "Encounter.extension[0]", "extension"),
        ({"extension": [{"valueString": "x"}]}, "Encounter.extension[0].url", "missing"),
        (
            {"extension": [{"url": "u", "valueString": "x", "extension": [{"url": "u", "valueString": "x"}]}]},
            "Encounter.extension[0]",
            "extension",
        ),
        (
            {"extension": [{"url": "u", "valueString": "x", "valueBoolean": True}]},
            "Encounter.extension[0].value[x]",
            "choice",
        ),
        ({"text": {"status": "generated", "div": "Ophold"}}, "Encounter.text.div", "narrative"),
    ],
)
def test_one_fault_at_its_place(change: dict[str, Any], where: str, rule: str) -> None:
    assert faults(ENCOUNTER | change) == [(where, rule)]


@pytest.mark.parametrize("name", ["status", "class"])
def test_required_elements(name: str) -> None:
    resource = {key: value for key, value in ENCOUNTER.items() if key != name}
    assert faults(resource) == [(f"Encounter.{name}", "missing")]
    assert structure(resource)[0].issue == "required"
    assert faults(resource | {"_status": {"extension": [{"url": "u", "valueCode": "x"}]}}) == (
        [] if name == "status" else [("Encounter.class", "missing")]
    )


def test_choices_and_names_that_only_look_like_choices() -> None:
    assert faults(PATIENT | {"deceasedDateTime": "2025"}) == [("Patient.deceased[x]", "choice")]
    provision = {
        "dataPeriod": {"start": "2025"},
        "data": [{"meaning": "related", "reference": {"reference": "Goal/1"}}],
    }
    consent = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"text": "x"},
        "category": [{"text": "x"}],
        "provision": {"provision": [provision]},
    }
    assert faults(consent) == []
    header = {"resourceType": "MessageHeader", "source": {"endpoint": "urn:x"}}
    assert faults(header) == [("MessageHeader.event[x]", "missing")]


@pytest.mark.parametrize("value", ["1", 1.5, -1, 2**31, True, None, 0])
def test_numbers_of_an_integer_type(value: object) -> None:
    assert len(faults({"resourceType": "Task", "status": "draft", "intent": "order"} | _repetitions(value))) == 1


def _repetitions(value: object) -> dict[str, Any]:
    return {"restriction": {"repetitions": value}}


def test_nulls_only_where_an_extension_stands_beside() -> None:
    name = {"given": ["A", None, None], "_given": [None, {"id": "x"}]}
    assert faults({"resourceType": "Patient", "name": [name]}) == [
        ("Patient.name[0].given[2]", "shape"),
    ]


@pytest.mark.parametrize(
    "inside",
    [
        "<script>x</script>",
        '<p onclick="x">x</p>',
        '<a href="javascript:x">x</a>',
        '<a href=" JaVaScRiPt:x">x</a>',
        '<a href="vbscript:x">x</a>',
        '<a href="java&#10;script:x">x</a>',
        '<img src="data:text/html,x" alt="x"/>',
        "<iframe/>x",
        "<form>x</form>",
        "<object>x</object>",
        '<p xmlns="http://www.w3.org/2000/svg">x</p>',
        "&nbsp;",
        "x<?xml-stylesheet href='https://x.example/a.css'?>",
        "<p>x",
        " ",
    ],
)
def test_narratives_only_show(inside: str) -> None:
    text = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'}
    assert faults(ENCOUNTER | {"text": text}) == [("Encounter.text.div", "narrative")]


@pytest.mark.parametrize(
    "inside",
    [
        '<a href="https://x.example/1">x</a>',
        '<a href="#a">x</a>',
        '<table class="grid"><tr><td style="x">é</td></tr></table>',
        '<img src="data:image/png;base64,AA" alt="x"/>',
    ],
)
def test_plain_narratives_are_sound(inside: str) -> None:
    text = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'}
    assert faults(ENCOUNTER | {"text": text}) == []


def test_shape_faults_leave_unknown_content_alone() -> None:
    odd = ENCOUNTER | {"new": 1, "status": "bananas", "class": None, "contained": [{"resourceType": "Frob", "id": 7}]}
    assert [(fault.where, fault.rule) for fault in shape_faults(odd)] == [("Encounter.class", "shape")]


def test_a_flood_of_faults_is_cut() -> None:
    assert len(structure(ENCOUNTER | {"identifier": [None] * 10_000})) == MOST_FAULTS
    assert structure({"resourceType": "Frob"})[0].rule == "unknown"
    assert structure({})[0].where == "resourceType"


def test_no_value_is_ever_told() -> None:
    secret = "251248-9996"
    for change in [{"id": f"{secret}_"}, {"status": secret}, {"period": {"start": secret}}, {secret: secret}]:
        assert secret not in str(structure(ENCOUNTER | change))


def test_the_official_samples(examples: Path) -> None:
    """All HospitalNotification samples are sound R4, except the one that is meant not to be."""
    found = {
        path.stem: faults(parse(path.read_bytes()))
        for path in (examples / "hospital" / "hospitalnotification").glob("*")
    }
    assert found.pop("HospitalNotification_Ex_TEK_FCC") == [
        ("Bundle.entry[0].resource.event[x]", "missing"),
        ("Bundle.entry[2].resource.class", "missing"),
    ]
    assert not any(found.values())


def test_the_public_validator_cases(examples: Path) -> None:
    """Of the sound ones none is refused, but for two with comments in JSON and one with an id of 65 characters."""
    folder = examples / "fhir" / "fhir-test-cases-r4"
    refused: dict[bool, set[str]] = {True: set(), False: set()}
    for case in json.loads((folder / "validator-index.json").read_text("utf-8")):
        try:
            found = structure(parse((folder / "validator" / case["file"]).read_bytes(), "json"))
        except GatewayError:
            found = [None]  # type: ignore[list-item]
        if any(f is None or not f.where.endswith("resourceType") for f in found):
            refused[case["javaErrors"] == 0].add(case["file"])
    assert refused[True] <= {"json-comments-1.json", "json-comments-2.json", "contained-resource.json"}
    assert len(refused[False]) >= 25


_leaf = st.sampled_from([None, True, 1, 1.5, "x", "", "2025-01-01", [], {}, [None], {"a": 1}, [[]], "Patient"])


@given(st.data())
def test_any_change_is_survived(data: st.DataObject) -> None:
    """Whatever stands at any place of a resource, the check ends with faults or none."""
    resource = deepcopy(data.draw(st.sampled_from([ENCOUNTER, PATIENT])))
    for _ in range(3):
        node: Any = resource
        while isinstance(node, (dict, list)) and node and data.draw(st.booleans()):
            keys = sorted(node) if isinstance(node, dict) else range(len(node))
            key = data.draw(st.sampled_from(keys))
            if not isinstance(node[key], (dict, list)) or data.draw(st.booleans()):
                node[key] = data.draw(_leaf)
            node = node[key]
    assert all(fault.issue for fault in structure(resource))


@pytest.mark.parametrize("kind", [{}, [], ["Patient"], {"a": []}, 1, True, None])
def test_a_reference_whose_type_is_no_text(kind: object) -> None:
    odd = ENCOUNTER | {"subject": {"type": kind, "display": "x"}}
    assert [(fault.where, fault.rule) for fault in shape_faults(odd)] == [("Encounter.subject.type", "shape")]

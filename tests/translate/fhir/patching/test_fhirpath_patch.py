"""FHIRPath Patch: the operations, what a path may say, and what stands beside a primitive."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.errors import BadRequest, GatewayError, Refused
from gateway.translate.fhir.patching.fhirpath_patch import patched
from gateway.translate.fhir.read_xml import read_xml

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [{"use": "official", "value": "1"}, {"use": "old", "value": "2"}],
    "name": [
        {
            "given": ["Ane", "Bo"],
            "_given": [None, {"id": "g"}],
            "_family": {"extension": [{"url": "u", "valueCode": "c"}]},
        }
    ],
    "birthDate": "1990-01-01",
    "_birthDate": {"id": "b"},
    "deceasedBoolean": False,
    "contact": [{"gender": "male", "name": {"text": "A"}}, {"gender": "female"}],
    "extension": [{"url": "http://x.example/a", "valueString": "1"}, {"url": "http://x.example/b", "valueString": "2"}],
}


def operation(kind: str, path: str, **parts: Any) -> dict[str, Any]:
    """One operation; `value` is a whole part without its name."""
    made: list[dict[str, Any]] = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    for name, given in parts.items():
        spelled = given if name == "value" else {"valueString" if name == "name" else "valueInteger": given}
        made.append({"name": name, **spelled})
    return {"name": "operation", "part": made}


def after(*operations: dict[str, Any], body: dict[str, Any] = PATIENT) -> dict[str, Any]:
    before = copy.deepcopy(body)
    made = patched(body, {"resourceType": "Parameters", "parameter": list(operations)})
    assert body == before
    return made


def test_public_vectors(examples: Path) -> None:
    cases = etree.parse(str(examples / "fhir/fhir-test-cases-r4/fhir-patch-tests.xml")).findall("case")
    assert len(cases) >= 33
    for case in cases:
        body, diff = (read_xml(etree.tostring(case.find(f"{part}/*"))) for part in ("input", "diff"))
        if case.find("error") is not None:
            with pytest.raises(Refused):
                patched(body, diff)
            continue
        expected = read_xml(etree.tostring(case.find("output/*")))
        assert _settled(patched(body, diff)) == _settled(expected), case.get("name")


def _settled(body: dict[str, Any]) -> dict[str, Any]:
    """Without the blanks of a narrative, of which the vectors write different ones."""
    div = body.get("text", {}).get("div", "")
    return body | ({"text": body["text"] | {"div": "".join(div.split())}} if div else {})


def test_a_choice_is_named_by_its_stem_and_may_change_its_type() -> None:
    when = {"valueDateTime": "2020-01-01"}
    made = after(operation("replace", "Patient.deceased", value=when))
    assert made["deceasedDateTime"] == "2020-01-01"
    assert "deceasedBoolean" not in made
    assert "deceasedBoolean" not in after(operation("delete", "Patient.deceased.ofType(boolean)"))
    assert "deceasedBoolean" not in after(operation("delete", "(Patient.deceased as boolean)"))
    with pytest.raises(Refused):
        after(operation("add", "Patient", name="deceased", value=when))
    with pytest.raises(Refused):
        after(operation("replace", "Patient.deceased", value={"valueString": "x"}))
    gone = operation("delete", "Patient.deceased")
    assert after(gone, operation("add", "Patient", name="deceased", value=when))["deceasedDateTime"] == "2020-01-01"


def test_what_stands_beside_a_primitive_goes_with_it() -> None:
    assert "_birthDate" not in after(operation("delete", "Patient.birthDate"))
    given = {"valueDate": "1991-01-01", "_valueDate": {"id": "c"}}
    made = after(operation("replace", "Patient.birthDate", value=given))
    assert (made["birthDate"], made["_birthDate"]) == ("1991-01-01", {"id": "c"})
    moved = after(operation("move", "Patient.name[0].given", source=1, destination=0))["name"][0]
    assert (moved["given"], moved["_given"]) == (["Bo", "Ane"], [{"id": "g"}, None])
    fewer = after(operation("delete", "Patient.name[0].given[1]"))["name"][0]
    assert fewer["given"] == ["Ane"]
    assert "_given" not in fewer
    more = after(operation("insert", "Patient.name[0].given", index=0, value={"valueString": "Ida"}))["name"][0]
    assert (more["given"], more["_given"]) == (["Ida", "Ane", "Bo"], [None, None, {"id": "g"}])


def test_extensions_of_primitives_are_elements_too() -> None:
    path = "Patient.name[0].family.extension('u').value"
    assert after(operation("replace", path, value={"valueCode": "d"}))["name"][0]["_family"]["extension"] == [
        {"url": "u", "valueCode": "d"}
    ]
    assert "_family" not in after(operation("delete", "Patient.name[0].family.extension[0]"))["name"][0]
    added = operation("add", "Patient.birthDate", name="extension", value={"valueExtension": {"url": "v"}})
    assert after(added)["_birthDate"] == {"id": "b", "extension": [{"url": "v"}]}


def test_paths() -> None:
    for path in (
        "Patient.contact.where(gender = 'male').name.text",
        "contact[0].name.text",
        "Patient.contact.first().name.text",
        "Resource.contact.name.text",
        "Patient.contact.where(name.exists() and gender != 'female').name.text",
        "Patient.contact.name.where(text = 'A').text",
    ):
        assert after(operation("replace", path, value={"valueString": "B"}))["contact"][0]["name"] == {"text": "B"}
    path = "Patient.extension('http://x.example/b').value"
    assert after(operation("replace", path, value={"valueInteger": 3}))["extension"][1] == {
        "url": "http://x.example/b", "valueInteger": 3,
    }  # fmt: skip


def test_deleting_what_is_not_there_changes_nothing_and_empties_are_gone() -> None:
    assert after(operation("delete", "Patient.maritalStatus")) == PATIENT
    made = after(
        operation("delete", "Patient.contact[0].name.text"),
        operation("delete", "Patient.contact[0].gender"),
        operation("delete", "Patient.contact[1].gender"),
    )
    assert "contact" not in made


def test_elements_without_a_type_of_their_own_are_given_in_parts() -> None:
    parts = [
        {"name": "name", "valueHumanName": {"text": "C"}},
        {"name": "telecom", "valueContactPoint": {"value": "1"}},
        {"name": "telecom", "part": [{"name": "value", "valueString": "2"}]},
    ]
    made = after(operation("insert", "Patient.contact", index=1, value={"part": parts}))
    assert made["contact"][1] == {"name": {"text": "C"}, "telecom": [{"value": "1"}, {"value": "2"}]}
    plain = {"resourceType": "Basic", "id": "x"}
    contained = after(operation("add", "Patient", name="contained", value={"resource": plain}))
    assert contained["contained"] == [plain]


@pytest.mark.parametrize(
    ("wrong", "part", "kind"),
    [
        (operation("replace", "Patient.identifier", value={"valueIdentifier": {"value": "9"}}), ".path", Refused),
        (operation("delete", "Patient.contact.where(gender.exists())"), ".path", Refused),
        (operation("delete", "Patient.contact"), ".path", Refused),
        (operation("replace", "Patient.maritalStatus", value={"valueCodeableConcept": {}}), ".path", Refused),
        (operation("delete", "Patient"), ".path", Refused),
        (operation("add", "Patient", name="birthDate", value={"valueDate": "1991"}), ".name", Refused),
        (operation("add", "Patient", name="birthPlace", value={"valueDate": "1991"}), ".value", Refused),
        (operation("add", "Patient", name="gender", value={"valueInteger": 1}), ".value", Refused),
        (operation("add", "Patient", name="identifier", value={"valueHumanName": {}}), ".value", Refused),
        (operation("insert", "Patient.identifier", index=3, value={"valueIdentifier": {"id": "9"}}), ".index", Refused),
        (operation("insert", "Patient.birthDate", index=0, value={"valueDate": "1991"}), ".path", Refused),
        (operation("insert", "Patient.identifier", value={"valueIdentifier": {}}), ".index", BadRequest),
        (operation("insert", "Patient.identifier[0]", index=0, value={"valueIdentifier": {}}), ".path", BadRequest),
        (operation("move", "Patient.identifier", source=0, destination=2), ".destination", Refused),
        (operation("move", "Patient.identifier", source=-1, destination=0), ".source", BadRequest),
        (operation("change", "Patient.birthDate"), ".type", BadRequest),
        (operation("add", "Patient", value={"valueDate": "1991"}), ".name", BadRequest),
        (operation("add", "Patient", name="gender"), ".value", BadRequest),
        (operation("add", "Patient", name="gender", value={"valueCode": "a", "valueDate": "b"}), ".value", BadRequest),
        (operation("delete", ""), ".path", BadRequest),
        (operation("delete", "Patient.name["), ".path", BadRequest),
        (operation("delete", "Patient.descendants().where(true)"), ".path", BadRequest),
        (operation("delete", "Patient.name.where(family.matches('(a+)+b'))"), ".path", BadRequest),
        (operation("delete", "Patient.name | Patient.identifier"), ".path", BadRequest),
        (operation("delete", "Patient.name[%resource.name.count()]"), ".path", BadRequest),
        (operation("delete", "%resource.name[0]"), ".path", BadRequest),
        (operation("delete", "Patient.name.where(is(0))"), ".path", BadRequest),
        ({"name": "operation", "part": [{"name": "type", "valueCode": "delete"}] * 2}, "", BadRequest),
        ({"name": "operation", "part": [{"name": "typo", "valueCode": "delete"}]}, "", BadRequest),
        ({"name": "op", "part": []}, "", BadRequest),
    ],
)  # fmt: skip
def test_refusals_name_the_operation(wrong: dict[str, Any], part: str, kind: type[GatewayError]) -> None:
    with pytest.raises(kind) as told:
        after(operation("delete", "Patient.maritalStatus"), wrong)
    assert told.value.where == f"Parameters.parameter[1]{part}"


def test_only_parameters_are_a_patch() -> None:
    with pytest.raises(BadRequest):
        patched(PATIENT, {"resourceType": "Patient"})
    with pytest.raises(BadRequest):
        patched(PATIENT, {"resourceType": "Parameters", "parameter": {}})
    assert patched(PATIENT, {"resourceType": "Parameters"}) == PATIENT

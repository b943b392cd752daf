"""The facts of R4 that rules are checked against: paths through datatypes, choices, references and bindings."""

from __future__ import annotations

import json

import pytest

from gateway.translate.r4 import FILE, ElementFact, Facts, facts

r4 = facts()


def fact(path: str) -> ElementFact:
    found = r4.element(path)
    assert found is not None, path
    return found


@pytest.mark.parametrize(
    ("path", "types", "is_list", "minimum"),
    [
        ("Patient", ("Patient",), False, 1),
        ("Patient.id", ("id",), False, 0),
        ("Patient.meta.profile", ("canonical",), True, 0),
        ("Patient.text.div", ("xhtml",), False, 1),
        ("Patient.contained", ("Resource",), True, 0),
        ("Patient.name", ("HumanName",), True, 0),
        ("Patient.name.family", ("string",), False, 0),
        ("Patient.name.given", ("string",), True, 0),
        ("Patient.deceasedBoolean", ("boolean",), False, 0),
        ("Patient.deceasedDateTime", ("dateTime",), False, 0),
        ("Patient.contact.name.period.start", ("dateTime",), False, 0),
        ("Patient.contact.extension.valueString", ("string",), False, 0),
        ("Patient.contact.modifierExtension", ("Extension",), True, 0),
        ("Patient._birthDate.extension.url", ("uri",), False, 1),
        ("Encounter.class", ("Coding",), False, 1),
        ("Encounter.class.code", ("code",), False, 0),
        ("Encounter.statusHistory.period", ("Period",), False, 1),
        ("Encounter.participant.individual.identifier.value", ("string",), False, 0),
        ("Encounter.extension.valueCoding.code", ("code",), False, 0),
        ("Encounter.extension.extension.valuePeriod.end", ("dateTime",), False, 0),
        ("CarePlan.activity.detail.scheduledTiming.repeat.boundsPeriod.start", ("dateTime",), False, 0),
        ("CarePlan.activity.detail.scheduledTiming.repeat.extension.url", ("uri",), False, 1),
        ("Bundle.entry.resource.id", ("id",), False, 0),
        ("Bundle.entry.link.url", ("uri",), False, 1),
        ("Parameters.parameter.part.part.valueString", ("string",), False, 0),
        ("Consent.provision.provision.provision.data.reference.reference", ("string",), False, 0),
        ("Provenance.entity.agent.who.identifier.system", ("uri",), False, 0),
        ("HumanName.family", ("string",), False, 0),
    ],
)
def test_path(path: str, types: tuple[str, ...], is_list: bool, minimum: int) -> None:
    found = fact(path)
    assert (found.path, found.types, found.is_list, found.min) == (path, types, is_list, minimum)
    assert r4.is_list(path) is is_list


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "Patient.",
        ".name",
        "Patiant",
        "Patient.deceased",
        "Patient.deceased[x]",
        "Patient.deceasedString",
        "Patient.name.family.value",
        "Patient.name[0].family",
        "Patient._name",
        "Patient.modifierExtension.valueMeta.nothing",
        "Encounter.statusHistory.class",
        "Encounter.Status",
        "Binary.text",
        "Reference.resolve",
    ],
)
def test_no_such_element(path: str) -> None:
    assert r4.element(path) is None
    assert r4.is_list(path) is False


def test_required_binding_of_a_code() -> None:
    assert fact("Encounter.status").codes == {
        *("planned", "arrived", "triaged", "in-progress", "onleave"),
        *("finished", "cancelled", "entered-in-error", "unknown"),
    }
    assert fact("Task.status").codes == {
        *("draft", "requested", "received", "accepted", "rejected", "ready", "cancelled", "in-progress", "on-hold"),
        *("failed", "completed", "entered-in-error"),
    }
    assert fact("Consent.provision.type").codes == {"deny", "permit"}
    assert fact("Patient.name.use").codes == fact("HumanName.use").codes


def test_required_binding_of_a_concept_reaches_its_code() -> None:
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    assert f"{system}|active" in (fact("Condition.clinicalStatus").codes or ())
    assert f"{system}|active" in (fact("Condition.clinicalStatus.coding").codes or ())
    assert "active" in (fact("Condition.clinicalStatus.coding.code").codes or ())
    assert fact("Condition.clinicalStatus.coding.display").codes is None


def test_other_bindings_bind_nothing() -> None:
    assert fact("Encounter.class").codes is None
    assert fact("CareTeam.participant.role").codes is None
    assert fact("Attachment.contentType").codes is None, "media types: too many to list"


def test_reference_targets() -> None:
    assert fact("Encounter.location.location").targets == ("Location",)
    assert fact("CarePlan.subject").targets == ("Group", "Patient")
    assert fact("Provenance.target").targets == (), "any resource"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Patient.name.familiy", "Patient.name.family"),
        ("Patient.deceased", "Patient.deceasedBoolean"),
        ("Patent.birthdate", "Patient.birthDate"),
        ("Encounter.statushistory.periode.start", "Encounter.statusHistory.period.start"),
        ("Encounter.status", "Encounter.status"),
        ("Patient.qqqqqq", None),
        ("Patient.name.family.value", None),
        ("Zzzzz.name", None),
    ],
)
def test_suggest(written: str, meant: str | None) -> None:
    assert r4.suggest(written) == meant


def test_child_types_spell_choices_and_primitive_extensions() -> None:
    children = r4.child_types("Patient")
    assert children["deceasedBoolean"] == ("boolean",)
    assert children["_birthDate"] == ("Element",)
    assert "deceased[x]" not in children
    assert {"id", "meta", "text", "extension", "name"} <= set(children)
    assert r4.child_types("Patient.birthDate") == {}
    assert r4.child_types("Patient.nothing") == {}


def test_every_defined_element_can_be_reached() -> None:
    table = json.loads(FILE.read_bytes())["types"]
    for name, row in table.items():
        for key, element in row.get("elements", {}).items():
            for kind in element.get("types", [""]):
                spelled = key.replace("[x]", kind[:1].upper() + kind[1:])
                assert r4.element(f"{name}.{spelled}") is not None, f"{name}.{key}"


def test_every_type_and_target_of_an_element_is_known_or_a_resource_name() -> None:
    table = json.loads(FILE.read_bytes())["types"]
    for name, row in table.items():
        for key, element in row.get("elements", {}).items():
            assert all(kind in table for kind in element.get("types", [])), f"{name}.{key}"
            assert all(target[:1].isupper() for target in element.get("targets", [])), f"{name}.{key}"


def test_search_parameters_speak_of_their_own_type() -> None:
    assert r4.search["Encounter"]["status"] == {
        "type": "token",
        "id": "Encounter-status",
        "expression": "Encounter.status",
    }
    assert r4.search["CarePlan"]["patient"]["expression"] == "CarePlan.subject.where(resolve() is Patient)"
    assert r4.search["Resource"]["_id"]["id"] == "Resource-id"
    assert r4.search["Condition"]["subject"]["id"] == "Condition-subject"


def test_the_table_is_small_and_names_its_source() -> None:
    assert FILE.stat().st_size < 1_500_000
    assert "hl7.fhir.r4.examples@4.0.1" in r4.source
    assert r4.kind("Patient") == "resource"
    assert r4.kind("HumanName") == "datatype"
    assert r4.kind("code") == "primitive"
    assert r4.kind("Banana") == ""
    assert r4.pattern("id") == r"[A-Za-z0-9\-\.]{1,64}"


def test_a_missing_table_is_an_error(tmp_path: object) -> None:
    with pytest.raises(FileNotFoundError):
        Facts.read(FILE.parent / "no-such-table.json")

"""Paths of rule files over FHIR values: what they read, from which scope, and what they are called."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.translate.fhir.message import Message
from gateway.translate.fhir.paths import FhirReader
from gateway.translate.rules.reader import Path, PathError

ENCOUNTER: dict[str, Any] = {
    "resourceType": "Encounter",
    "status": "onleave",
    "identifier": [
        {"system": "urn:a", "value": "1"},
        {"system": "urn:b", "value": "2", "period": {"start": "2025-01-01"}},
    ],
    "extension": [{"url": "urn:leave", "valuePeriod": {"start": "2025-03-03T14:00:00+01:00"}}],
    "length": {"value": Decimal("1.50")},
    "reasonCode": [{}, {"text": ""}, {"text": "x"}],
}
PATIENT = {"resourceType": "Patient", "active": False, "name": [{"given": ["A", "B"]}, {"given": ["C"]}]}
MESSAGE = Message(
    {
        "resourceType": "Bundle",
        "type": "message",
        "entry": [{"resource": r} for r in ({"resourceType": "MessageHeader"}, PATIENT, ENCOUNTER)],
    }
)
READER = FhirReader("medcom", {})


@pytest.mark.parametrize(
    ("path", "values", "where"),
    [
        ("Encounter.status", ["onleave"], "Bundle.entry[2].resource.status"),
        ("Encounter.identifier.value", ["1", "2"], "Bundle.entry[2].resource.identifier[0].value"),
        ("Encounter.identifier[system=urn:b].value", ["2"], "Bundle.entry[2].resource.identifier[1].value"),
        (
            "Encounter.extension[urn:leave].valuePeriod.start",
            ["2025-03-03T14:00:00+01:00"],
            "Bundle.entry[2].resource.extension[0].valuePeriod.start",
        ),
        (
            "Encounter.extension[urn:other].valuePeriod.start",
            [],
            "Bundle.entry[2].resource.extension[0].valuePeriod.start",
        ),
        ("Encounter.length.value", ["1.50"], "Bundle.entry[2].resource.length.value"),
        ("Encounter.reasonCode.text", ["x"], "Bundle.entry[2].resource.reasonCode[0].text"),
        ("Patient.active", ["false"], "Bundle.entry[1].resource.active"),
        ("Patient.name.given", ["A", "B", "C"], "Bundle.entry[1].resource.name[0].given[0]"),
        ("Patient.birthDate", [], "Bundle.entry[1].resource.birthDate"),
        ("Goal.note.text", [], "Goal.note.text"),
        ("Bundle.type", ["message"], "Bundle.type"),
    ],
)
def test_from_the_message(path: str, values: list[str], where: str) -> None:
    compiled = READER.compile(path, ())
    assert compiled.level == 0
    assert list(compiled.values(MESSAGE)) == values
    assert compiled.value(MESSAGE) == (values[0] if values else "")
    assert compiled.where((MESSAGE,)) == where


def test_nodes_go_over_as_they_are() -> None:
    path = READER.compile("Encounter.identifier", ())
    assert path.nodes(MESSAGE) == ENCOUNTER["identifier"]
    assert path.node(MESSAGE) is ENCOUNTER["identifier"][0]
    assert READER.compile("Encounter.reasonCode", ()).nodes(MESSAGE) == [{"text": ""}, {"text": "x"}]
    assert READER.compile("Encounter.length.value", ()).node(MESSAGE) == Decimal("1.50")
    assert READER.compile("Patient.active", ()).node(MESSAGE) is False
    assert READER.compile("Encounter.period", ()).node(MESSAGE) is None


def test_levels_of_a_nested_for() -> None:
    encounter = READER.compile("Encounter", ())
    identifier = READER.compile(".identifier", (encounter,))
    within = (encounter, identifier)
    assert (identifier.level, identifier.field) == (1, "Encounter.identifier")
    scopes = (MESSAGE, ENCOUNTER, ENCOUNTER["identifier"][1])
    for path, level, value in [
        (".value", 2, "2"),
        (".period.start", 2, "2025-01-01"),
        ("Encounter.identifier.value", 2, "2"),
        ("Encounter.status", 1, "onleave"),
        ("Patient.active", 0, "false"),
    ]:
        compiled = READER.compile(path, within)
        assert compiled.level == level
        assert compiled.value(scopes[level]) == value
    assert READER.compile(".value", within).where(scopes) == "Bundle.entry[2].resource.identifier[1].value"


@pytest.mark.parametrize(
    ("fors", "path", "suggestion"),
    [
        (["Encounter.identifier"], "Encounter.identifier[system=urn:a].value", ".value"),
        (["Encounter.identifier"], "Encounter.identifier[system=urn:a]", "."),
        (["Encounter.identifier[system=urn:b]"], "Encounter.identifier[system=urn:a].period.start", ".period.start"),
        (["Encounter", ".identifier"], "Encounter.identifier[system=urn:a].value", ".value"),
        (["Encounter", ".identifier[system=urn:b]"], "Encounter.identifier[system=urn:a].value", ".value"),
    ],
)
def test_what_a_for_goes_through_is_not_selected_anew(fors: list[str], path: str, suggestion: str) -> None:
    """It read every item of the `for`, selected or not."""
    within: tuple[Path, ...] = ()
    for one in fors:
        within = (*within, READER.compile(one, within))
    with pytest.raises(PathError, match="select there") as caught:
        READER.compile(path, within)
    assert caught.value.suggestion == suggestion


def test_the_selection_of_the_for_itself_may_be_written_again() -> None:
    encounter = READER.compile("Encounter", ())
    for one in ("Encounter.identifier[system=urn:b]", ".identifier[system=urn:b]"):
        within = (encounter, READER.compile(one, (encounter,)))
        compiled = READER.compile("Encounter.identifier[system=urn:b].value", within)
        assert (compiled.level, compiled.value(ENCOUNTER["identifier"][1])) == (2, "2")
    # beside the `for`, and below what it goes through, a selection is read
    assert READER.compile("Encounter.type.coding[system=urn:a].code", within).level == 1
    extension = (encounter, READER.compile("Encounter.extension", (encounter,)))
    assert READER.compile("Encounter.extension[urn:leave].valuePeriod.start", extension).value(ENCOUNTER) != ""


def test_the_item_itself() -> None:
    given = READER.compile("Patient.name.given", ())
    itself = READER.compile(".", (given,))
    assert itself.field == "Patient.name.given"
    assert itself.value("A") == "A"


@pytest.mark.parametrize(
    ("path", "suggestion"),
    [
        ("Encounter.perod.start", "Encounter.period.start"),
        ("Encounterr.period", "Encounter.period"),
        ("Encounter.identifier[urn:x].value", ""),
        ("Encounter[status=onleave].period", ""),  # it read those of every Encounter
        ("Encounter..status", ""),
        ("Encounter.status.", ""),
        (".value", ""),
        ("PID-3", ""),
        ("", ""),
    ],
)
def test_paths_that_are_none(path: str, suggestion: str) -> None:
    with pytest.raises(PathError) as caught:
        READER.compile(path, ())
    assert caught.value.suggestion == suggestion


def test_fields_are_spelled_as_paths_are() -> None:
    fields = list(READER.fields(MESSAGE))
    assert "Encounter.extension[urn:leave].valuePeriod.start" in fields
    assert "Encounter.identifier.system" in fields
    assert "Patient.active" in fields
    assert fields.count("Patient.name.given") == 1
    assert READER.compile("Encounter.identifier[system=urn:b].value", ()).field in fields
    assert not READER.clears(MESSAGE)

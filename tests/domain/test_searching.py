"""R4 search on one citizen's resources: parameters, modifiers, prefixes, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.domain.searching.order import place_of, sort_key
from gateway.domain.searching.query import Here, Query, parameters, understand
from gateway.errors import BadRequest
from gateway.translate import r4

STAY: dict[str, Any] = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "finished",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
    "type": [{"coding": [{"system": "urn:t", "code": "a,b"}], "text": "Psykiatrisk ophold"}],
    "identifier": [{"system": "urn:visit", "value": "V1"}],
    "subject": {"reference": "Patient/p1"},
    "participant": [{"individual": {"type": "Practitioner", "identifier": {"system": "urn:id", "value": "A1"}}}],
    "diagnosis": [{"condition": {"reference": "Condition/c1"}}],
    "period": {"start": "2026-03-02T09:00:00+01:00", "end": "2026-03-05T12:00:00+01:00"},
}


SERVED = {kind: parameters(r4.facts().search, kind) for kind in r4.facts().search}
OWN = "https://gateway.example/fhir/"


def asked(kind: str, *given: tuple[str, str]) -> Query:
    return understand(kind, SERVED, given, Here(OWN))


def finds(name: str, value: str, body: dict[str, Any] = STAY) -> bool:
    return asked(body["resourceType"], (name, value)).matches(body)


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("status", "finished", True),
        ("status", "onleave,finished", True),
        ("status", "onleave", False),
        ("status:not", "onleave", True),
        ("status:not", "finished", False),
        ("class", "http://terminology.hl7.org/CodeSystem/v3-ActCode|IMP", True),
        ("class", "|IMP", False),
        ("class", "urn:other|IMP", False),
        ("identifier", "urn:visit|V1", True),
        ("identifier", "urn:visit|", True),
        ("identifier", "V1", True),
        ("type", "a\\,b", True),
        ("type", "a,b", False),
        ("type:text", "psykiatrisk", True),
        ("diagnosis", "Condition/c1", True),
        ("diagnosis", "c1", True),
        ("diagnosis:Condition", "c1", True),
        ("diagnosis", "Condition/c2", False),
        ("participant:identifier", "urn:id|A1", True),
        ("practitioner:missing", "false", True),
        ("location:missing", "true", True),
        ("location:missing", "false", False),
    ],
)  # fmt: skip
def test_tokens_and_references(name: str, value: str, found: bool) -> None:
    assert finds(name, value) is found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026-03", True),
        ("2026-03-03", False),
        ("ge2026-03-05", True),
        ("gt2026-03-05", False),
        ("gt2026-03-04", True),
        ("lt2026-03-02", False),
        ("lt2026-03-03", True),
        ("le2026-03-02", True),
        ("sa2026-03-01", True),
        ("sa2026-03-02", False),
        ("eb2026-03-06", True),
        ("eb2026-03-05", False),
        ("ne2026-03", False),
        ("ap2026-03-03", True),
        ("ge2026-03-05T11:59:00+01:00", True),
        ("ge2026-03-05T12:30:00+01:00", False),
    ],
)
def test_dates_are_ranges_of_their_precision(value: str, found: bool) -> None:
    assert finds("date", value) is found


def test_an_open_period_has_no_end() -> None:
    running = STAY | {"period": {"start": "2026-03-02T09:00:00+01:00"}}
    assert finds("date", "ge2030", running)


def test_names_by_beginning_exactly_and_anywhere() -> None:
    person = {"resourceType": "Patient", "id": "p", "name": [{"family": "Sørensen", "given": ["Åse", "Marie"]}]}
    assert finds("family", "sør", person)
    assert finds("given", "marie", person)
    assert not finds("family:exact", "sørensen", person)
    assert finds("family:exact", "Sørensen", person)
    assert finds("name:contains", "rens", person)
    assert not finds("family", "rens", person)


def test_choices_by_type() -> None:
    ill = {"resourceType": "Condition", "id": "c", "onsetDateTime": "2025-03"}
    assert finds("onset-date", "2025", ill)
    assert not finds("onset-date", "2024", ill)
    assert finds("deceased", "true", {"resourceType": "Patient", "id": "p", "deceasedDateTime": "2026-01-01"})
    assert finds("deceased", "false", {"resourceType": "Patient", "id": "p", "deceasedBoolean": False})


def test_repeated_parameters_must_all_be_met() -> None:
    assert asked("Encounter", ("date", "ge2026-03-01"), ("date", "le2026-03-09")).matches(STAY)
    assert not asked("Encounter", ("date", "ge2026-03-01"), ("date", "le2026-02-09")).matches(STAY)


def test_whom_a_search_is_about() -> None:
    assert asked("Encounter", ("patient", "Patient/p1")).citizens == ("p1",)
    assert asked("Encounter", ("subject:Patient", "p1")).citizens == ("p1",)
    assert asked("Goal", ("patient.identifier", "urn:x|1")).identifiers == ("urn:x|1",)
    assert asked("Patient", ("identifier", "urn:x|1")).identifiers == ("urn:x|1",)
    assert asked("Patient", ("_id", "p1")).citizens == ("p1",)


@pytest.mark.parametrize(
    "name",
    ["statuss", "_has:Goal:banana:status", "patient.banana", "_include", "subject.banana", "x" * 300, "status:exact"],
)
def test_what_is_not_served_is_refused_with_what_is(name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        asked("Encounter", (name, "1"))
    assert "service-provider" in refused.value.hint or "Served" in refused.value.hint


@pytest.mark.parametrize("value", ["2026-13", "igår", "2026-02-30", "xx2026", "2026-1-1"])
def test_a_wrong_date_is_told_without_its_value(value: str) -> None:
    with pytest.raises(BadRequest) as refused:
        asked("Encounter", ("date", value))
    assert value not in refused.value.told()


def test_count_must_be_a_number() -> None:
    with pytest.raises(BadRequest, match="whole number from 0"):
        asked("Encounter", ("_count", "-1"))
    assert asked("Encounter", ("_count", "100000")).count == 500


def test_numbers_are_ordered_by_every_digit() -> None:
    figures = ["-2000000", "-0.5", "-0.00002", "-0.00001", "0", "0.00001", "0.00002", "1.2500001", "1.2500002", "9e20"]

    def place(figure: str, order: str) -> Any:
        query = asked("Observation", ("_sort", order))
        body = {"resourceType": "Observation", "valueQuantity": {"value": Decimal(figure)}}
        return sort_key(query.orders)(place_of(query.orders, body, [""]))

    assert sorted([*figures[4:], *figures[:4]], key=lambda one: place(one, "value-quantity")) == figures
    assert sorted(figures, key=lambda one: place(one, "-value-quantity")) == figures[::-1]

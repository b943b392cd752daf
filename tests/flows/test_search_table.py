"""Every search parameter of R4 for the types of the plan is served, or its absence has a reason written down."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gateway.domain.searching.parameter import NOT_SERVED
from gateway.domain.searching.query import parameters
from gateway.flows.audit import NOT_HELD
from gateway.translate import r4

# The types of the plan and those that answer beside it.
KINDS = (
    "Patient", "CarePlan", "CareTeam", "Encounter", "EpisodeOfCare", "Goal", "Condition", "Consent", "Task",
    "ServiceRequest", "Appointment", "Communication", "DocumentReference", "RelatedPerson", "Practitioner",
    "PractitionerRole", "Organization", "HealthcareService", "Location", "Provenance", "AuditEvent", "Subscription",
    "Observation",
)  # fmt: skip
EVERYWHERE = ("Resource", "DomainResource")
ABSENT = {
    ("Patient", "part-agree"),
    *((kind, name) for kind in (*KINDS, *EVERYWHERE) for name in ("_query",)),
}  # fmt: skip
PAGE = (Path(__file__).parents[2] / "docs/searching.md").read_text()
SERVED = {kind: parameters(r4.facts().search, kind) for kind in r4.facts().search}


def test_every_parameter_of_r4_is_served_or_has_a_reason(examples: Path) -> None:
    with (examples / "fhir/r4-searchparameters.csv").open(encoding="utf-8") as file:
        rows = [(row["resource"], row["code"], row["type"]) for row in csv.DictReader(file)]
    common = [(code, form) for kind, code, form in rows if kind in EVERYWHERE]
    asked = [row for row in rows if row[0] in KINDS]
    asked += [(kind, code, form) for kind in KINDS for code, form in common]
    assert {kind for kind, _, _ in asked} == set(KINDS)
    missing = {(kind, code) for kind, code, _ in asked if code not in SERVED[kind]}
    assert missing <= ABSENT, sorted(missing - ABSENT)
    assert {(kind, code) for kind, code in ABSENT if kind in KINDS} <= missing
    for kind, code, form in asked:
        if code in SERVED[kind]:
            assert SERVED[kind][code].kind == form, (kind, code)


@pytest.mark.parametrize("name", sorted({*NOT_SERVED, *NOT_HELD}))
def test_what_is_not_served_is_written_down_with_its_reason(name: str) -> None:
    table = PAGE.partition("## What is not served")[2].partition("\n## ")[0]
    rows = [row for row in table.splitlines() if f"`{name}`" in row]
    assert len(rows) == 1
    if name in NOT_SERVED:
        assert NOT_SERVED[name] in rows[0]


def test_every_absence_has_a_reason() -> None:
    assert {name for _, name in ABSENT} <= NOT_SERVED.keys()

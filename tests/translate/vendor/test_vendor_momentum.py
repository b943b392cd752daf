"""KMD Momentum: the jobcenter's plan, its people and its words."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import NoCitizen
from gateway.translate.vendor import Vendor
from tests.translate.vendor.answers import document, made

LABEL = {"system": "https://faellesplan.dk/fhir/CodeSystem/data-class", "code": "employment"}
ROLES = (
    "Beskæftigelsessagsbehandler", "Jobkonsulent", "Mentor", "Ydelsesmedarbejder", "Fastholdelseskonsulent",
    "Sanktionsteam",
)  # fmt: skip


def whole(**parts: list[Any]) -> bytes:
    return document("momentum", **parts)


def test_every_part_is_labelled_employment(momentum: Vendor) -> None:
    raw = whole(
        markings=[{"id": "m", "name": "Aktivitetsparat"}], tasks=[{"id": "t", "title": "Ring"}],
        notes=[{"id": "n", "text": "x"}], caseworkers=[{"id": "w", "name": "K"}],
        plans=[{"id": "p", "goals": [{"id": "g", "text": "Praktik"}]}],
    )  # fmt: skip
    found = [one for one in momentum.translate(raw).statements if one.kind != "Patient"]
    assert {one.kind for one in found} == {"Condition", "Task", "DocumentReference", "CareTeam", "CarePlan", "Goal"}
    assert all(one.body["meta"]["security"] == [LABEL] for one in found)


def test_every_role_of_the_facts_is_known_and_kept_in_words(momentum: Vendor) -> None:
    raw = whole(caseworkers=[{"id": str(n), "name": f"N{n}", "role": role} for n, role in enumerate(ROLES)])
    [team] = made(momentum, raw, "CareTeam")
    assert [one["role"][0]["text"] for one in team["participant"]] == list(ROLES)
    assert all(one["role"][0]["coding"] for one in team["participant"])
    assert momentum.translate(raw).findings == ()


def test_without_caseworkers_there_is_no_team(momentum: Vendor) -> None:
    assert made(momentum, whole(caseworkers=[]), "CareTeam") == []


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2026-01-01", "", "active"), ("2026-01-01", "2026-02-01", "inactive"), ("2026-01-01", "2026-12-01", "active"),
        ("2026-01-01", "2026-12-01T00:00:00.0000000", "active"),
    ],
)  # fmt: skip
def test_a_marking_ends_when_its_end_has_come(momentum: Vendor, start: str, end: str, status: str) -> None:
    [found] = made(
        momentum, whole(markings=[{"id": "m", "name": "Sygemeldt", "start": start, "end": end}]), "Condition"
    )
    assert found["clinicalStatus"]["coding"][0]["code"] == status
    assert ("abatementDateTime" in found) == (status == "inactive"), "R4 con-4"
    assert [one["text"] for one in found.get("note", ())] == (
        [f"Gælder til {end[:10]}"] if end and status == "active" else []
    )


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("Min Plan", "15.20.01"),
        ("Rehabiliteringsplan", "15.17.18"),
        ("Helhedsorienteret plan", "15.17.30"),
        ("Andet", ""),
    ],
)
def test_the_statutory_plan_is_told_by_kle(momentum: Vendor, kind: str, code: str) -> None:
    [found] = made(momentum, whole(plans=[{"id": "p", "type": kind}]), "CarePlan")
    [category] = found["category"]
    assert [one["code"] for one in category.get("coding", ())] == ([code] if code else [])
    assert category["text"] == kind


def test_a_declined_plan_is_a_state_and_a_missed_activity_ends_nothing(momentum: Vendor) -> None:
    """Pitfall 24."""
    activities = [{"id": "a", "name": "Samtale", "status": "Udeblevet"}]
    raw = whole(plans=[{"id": "p", "status": "Afvist"}, {"id": "q", "status": "Aktiv", "activities": activities}])
    declined, running = made(momentum, raw, "CarePlan")
    assert (declined["status"], running["status"]) == ("revoked", "active")
    assert running["activity"][0]["detail"]["status"] == "in-progress"


def test_employment_law_has_an_acting_municipality_of_its_own(momentum: Vendor) -> None:
    [found] = made(momentum, whole(plans=[{"id": "p", "actingMunicipality": "165"}]), "CarePlan")
    parts = {one["url"]: one for one in found["extension"][0]["extension"]}
    assert parts["area"]["valueCode"] == "employment"
    assert parts["municipality"]["valueCoding"]["code"] == "0165"


def test_answers_without_the_citizen_are_refused_with_the_place(momentum: Vendor) -> None:
    with pytest.raises(NoCitizen) as refused:
        momentum.translate(whole(citizen=[], caseworkers=[{"id": "w", "name": "K"}]))
    assert refused.value.where == "citizen"

"""What the gateway makes conforms to the profiles it claims: stays, joint plans, teams, records of look-ups."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.audit_event import Server, audit_event
from gateway.domain.identifier import Identifier
from gateway.domain.plan import compose
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.domain.resource import ids
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb
from gateway.domain.stay import fold_stays
from gateway.domain.team import TEAM_ROLE
from gateway.translate.conformance import Profiles
from tests.translate.invariants import broken

profiles = Profiles.read()
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WARD = Source("ward", "Afsnit 3", "region", Identifier("urn:oid:1.2.208.176.1.1", "265161000016000"), "hl7v2", ("A|B",))
ACTS = (Act.PLAN, Act.START, Act.MOVE, Act.LEAVE, Act.RETURN, Act.END, Act.DIE, Act.UPDATE)


def faults(resource: dict[str, Any]) -> list[str]:
    return [*profiles.check(resource), *broken(profiles, resource)]


def said(number: int, act: Act, verb: Verb, hour: int) -> Statement:
    happened = NOON + timedelta(hours=hour)
    body = {"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}}
    recorded = NOON + timedelta(hours=hour, minutes=number)
    return Statement("Encounter", "urn:x|1", act, verb, happened, recorded, body, WARD.id, f"m{number}/0")


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(Verb), st.integers(0, 200)), min_size=1, max_size=8))
def test_every_stay_conforms(events: list[tuple[Act, Verb, int]]) -> None:
    told = [said(number, *event) for number, event in enumerate(events)]
    for stay in fold_stays(told, ids(b"key"), {WARD.id: WARD}):
        body = {"resourceType": "Encounter", "id": stay.id, "subject": {"reference": "Patient/p1"}} | stay.body
        assert faults(body) == []


def participant(role: str, start: str, end: str = "", name: str = "A") -> dict[str, Any]:
    period = {"start": start} | ({"end": end} if end else {})
    coding = {"system": TEAM_ROLE, "code": role}
    return {"role": [{"coding": [coding]}], "member": {"display": name}, "period": period}


PARTS: list[dict[str, Any]] = [
    {
        "resourceType": "CarePlan",
        "id": "order",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2026-01-01"},
        "author": {"display": "Kommunen"},
    },
    {
        "resourceType": "CarePlan",
        "id": "effort",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "basedOn": [{"reference": "CarePlan/order"}],
        "goal": [{"reference": "Goal/g1"}, {"reference": "Goal/hidden"}],
        "activity": [{"detail": {"status": "in-progress", "code": {"text": "Bostøtte"}}}],
        "period": {"start": "2026-01-05", "end": "2026-02-01"},
    },
    {
        "resourceType": "CarePlan",
        "id": "over",
        "status": "completed",
        "intent": "plan",
        "subject": {"reference": "Patient/p1"},
        "title": "Misbrugsbehandling",
        "period": {"start": "2025-01-05", "end": "2025-02-01"},
    },
    {"resourceType": "Goal", "id": "g1", "lifecycleStatus": "active"},
    {"resourceType": "Condition", "id": "c1"},
    {"resourceType": "Encounter", "id": "e1", "status": "in-progress"},
    {
        "resourceType": "CareTeam",
        "id": "t1",
        "participant": [participant("coordinator", "2026-01-01"), participant("contact", "2026-01-01", name="B")],
    },
    {"resourceType": "CareTeam", "id": "t2", "participant": [participant("coordinator", "2026-02-01", name="C")]},
]


@given(st.lists(st.sampled_from(PARTS), unique_by=lambda part: part["id"]), st.integers(-100, 100))
def test_every_joint_plan_and_team_conforms(parts: list[dict[str, Any]], days: int) -> None:
    plan, team = compose(parts, "p1", NOON + timedelta(days=days))
    assert faults(plan) == []
    assert faults(team) == []


def test_a_member_whose_source_told_no_role_has_one() -> None:
    team = {"resourceType": "CareTeam", "id": "t3", "participant": [{"member": {"display": "D"}}]}
    assert faults(compose([team], "p1", NOON)[1]) == []


CLAIMS = {
    (Decision.DENY, Outcome.MINOR): "audit-refused",
    (Decision.FILTERED, Outcome.SUCCESS): "audit-filtered",
    (Decision.OVERRIDE, Outcome.SUCCESS): "audit-override",
    (Decision.PERMIT, Outcome.SERIOUS): "audit-failed",
}


@pytest.mark.parametrize("interaction", ["read", "search-type", "operation", "token", "import"])
@pytest.mark.parametrize(("decision", "outcome"), CLAIMS)
def test_every_record_of_a_look_up_conforms(interaction: str, decision: Decision, outcome: Outcome) -> None:
    record = AccessRecord(
        time=NOON,
        interaction=interaction,
        decision=decision,
        outcome=outcome,
        citizen="p1",
        kind="Goal",
        resources=("Goal/g1/_history/1",),
        query="GET /fhir/Goal?patient=p1",
        client="hospital",
        user="urn:oid:1.2.208.176.1.3|BVZ12",
        purposes=("TREAT",),
        override_code="emergency" if decision is Decision.OVERRIDE else "",
        override_reason="Bevidstløs ved ankomst" if decision is Decision.OVERRIDE else "",
    )
    event = audit_event(record, "17", Server("gateway.example.dk", "https://gateway.example.dk/fhir"))
    claimed = event["meta"]["profile"]
    assert "https://faellesplan.dk/fhir/StructureDefinition/" + CLAIMS[decision, outcome] in claimed
    assert faults(event) == []

"""Appointments, referrals and documents as parts of the joint plan, and what a protected address takes from them."""

from __future__ import annotations

import json
from typing import Any

from gateway.domain.plan import compose
from gateway.domain.redact import ADDRESS_PATHS, redact
from gateway.translate.fhir.structure import structure
from tests.domain.stays import moment

CITIZEN = "9f" * 16
SECRET = "Krisecentret, Skjulgade 7"


def part(kind: str, number: int, **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": f"{kind.lower()}{number}", "meta": {}, **more}


def meeting(number: int, start: str = "", **more: Any) -> dict[str, Any]:
    return part("Appointment", number, status="booked", participant=[], **({"start": start} if start else {}), **more)


def plan_of(*parts: dict[str, Any]) -> dict[str, Any]:
    return compose(parts, CITIZEN, moment(0))[0]


def references(plan: dict[str, Any]) -> list[str]:
    return [one["reference"]["reference"] for one in plan["activity"]]


def test_meetings_stand_in_the_order_in_which_they_take_place() -> None:
    plan = plan_of(
        part("ServiceRequest", 1),
        meeting(1),
        meeting(2, "2025-04-02T09:00:00+02:00"),
        meeting(3, "2025-04-01T23:00:00Z"),
    )
    assert [one.rpartition("/")[2] for one in references(plan)] == [
        "appointment3", "appointment2", "appointment1", "servicerequest1",
    ]  # fmt: skip
    assert structure(plan) == []


def test_a_document_supports_the_plan() -> None:
    assert plan_of(part("DocumentReference", 1))["supportingInfo"] == [
        {"reference": "DocumentReference/documentreference1"}
    ]


def test_what_was_entered_in_error_is_no_part() -> None:
    plan = plan_of(meeting(1) | {"status": "entered-in-error"}, part("DocumentReference", 1, status="entered-in-error"))
    assert "activity" not in plan
    assert "supportingInfo" not in plan


def test_whatever_becomes_of_a_meeting_the_plan_goes_on() -> None:
    effort = part("CarePlan", 1, status="active", intent="order", title="Støtte")
    before = plan_of(effort)
    for status in ("noshow", "cancelled", "fulfilled"):
        after = plan_of(effort, meeting(1) | {"status": status})
        assert {name: after[name] for name in before if name != "activity"} == {
            name: before[name] for name in before if name != "activity"
        }
        assert after["activity"][0] == before["activity"][0]


def test_where_a_meeting_is_goes_with_a_protected_address() -> None:
    people = [
        {"actor": {"reference": "Patient/p"}, "status": "accepted"},
        {"actor": {"type": "Practitioner", "display": "Karen"}, "status": "accepted"},
        {"actor": {"type": "Location", "display": SECRET}, "status": "accepted"},
        {"actor": {"display": SECRET}, "status": "accepted"},
    ]
    one = meeting(1, comment=f"Mød op på {SECRET}", description=SECRET) | {"participant": people}
    shown = redact(one, ADDRESS_PATHS["Appointment"])
    assert SECRET not in json.dumps(shown, ensure_ascii=False)
    assert shown["participant"] == people[:2]


def test_what_a_letter_tells_goes_with_a_protected_address() -> None:
    content = [{"attachment": {"contentType": "text/plain", "data": "U2tqdWxnYWRl", "title": SECRET}}]
    one = part("DocumentReference", 1, status="current", description=SECRET, content=content, type={"text": "Brev"})
    shown = redact(one, ADDRESS_PATHS["DocumentReference"])
    assert shown["content"] == [{"attachment": {"contentType": "text/plain"}}]
    assert shown["type"] == {"text": "Brev"}
    assert SECRET not in json.dumps(shown, ensure_ascii=False)

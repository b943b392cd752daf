"""Contacts between the municipality and the citizen: at home, at the office, by telephone, planned and past."""

from __future__ import annotations

import pytest

from gateway.errors import RuleBroken
from gateway.translate.kl import Kl
from tests.translate.kl.orders import message, of
from tests.translate.kl.orders import raw as order_raw
from tests.translate.kl.reporting import CPR, contact, folded, raw, report

ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


@pytest.mark.parametrize("kind", ["HH", "AMB", "VR", "IMP"])
def test_where_they_meet_stays(kl: Kl, kind: str) -> None:
    body = folded(kl, report("2026-01-12", contact(**{"class": {"system": ACT, "code": kind}})))["Encounter/e1"].body
    assert body["class"] == {"system": ACT, "code": kind}


def test_a_planned_follow_up_becomes_one_that_took_place(kl: Kl) -> None:
    planned = report("2026-01-12", contact(day="2026-02-01"))
    held = report("2026-02-01", contact(day="2026-02-01", status="finished"))
    for given in ((planned, held), (held, planned)):
        body = folded(kl, *given)["Encounter/e1"].body
        assert (body["status"], body["period"]) == ("finished", {"start": "2026-02-01"})
        assert body["type"][0]["coding"][0]["display"] == "opfølgning"


def test_one_that_was_missed_ends_nothing_else(kl: Kl) -> None:
    missed = report("2026-02-01", contact(day="2026-02-01", status="cancelled"))
    made = folded(kl, report("2026-01-12", contact(day="2026-02-01")), missed)
    assert made["Encounter/e1"].body["status"] == "cancelled"
    assert not made["Encounter/e1"].withdrawn


def test_staff_who_meet_without_the_citizen_have_no_encounter(kl: Kl) -> None:
    """The subject would be set to the citizen, who was not there."""
    meeting = contact(day="2026-02-01", status="finished")
    meeting.pop("subject")
    found = kl.reports.translate(raw(report("2026-02-01", meeting)))
    assert [s.kind for s in found.statements] == ["Patient"]
    assert [(f.where, f.text) for f in found.findings] == [
        ("Bundle.entry[1].resource.subject", "a contact without the citizen is no Encounter")
    ]
    patient = {"resourceType": "Patient", "id": "p1"}
    ordered = kl.translate(order_raw(message(patient, meeting, focus="Patient/p1")))
    assert [s.kind for s in ordered.statements] == ["Patient"]


def test_the_citizen_may_be_named_by_number(kl: Kl) -> None:
    meeting = contact() | {
        "subject": {"identifier": {"system": "urn:oid:1.2.208.176.1.2", "value": f"{CPR[:6]}-{CPR[6:]}"}}
    }
    assert "Encounter/e1" in folded(kl, report("2026-01-12", meeting))
    stranger = contact() | {"subject": {"identifier": {"system": "urn:oid:1.2.208.176.1.2", "value": "2512484916"}}}
    with pytest.raises(RuleBroken) as caught:
        kl.reports.translate(raw(report("2026-01-12", stranger)))
    assert caught.value.where == "Bundle.entry[1].resource.subject"
    assert "2512484916" not in str(caught.value)


def test_in_an_order_it_is_the_same(kl: Kl) -> None:
    from tests.translate.kl.orders import RAW, order, the

    follow_up = of(kl.translate(RAW), the(order(), "Encounter", status="planned")).body
    assert (follow_up["status"], follow_up["class"]["code"]) == ("planned", "HH")

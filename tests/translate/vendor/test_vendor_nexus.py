"""KMD Nexus: what a grant of typed elements becomes, and the traps of it."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from gateway.domain.municipality import MUNICIPALITY
from gateway.translate.vendor import Vendor
from tests.outbound.case_system import CPR
from tests.translate.vendor.answers import citizen, document, element, folded, grant, made

FSIII = "urn:oid:1.2.208.176.2.21"
KLE = "https://data.gov.dk/id/classification/KLE"


def plan(nexus: Vendor, *elements: Any, fetched: str = "2026-03-02T09:00:00+00:00", **more: Any) -> dict[str, Any]:
    [found] = made(nexus, document(grants=[grant(*elements, **more)], fetched=fetched), "CarePlan")
    return found


def dated(**days: str) -> list[dict[str, Any]]:
    return [element(name, date=day) for name, day in days.items()]


def municipalities(body: dict[str, Any]) -> dict[str, str]:
    found = {}
    for one in body.get("extension", ()):
        parts = {part["url"]: part for part in one["extension"]}
        assert one["url"] == MUNICIPALITY
        found[parts["role"]["valueCode"]] = parts["municipality"]["valueCoding"]["code"]
    return found


@pytest.mark.parametrize(("written", "code"), [("165", "0165"), ("0165", "0165"), ("101", "0101"), (165, "0165")])
def test_a_municipality_has_four_digits_however_it_was_written(nexus: Vendor, written: Any, code: str) -> None:
    """Pitfall 14: 165 is 0165."""
    found = plan(
        nexus,
        element("actingMunicipality", municipality={"code": written}),
        element("payingMunicipality", municipality={"code": "0147"}),
    )
    assert municipalities(found) == {"acting": code, "paying": "0147"}


def test_missing_municipalities_are_normal_and_made_of_nothing_else(nexus: Vendor) -> None:
    """Pitfall 15: neither from the address, nor from the supplier, nor from whose system it is."""
    raw = document(
        citizen=[citizen(currentAddress={"municipality": {"code": "147"}})],
        grants=[
            grant(element("supplier", supplier={"id": 1, "name": "Frederiksberg", "municipality": {"code": "147"}}))
        ],
    )
    [found] = made(nexus, raw, "CarePlan")
    assert "extension" not in found
    assert nexus.translate(raw).findings == ()


def test_a_code_that_is_none_is_left_out_and_told(nexus: Vendor) -> None:
    raw = document(grants=[grant(element("actingMunicipality", municipality={"code": "Albertslund"}))])
    [found] = made(nexus, raw, "CarePlan")
    assert "extension" not in found
    assert [one.text for one in nexus.translate(raw).findings] == [
        "is no municipality code; CarePlan.extension left out"
    ]


@pytest.mark.parametrize("named", ["uuid", "code"])
def test_the_fsiii_uuid_and_the_legacy_key_are_kept_both(nexus: Vendor, named: str) -> None:
    """Pitfall 20: a field named uuid holds H2; both codes name one thing."""
    mapping = {"klCatalogGrant": {"uid": "9c90b0e5-0000-0000-0000-000000000001", "name": "Pleje"}, named: "H2"}
    [activity] = plan(nexus, element("klMapping", klMapping=mapping))["activity"]
    codes = [(one["system"], one["code"]) for one in activity["detail"]["code"]["coding"]]
    assert codes == [(FSIII, "9c90b0e5-0000-0000-0000-000000000001"), (FSIII, "H2")]


@pytest.mark.parametrize(
    ("law", "section", "text", "code"),
    [
        ("Serviceloven", "§ 110", "Serviceloven § 110", "27.57.16"),
        ("Serviceloven", "§110", "Serviceloven § 110", "27.57.16"),
        ("Serviceloven", "110", "Serviceloven § 110", "27.57.16"),
        ("Serviceloven", "§ 101", "Serviceloven § 101", "27.51.04"),
        ("Serviceloven", "§ 83a", "Serviceloven § 83 a", "27.36.06"),
        ("Serviceloven", "§ 83 A", "Serviceloven § 83 A", ""),
        ("Serviceloven", "§ 141", "Serviceloven § 141", "27.12.12"),
        ("Lov om social service", "§ 110, stk. 1", "Lov om social service § 110 stk. 1", "27.57.16"),
        ("SEL", "§ 83 a, stk. 1, nr. 2", "SEL § 83 a stk. 1, nr. 2", "27.36.06"),
        ("Serviceloven", "§ 107 Midlertidigt ophold", "Serviceloven § 107 Midlertidigt ophold", "27.57.04"),
        ("SUL", "§ 141", "SUL § 141", "29.24.04"),
        ("Serviceloven", "§ 85 og § 107", "Serviceloven § 85 og § 107", ""),
        ("Sundhedsloven", "§ 141", "Sundhedsloven § 141", "29.24.04"),
        ("Serviceloven", "§ 107, stk. 2", "Serviceloven § 107 stk. 2", "27.57.04"),
        ("Lov om noget nyt", "kapitel 3", "Lov om noget nyt kapitel 3", ""),
    ],
)
def test_the_paragraph_is_never_lost(nexus: Vendor, law: str, section: str, text: str, code: str) -> None:
    """Pitfall 23: FFB cannot code it; one law's § 141 is not another's."""
    [category] = plan(nexus, element("paragraph", paragraph={"name": law, "section": section}))["category"]
    assert category["text"] == text
    codes = [(one["system"], one["code"]) for one in category.get("coding", ())]
    assert codes == ([(KLE, code)] if code else [])


@pytest.mark.parametrize(
    ("law", "section"),
    [("Serviceloven", "§ 101 a"), ("Lov om social service", "§101a"), ("SEL", "§ 101 A, stk. 1"), ("", "101a"),
     ("Serviceloven § 101 a", None), ("Serviceloven", "§§ 101 og 101a")],
)  # fmt: skip
def test_anonymous_treatment_is_no_part_of_the_plan(nexus: Vendor, law: str, section: str | None) -> None:
    anonymous = element("paragraph", paragraph={"name": law, "section": section})
    assert made(nexus, document(grants=[grant(anonymous)]), "CarePlan") == []
    beside = element("paragraph", paragraph={"name": "Serviceloven", "section": "§ 85"})
    assert made(nexus, document(grants=[grant(beside, anonymous)]), "CarePlan") == []


@pytest.mark.parametrize("section", ["§ 101", "§ 101, stk. 1", "§ 1101 a", "§ 85 a"])
def test_other_treatment_is(nexus: Vendor, section: str) -> None:
    told = element("paragraph", paragraph={"name": "Serviceloven", "section": section})
    assert len(made(nexus, document(grants=[grant(told)]), "CarePlan")) == 1


@pytest.mark.parametrize(
    ("days", "status", "intent"),
    [
        ({}, "draft", "plan"),
        ({"orderedDate": "2026-01-01"}, "active", "order"),
        ({"orderedDate": "2026-05-01"}, "draft", "order"),
        ({"workflowApprovedDate": "2026-01-01"}, "active", "order"),
        ({"workflowApprovedDate": "2026-01-01", "cancelledDate": "2026-03-01"}, "revoked", "order"),
        ({"workflowApprovedDate": "2026-01-01", "cancelledDate": "2026-03-03"}, "active", "order"),
        ({"workflowApprovedDate": "2026-01-01", "endDate": "2026-02-01"}, "completed", "order"),
        ({"followUpDate": "2026-02-01"}, "draft", "plan"),
    ],
)
def test_the_status_comes_from_the_dates_that_have_come(
    nexus: Vendor, days: dict[str, str], status: str, intent: str
) -> None:
    found = plan(nexus, *dated(**days))
    assert (found["status"], found["intent"]) == (status, intent)


def test_a_workflow_state_is_asked_before_dates_and_one_nobody_knows_is_told(nexus: Vendor) -> None:
    assert plan(nexus, *dated(orderedDate="2026-01-01"), workflowState={"name": "Sat på pause"})["status"] == "on-hold"
    raw = document(grants=[grant(*dated(orderedDate="2026-01-01"), workflowState={"name": "Hemmeligt"})])
    assert made(nexus, raw, "CarePlan")[0]["status"] == "active"
    [finding] = nexus.translate(raw).findings
    assert finding.where == "grants[0].workflowState.name"
    assert "Hemmeligt" not in finding.text


def test_supplier_dates_and_follow_up(nexus: Vendor) -> None:
    found = plan(
        nexus,
        element("supplier", supplier={"id": 77, "name": "Bostøtteteam Vest"}),
        *dated(startDate="2026-01-19", followUpDate="2026-06-01", orderedDate="2026-01-05"),
    )
    effort, follow_up = (one["detail"] for one in found["activity"])
    assert effort["performer"][0]["display"] == "Bostøtteteam Vest"
    assert (effort["status"], effort["scheduledPeriod"]) == ("in-progress", {"start": "2026-01-19"})
    assert (follow_up["status"], follow_up["scheduledPeriod"]) == ("not-started", {"start": "2026-06-01"})
    assert found["period"] == {"start": "2026-01-05"}


def test_a_citizen_without_cpr_keeps_the_systems_number_and_the_replacement(nexus: Vendor) -> None:
    """Asked for by a CPR number that the answer does not have, it is another citizen's answer."""
    raw = document(citizen=[citizen(patientIdentifier={"type": "ecpr", "identifier": "0703921VJ5"})])
    with pytest.raises(Exception, match="another citizen"):
        nexus.translate(raw)


def test_the_address_is_not_taken_over(nexus: Vendor) -> None:
    [found] = made(nexus, document(citizen=[citizen(currentAddress={"addressLine1": "Stengade 1"})]), "Patient")
    assert "address" not in found


def test_any_order_of_looks_gives_the_same(nexus: Vendor) -> None:
    looks = [
        nexus.translate(document(grants=[grant(name=name)], fetched=f"2026-03-0{day}T09:00:00+00:00"))
        for day, name in enumerate(("Første", "Anden", "Tredje"), 1)
    ]
    found = [folded(nexus, *several) for several in permutations([*looks, looks[0]], 4)]
    assert all(one == found[0] for one in found)
    assert [one["title"] for one in found[0] if one["resourceType"] == "CarePlan"] == ["Tredje"]


def test_a_condition_has_both_codes_and_its_state(nexus: Vendor) -> None:
    uid = "f7710e83-a2d3-4c17-bcf6-bd084aec2efb"
    mapping = {"klCatalogCondition": {"uid": uid, "name": "Problemer med misbrug"}, "code": "I6.3"}
    given = {"id": 31, "name": "Misbrug", "state": "RESOLVED", "klMapping": mapping}
    [found] = made(nexus, document(conditions=[given]), "Condition")
    assert [one["code"] for one in found["code"]["coding"]] == [uid, "I6.3"]
    assert found["clinicalStatus"]["coding"][0]["code"] == "resolved"


def test_what_it_was_asked_for_is_the_citizen(nexus: Vendor) -> None:
    found = nexus.translate(document())
    assert found.citizen[0].value == CPR
    assert found.source.id == "koebenhavn-nexus"

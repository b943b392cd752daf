"""What a citizen is told of a look, and who may ask for a citizen: by tables, on a day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.identifier import CPR
from gateway.domain.insight import (
    CITIZEN,
    NAME,
    NO_INSIGHT,
    ORGANISATION,
    PERSON,
    REPRESENTATIVE,
    InsightRules,
    Keep,
    Right,
    kept_parts,
    told,
)
from gateway.domain.record import AccessRecord, Decision

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
CODES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
WHO = f"{CPR}|2512489996"
GUARD = Right(CODES, "GUARD", "værge", ("municipality", "region"), "værgemålsloven § 5", "r.csv:2")
LOOK = AccessRecord(
    NOW, "read", Decision.OVERRIDE, "p1", "Patient", user="urn:x|7", user_name="Ib", user_role="læge",
    on_behalf_of="urn:x|8", organisation="urn:o|1", organisation_name="Retspsykiatrisk Afdeling", client="epj",
    client_name="Journal", override_reason="Ib husker det", purposes=("BTG",),
)  # fmt: skip


def keep(*values: str, about: str = ORGANISATION, **changed: Any) -> Keep:
    made: dict[str, Any] = {"readers": (CITIZEN,), "parts": (NAME,), "law": "x", "rule": "i.csv:2", **changed}
    return Keep(about=about, values=values, **made)


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        (keep("*psykiat"), True),
        (keep("retspsyk"), True),
        (keep("psykiat"), False),
        (keep("afdeling", "andet"), True),
        (keep("journal"), True),
        (keep("*psykiat", readers=(REPRESENTATIVE,)), False),
        (keep("*psykiat", valid_from="2026-03-21"), False),
        (keep("*psykiat", valid_to="2026-03-19"), False),
        (keep("*psykiat", valid_from="2026-03-20", valid_to="2026-03-20"), True),
        (keep("urn:x|7", about=PERSON), True),
        (keep("urn:x|70", about=PERSON), False),
    ],
)
def test_a_row_keeps_what_it_is_about(row: Keep, kept: bool) -> None:
    assert bool(InsightRules((row,)).kept(LOOK, CITIZEN, NOW)) is kept


def test_what_is_kept_is_in_no_field_and_the_look_stays() -> None:
    rows = InsightRules((keep("*psykiat"),)).kept(LOOK, CITIZEN, NOW)
    left = told(LOOK, rows)
    assert "Ib" not in left.to_bytes().decode()
    assert "urn:x" not in left.to_bytes().decode()
    assert (left.time, left.organisation_name, left.user_role) == (NOW, "Retspsykiatrisk Afdeling", "læge")
    assert kept_parts(rows) == {NAME}
    place = told(LOOK, [keep("x", parts=(NAME, ORGANISATION))])
    assert not any(one in place.to_bytes().decode() for one in ("Rets", "epj", "Journal", "urn:o"))
    assert place.decision is Decision.OVERRIDE
    assert told(LOOK, ()) is LOOK


def related(**changed: Any) -> dict[str, Any]:
    return {
        "resourceType": "RelatedPerson", "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": "251248-9996"}],
        "relationship": [{"coding": [{"system": CODES, "code": "GUARD"}]}], **changed,
    }  # fmt: skip


HOLDS: list[tuple[dict[str, Any], str, bool]] = [
    ({}, "municipality", True),
    ({}, "other", False),
    ({"active": True, "period": {"start": "2026-03-20", "end": "2026-03-20"}}, "region", True),
    ({"period": {"end": "2026-03"}}, "region", True),
    ({"period": {"end": "2026-03-19"}}, "region", False),
    ({"period": {"start": "2026-03-21"}}, "region", False),
    ({"period": {"end": "snart"}}, "region", False),
    ({"period": "altid"}, "region", False),
    ({"active": False}, "region", False),
    ({"identifier": [{"system": CPR, "value": "2509479989"}]}, "region", False),
    ({"identifier": [{"value": "2512489996"}]}, "region", False),
    ({"identifier": [{"system": CPR, "value": "2512489996", "use": "old"}]}, "region", False),
    ({"relationship": [{"coding": [{"system": CODES, "code": "PRN"}]}]}, "region", False),
    ({"relationship": [{"coding": [{"system": "urn:other", "code": "GUARD"}]}]}, "region", False),
    ({"relationship": [{"text": "værge"}]}, "region", False),
    ({"relationship": "GUARD", "identifier": "x"}, "region", False),
]


@pytest.mark.parametrize(("changed", "sector", "holds"), HOLDS)
def test_somebody_acts_for_a_citizen_only_as_an_authority_tells_and_while_it_holds(
    changed: dict[str, Any], sector: str, holds: bool
) -> None:
    rules = InsightRules(rights=(GUARD,))
    found = rules.right([(sector, related(**changed))], WHO, NOW)
    assert (found is GUARD) is holds
    assert NO_INSIGHT.right([(sector, related(**changed))], WHO, NOW) is None
    assert rules.right([(sector, related(**changed))], "", NOW) is None

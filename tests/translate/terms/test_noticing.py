"""Retired and unknown codes of a municipality are noticed, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.sources import Sources
from gateway.translate.terms.noticing import noticed
from gateway.translate.translation import Translation
from tests.translate.terms.test_terms import FFB, FSIII, HOMELESS, KLE, MAPPINGS, terms

EARLY, LATE = datetime(2019, 5, 12, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)


@cache
def sources() -> Sources:
    return Sources.gather(MAPPINGS, Problems())


def source(sector: str) -> Source:
    return next(one for one in sources() if one.sector == sector)


def translation(*bodies: dict[str, Any], at: datetime = LATE, sector: str = "municipality") -> Translation:
    from_ = source(sector)
    said = tuple(
        Statement("CarePlan", str(n), Act.STATE, Verb.ASSERT, at, at, body, from_.id, f"m/{n}")
        for n, body in enumerate(bodies)
    )
    return Translation("oio", from_, "m", "e", at, b"f", (), said)


def plan(system: str, code: str) -> dict[str, Any]:
    coding = {"system": system, "code": code}
    return {"resourceType": "CarePlan", "category": [{"text": "x"}, {"coding": [coding]}]}


@pytest.mark.parametrize(
    ("system", "code", "at", "text"),
    [
        (KLE, "27.35.04", LATE, "KLE: the code is retired: it was in use until 2025-12-31"),
        (KLE, "27.35.04", EARLY, ""),
        (KLE, "27.51.04", LATE, ""),
        (KLE, "27.51.99", EARLY, "KLE has no such code"),
        (KLE, "G01", LATE, ""),
        (KLE, "85.02.02", LATE, ""),
        (FFB, HOMELESS, LATE, ""),
        (FFB, HOMELESS.upper(), LATE, "FFB writes this code otherwise"),
        (FFB, "2512489996", LATE, "FFB has no such code"),
        (FSIII, "E1", LATE, ""),
        ("http://nowhere", "x", LATE, ""),
        ("", "27.51.99", LATE, ""),
    ],
)
def test_codes_are_noticed_with_their_place(system: str, code: str, at: datetime, text: str) -> None:
    given = translation({"resourceType": "CarePlan"}, plan(system, code), plan(system, code), at=at)
    found = noticed(terms(), given)
    assert [one.text for one in found.findings] == ([text] if text else [])
    assert {one.where for one in found.findings} <= {"CarePlan.category[1].coding[0]"}
    assert replace(found, findings=()) == given


def test_what_a_hospital_sends_is_not_looked_through() -> None:
    given = translation(plan(KLE, "27.51.99"), sector="region")
    assert noticed(terms(), given) is given


def test_one_fault_hides_no_other() -> None:
    found = noticed(terms(), translation(plan(KLE, "27.51.99"), plan(FFB, "x"), plan(KLE, "15.20.51")))
    assert [one.severity for one in found.findings] == ["warning", "warning", "information"]

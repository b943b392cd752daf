"""Every search parameter of R4 for the types served here is served too, or named with the reason why not."""

from __future__ import annotations

import csv
from pathlib import Path

from gateway.domain.searching.parameter import KINDS, NOT_SERVED
from gateway.domain.searching.query import parameters
from gateway.inbound.rest.kinds import CLINICAL
from gateway.translate import r4

# Rows of the published package that are examples of how to write a search parameter, or of extensions that no
# resource here has.
EXAMPLES = {
    ("Patient", "age"), ("Patient", "part-agree"),
    ("Condition", "subject"), ("Resource", "_id"), ("resource", "_id"),
}  # fmt: skip


def published(examples: Path) -> list[dict[str, str]]:
    text = (examples / "fhir" / "r4-searchparameters.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_every_parameter_is_served_or_has_its_reason(examples: Path) -> None:
    """The public list, all types that are looked at for a citizen."""
    rows = published(examples)
    asked = {(row["resource"], row["code"]) for row in rows if row["resource"] in CLINICAL}
    assert len(asked) > 200
    everywhere = {row["code"] for row in rows if row["resource"] in ("Resource", "DomainResource")}
    missing = []
    for kind in CLINICAL:
        served = parameters(r4.facts().search, kind)
        named = {code for row, code in asked if row == kind} | everywhere
        missing += [
            f"{kind}.{code}" for code in named
            if code not in served and code not in NOT_SERVED and (kind, code) not in EXAMPLES
        ]  # fmt: skip
    assert not missing


def test_each_is_served_by_its_type(examples: Path) -> None:
    for row in published(examples):
        known = parameters(r4.facts().search, row["resource"]).get(row["code"]) if row["resource"] in CLINICAL else None
        if known is not None:
            assert known.kind == row["type"], row
            assert known.kind in KINDS


def test_what_the_definitions_hold_is_served() -> None:
    """Without the public list: every row of our own facts is served or has its reason."""
    search = r4.facts().search
    for kind in CLINICAL:
        assert set(search[kind]) - set(NOT_SERVED) == set(parameters(search, kind)) & set(search[kind])

"""The organisations of mappings/codes: municipalities, regions with their days, units that letters go to, and what is a
part of what."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.domain.consent.units import Dated, Part, Tree
from gateway.domain.directory import Organisation
from gateway.domain.identifier import CVR, Identifier, normal
from gateway.domain.municipality import CODES
from gateway.translate.municipalities import ISO
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems

NAMES = "https://faellesplan.dk/id/region"
"""Names of regions that have no code so far."""

PART_OF = "part-of"


def organisations(codes: Codes) -> Iterator[Organisation]:
    """Every organisation of the tables, those that are known best first."""
    yield from _municipalities(codes)
    yield from _regions(codes)
    for row in codes.tables["organisations"].rows:
        if row.source_system and row.source_code and row.display:
            number = normal(row.source_system, row.source_code)
            yield Organisation((number,), row.display, "", row.valid_from, row.valid_to)


def parts(codes: Codes, problems: Problems, today: str = "") -> tuple[list[Part], list[Part]]:
    """Which unit is a part of which organisation, from part-of.csv; and what was, where the row's time is over, or will
    be, where it begins after `today` (2026-01-31): that can only close. What leads nowhere, or back to itself, is noted
    with its line."""
    standing: list[Part] = []
    former: list[Part] = []
    rows = codes.tables[PART_OF].rows if PART_OF in codes.tables else ()
    for row in rows:
        if not (row.source_system and row.target_system and row.target_code):
            problems.add(row.mark, "a unit and what it is a part of are told by system and code")
            continue
        unit, whole = normal(row.source_system, row.source_code).key, normal(row.target_system, row.target_code).key
        if unit in Tree(standing).above(frozenset({whole})):
            problems.add(row.mark, f"{row.source_code} would be a part of itself")
        else:
            begun = not today or row.valid_from <= today
            (standing if begun and not row.valid_to else former).append((unit, whole))
    return standing, former


def dated(codes: Codes) -> list[Dated]:
    """The same rows with their days, for decisions of the past."""
    rows = codes.tables[PART_OF].rows if PART_OF in codes.tables else ()
    return [
        Dated(
            (normal(row.source_system, row.source_code).key, normal(row.target_system, row.target_code).key),
            row.valid_from, row.valid_to,
        )
        for row in rows if row.source_system and row.target_system and row.target_code
    ]  # fmt: skip


def _municipalities(codes: Codes) -> Iterator[Organisation]:
    for row in codes.tables["municipality"].rows:
        by_cvr = row.source_system == CVR
        code = Identifier(CODES, row.target_code if by_cvr else row.source_code)
        numbers = (code, normal(CVR, row.source_code)) if by_cvr else (code,)
        kind = "kommune" if by_cvr else ""
        yield Organisation(numbers, row.display, kind, row.valid_from, row.valid_to)


def _regions(codes: Codes) -> Iterator[Organisation]:
    for row in codes.tables["region"].rows:
        yield Organisation((Identifier(ISO, row.source_code),), row.display, "region", row.valid_from, row.valid_to)
    known = {row.display for row in codes.tables["region"].rows}
    for row in codes.tables["municipality-region"].rows:
        if row.display and not row.target_code and row.display not in known:
            known.add(row.display)
            yield Organisation((Identifier(NAMES, row.display),), row.display, "region", row.valid_from, row.valid_to)

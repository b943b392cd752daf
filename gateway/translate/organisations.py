"""The organisations of mappings/codes: municipalities, regions with their days, and units that letters go to."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.domain.directory import Organisation
from gateway.domain.identifier import CVR, Identifier, normal
from gateway.domain.municipality import CODES
from gateway.translate.municipalities import ISO
from gateway.translate.rules.codes import Codes

NAMES = "https://faellesplan.dk/id/region"
"""Names of regions that have no code so far."""


def organisations(codes: Codes) -> Iterator[Organisation]:
    """Every organisation of the tables, those that are known best first."""
    yield from _municipalities(codes)
    yield from _regions(codes)
    for row in codes.tables["organisations"].rows:
        if row.source_system and row.source_code and row.display:
            number = normal(row.source_system, row.source_code)
            yield Organisation((number,), row.display, "", row.valid_from, row.valid_to)


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

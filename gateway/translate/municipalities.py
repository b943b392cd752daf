"""The municipalities with their codes, names and CVR numbers, and the region that each belongs to on a day.

From mappings/codes/municipality.csv, municipality-region.csv and region.csv. Which region is never a constant: on
2027-01-01 Region Østdanmark takes over Region Hovedstaden and Region Sjælland (lov nr. 699 af 20. juni 2025 § 126), and
it has no official code so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.domain.identifier import CVR
from gateway.domain.municipality import CODES, four_digits
from gateway.translate.rules.codes import Codes

ISO = "urn:iso:std:iso:3166:-2"


@dataclass(frozen=True, slots=True)
class Municipality:
    """`code` has four digits. Christiansø (0411) has a code and no CVR number: it is no municipality."""

    code: str
    name: str
    cvr: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """`iso` is its code in ISO 3166-2, `code` the four digits of DAGI; "" where none is known."""

    name: str
    iso: str = ""
    code: str = ""


class Municipalities:
    """The tables, made once at start."""

    def __init__(self, codes: Codes) -> None:
        self._regions = codes.tables["municipality-region"]
        self._region_codes = codes.tables["region"]
        self._by_code: dict[str, Municipality] = {}
        for row in codes.tables["municipality"].rows:
            by_cvr = row.source_system == CVR
            code = row.target_code if by_cvr else row.source_code
            self._by_code[code] = Municipality(code, row.display, row.source_code if by_cvr else "")
        self._by_cvr = {one.cvr: one for one in self._by_code.values() if one.cvr}

    def find(self, text: str) -> Municipality | None:
        """By its code as anybody writes it (0165, 165) or by its CVR number; None where there is none."""
        return self._by_cvr.get(text.strip()) or self._by_code.get(four_digits(text))

    def region_of(self, code: str, day: date) -> Region | None:
        """The region that a municipality belongs to on a day; None for Christiansø, before 2007, or an unknown code."""
        on = day.isoformat()
        row = self._regions.find(CODES, four_digits(code), on)
        if row is None or not row.display:
            return None
        found = self._region_codes.find(ISO, row.target_code, on) if row.target_code else None
        return Region(row.display, row.target_code, found.target_code if found else "")

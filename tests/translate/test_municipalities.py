"""The tables of municipalities and regions: whole, dated, and read however a code is written."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from gateway.translate.municipalities import Municipalities, Municipality, Region
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems

CODES = Path(__file__).parents[2] / "mappings" / "codes"
LAST, FIRST = date(2026, 12, 31), date(2027, 1, 1)


@pytest.fixture(scope="module")
def municipalities() -> Municipalities:
    problems = Problems()
    codes = Codes.read(CODES, problems)
    problems.check()
    return Municipalities(codes)


def listed() -> list[str]:
    rows = csv.DictReader((CODES / "municipality-region.csv").read_text("utf-8").splitlines())
    return sorted({row["source_code"] for row in rows})


def test_all_98_and_christiansoe_stand_in_every_table(municipalities: Municipalities) -> None:
    found = [municipalities.find(code) for code in listed()]
    assert len(found) == 99
    assert None not in found
    assert [one.name for one in found if one and not one.cvr] == ["Christiansø"]
    terms = csv.DictReader((CODES / "terms" / "municipality.csv").read_text("utf-8").splitlines())
    assert {(one.code, one.name) for one in found if one} == {(row["code"], row["display"]) for row in terms}


def test_every_cvr_number_is_one(municipalities: Municipalities) -> None:
    """Modulus 11 holds for CVR numbers, unlike CPR numbers: a slip in the table is found."""
    numbers = [one.cvr for code in listed() if (one := municipalities.find(code)) and one.cvr]
    assert len(set(numbers)) == 98
    for number in numbers:
        assert (
            sum(int(digit) * weight for digit, weight in zip(number, (2, 7, 6, 5, 4, 3, 2, 1), strict=True)) % 11 == 0
        )


@pytest.mark.parametrize("told", ["0165", "165", " 0165 ", "66137112"])
def test_a_municipality_is_found_however_it_is_written(municipalities: Municipalities, told: str) -> None:
    assert municipalities.find(told) == Municipality("0165", "Albertslund", "66137112")


@pytest.mark.parametrize("told", ["", "65", "9999", "00165", "11111111", "Albertslund"])
def test_what_is_no_municipality_is_none(municipalities: Municipalities, told: str) -> None:
    assert municipalities.find(told) is None


def test_the_region_depends_on_the_day(municipalities: Municipalities) -> None:
    """A region is no constant: two of them end with the year 2026."""
    assert municipalities.region_of("0147", LAST) == Region("Region Hovedstaden", "DK-84", "1084")
    assert municipalities.region_of("0147", FIRST) == Region("Region Østdanmark")
    assert municipalities.region_of("265", LAST) == Region("Region Sjælland", "DK-85", "1085")
    assert municipalities.region_of("0265", FIRST) == municipalities.region_of("0101", FIRST)
    for day in (LAST, FIRST):
        assert municipalities.region_of("0751", day) == Region("Region Midtjylland", "DK-82", "1082")
        assert municipalities.region_of("0411", day) is None
    assert municipalities.region_of("0101", date(2006, 12, 31)) is None


def test_region_oestdanmark_has_46_municipalities_and_no_code_is_made_up(municipalities: Municipalities) -> None:
    after = [municipalities.region_of(code, FIRST) for code in listed()]
    assert after.count(Region("Region Østdanmark")) == 46
    before = [municipalities.region_of(code, LAST) for code in listed()]
    assert [before.count(region) for region in sorted({r for r in before if r}, key=lambda r: r.iso)] == [
        11, 19, 22, 29, 17,
    ]  # fmt: skip


def test_the_tables_are_the_published_ones(municipalities: Municipalities, examples: Path) -> None:
    told = json.loads((examples / "municipal" / "municipalities.json").read_text("utf-8"))["municipalities"]
    assert told
    for one in told:
        found = municipalities.find(one["municipalityCode"])
        assert found == Municipality(one["municipalityCode"], one["name"], one["cvr"] or "")
        region = municipalities.region_of(one["municipalityCode"], LAST)
        told_region = (f"Region {one['region']}", one["iso3166_2"], one["regionCode"]) if one["region"] else None
        assert (region and (region.name, region.iso, region.code)) == told_region

"""The language, built once, with a hospital, a municipality, and one that stands for everybody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.identifier import SOR, Identifier
from gateway.domain.resource import Ids, ids
from gateway.domain.source import Source
from gateway.translate.oioxml.language import OioXml

MAPPINGS = Path(__file__).parents[3] / "mappings"
HOSPITAL = Source(
    "hospital", "Et hospital", "region", Identifier(SOR, "265161000016000"), "oioxml",
    ("5790000143054", "5790000120400", "5790000120420", "265161000016000", "399841000016000"),
)  # fmt: skip
CITY = Source(
    "city", "En kommune", "municipality", Identifier(SOR, "953741000016009"), "oioxml", ("0101",), municipality="0101"
)
NEIGHBOUR = Source(
    "neighbour", "En nabo", "municipality", Identifier(SOR, "953741000016008"), "oioxml", ("0173",), municipality="0173"
)


@pytest.fixture(scope="session")
def identify() -> Ids:
    return ids(b"test")


@pytest.fixture(scope="session")
def oioxml(identify: Ids) -> OioXml:
    return OioXml(MAPPINGS, (HOSPITAL, CITY, NEIGHBOUR), identify)

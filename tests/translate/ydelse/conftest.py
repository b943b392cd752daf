"""The language, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.resource import ids
from gateway.translate.rules.sources import Sources
from gateway.translate.ydelse import Ydelse

MAPPINGS = Path(__file__).parents[3] / "mappings"


@pytest.fixture(scope="session")
def ydelse() -> Ydelse:
    return Ydelse(MAPPINGS, Sources.read(MAPPINGS), ids(b"test"))

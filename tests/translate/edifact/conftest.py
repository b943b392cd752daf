"""The language, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.resource import ids
from gateway.translate.edifact.language import Edifact
from gateway.translate.rules.sources import Sources

MAPPINGS = Path(__file__).parents[3] / "mappings"


@pytest.fixture(scope="session")
def edifact() -> Edifact:
    return Edifact(MAPPINGS, Sources.read(MAPPINGS).with_guests(), ids(b"test"))

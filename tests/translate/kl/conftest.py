"""The language, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.resource import ids
from gateway.translate.kl import Kl
from gateway.translate.rules.sources import Sources

MAPPINGS = Path(__file__).parents[3] / "mappings"


@pytest.fixture(scope="session")
def kl() -> Kl:
    return Kl(MAPPINGS, Sources.read(MAPPINGS), ids(b"test"))

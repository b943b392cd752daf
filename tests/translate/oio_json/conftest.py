"""The language, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.resource import ids
from gateway.translate.oio.lora import OioJson
from gateway.translate.rules.sources import Sources

MAPPINGS = Path(__file__).parents[3] / "mappings"


@pytest.fixture(scope="session")
def lora() -> OioJson:
    return OioJson(MAPPINGS, Sources.read(MAPPINGS), ids(b"test"))


@pytest.fixture(scope="session")
def for_strangers() -> OioJson:
    return OioJson(MAPPINGS, Sources.read(MAPPINGS).with_guests(), ids(b"test"))

"""The languages of systems that are asked, compiled once."""

from __future__ import annotations

import pytest

from gateway.domain.resource import ids
from gateway.translate.rules.sources import Sources
from gateway.translate.vendor import Vendor
from tests.conftest import PROJECT

MAPPINGS = PROJECT / "mappings"


@pytest.fixture(scope="session")
def nexus() -> Vendor:
    return Vendor("nexus", MAPPINGS, Sources.read(MAPPINGS), ids(b"test"))


@pytest.fixture(scope="session")
def momentum() -> Vendor:
    return Vendor("momentum", MAPPINGS, Sources.read(MAPPINGS), ids(b"test"))

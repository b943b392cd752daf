"""The language, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.identifier import learn
from gateway.domain.resource import ids
from gateway.translate import spellings
from gateway.translate.kl import Kl
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.sources import Sources

MAPPINGS = Path(__file__).parents[3] / "mappings"


@pytest.fixture(scope="session")
def kl() -> Kl:
    problems = Problems()
    learn(spellings.read(MAPPINGS, problems))
    problems.check()
    return Kl(MAPPINGS, Sources.read(MAPPINGS), ids(b"test"))

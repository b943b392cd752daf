"""The language with a source for everybody, and MedCom's schemas."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from gateway.domain.identifier import SOR, Identifier
from gateway.domain.resource import ids
from gateway.domain.source import Source
from gateway.translate.oioxml.language import OioXml

MAPPINGS = Path(__file__).parents[4] / "mappings"
ANYBODY = Source("anybody", "En afsender", "region", Identifier(SOR, "265161000016000"), "oioxml", ("*",))


@pytest.fixture(scope="session")
def oioxml() -> OioXml:
    return OioXml(MAPPINGS, (ANYBODY,), ids(b"test"))


@pytest.fixture(scope="session")
def schemas(examples: Path) -> dict[str, etree.XMLSchema]:
    """By namespace."""
    folder = examples / "hospital" / "xsd"
    if not folder.is_dir():
        pytest.skip("MedCom's schemas are not among the public samples")
    found = [etree.XMLSchema(etree.parse(path / "EMessage.xsd")) for path in sorted(folder.iterdir())]
    names = [
        f"http://rep.oio.dk/sundcom.dk/medcom.dk/xml/schemas/{path.name.replace('-', '/')}/"
        for path in sorted(folder.iterdir())
    ]
    return dict(zip(names, found, strict=True))

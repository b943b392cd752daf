"""The public pairs: an EDIFACT letter becomes the very tree of its XML twin, and the very same FHIR."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from gateway.domain.resource import ids
from gateway.errors import GatewayError
from gateway.translate.edifact.interchange import interchange
from gateway.translate.edifact.language import Edifact
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.language import OioXml
from gateway.translate.rules.sources import Sources
from tests.translate.edifact.conftest import MAPPINGS

PAIRS = ("DIS17_1", "DIS20_1", "DIS91_1", "CTL02_1", "CTL03_1")


def flat(node: etree._Element) -> list[tuple[str, str, str, int]]:
    return [
        (etree.QName(one).text, (one.text or "").strip("\n\t "), (one.tail or "").strip("\n\t"), len(one))
        for one in node.iter()
    ]


@pytest.fixture(scope="module")
def oioxml() -> OioXml:
    return OioXml(MAPPINGS, Sources.read(MAPPINGS).with_guests(), ids(b"test"))


@pytest.mark.parametrize("name", PAIRS)
def test_the_tree_is_that_of_the_twin(name: str, examples: Path, edifact: Edifact) -> None:
    folder = examples / "hospital" / "edifact"
    made = edifact.tree((folder / f"{name}.edi").read_bytes())
    assert flat(made) == flat(tree.read((folder / f"{name}.xml").read_bytes()))


@pytest.mark.parametrize("name", PAIRS)
def test_the_meaning_is_that_of_the_twin(name: str, examples: Path, edifact: Edifact, oioxml: OioXml) -> None:
    folder = examples / "hospital" / "edifact"
    one = edifact.translate((folder / f"{name}.edi").read_bytes())
    other = oioxml.translate((folder / f"{name}.xml").read_bytes())
    assert one.message_id == other.message_id
    assert one.fingerprint == other.fingerprint
    assert one.event == other.event
    assert one.sent == other.sent
    assert one.citizen == other.citizen
    assert one.receipt == other.receipt
    assert [(s.kind, s.act, s.verb, s.happened, s.recorded) for s in one.statements] == [
        (s.kind, s.act, s.verb, s.happened, s.recorded) for s in other.statements
    ]
    assert one.findings == other.findings == ()


@pytest.mark.parametrize("name", PAIRS)
def test_the_tree_fits_medcoms_schema(name: str, examples: Path, edifact: Edifact) -> None:
    """NegativeReceipt and the notices are of 2005, the correspondence of 2006."""
    version = "2006-07-01" if name.startswith("DIS91") else "2005-08-07"
    schema = etree.XMLSchema(file=str(examples / "hospital" / "xsd" / version / "EMessage.xsd"))
    made = edifact.tree((examples / "hospital" / "edifact" / f"{name}.edi").read_bytes())
    schema.assertValid(etree.fromstring(etree.tostring(made)))


@pytest.mark.parametrize("name", ["DIS91_1", "CTL02_1", "CTL03_1"])
def test_what_is_written_is_what_was_read(name: str, examples: Path, edifact: Edifact) -> None:
    content = (examples / "hospital" / "edifact" / f"{name}.edi").read_bytes()
    written = edifact.write(edifact.tree(content))
    before, after = (interchange(one).messages[0].segments for one in (content, written))
    skipped = ("UNB", "DTM", "FTX")  # what stands in the frame, and where a text is broken into lines
    assert [s.elements for s in after if s.tag not in skipped] == [s.elements for s in before if s.tag not in skipped]


def test_every_fault_of_a_public_letter_is_told(examples: Path, edifact: Edifact) -> None:
    """Each segment taken away, doubled or renamed in turn is refused, with a place."""
    content = (examples / "hospital" / "edifact" / "DIS20_1.edi").read_bytes()
    una, *segments = [line for line in content.replace(b"\r", b"").split(b"\n") if line]
    assert len(segments) > 20
    for at, segment in enumerate(segments):
        for instead in ([], [segment] * 2, [b"QQQ" + segment[3:]]):
            with pytest.raises(GatewayError) as told:
                edifact.translate(b"\n".join([una, *segments[:at], *instead, *segments[at + 1 :]]))
            assert told.value.where

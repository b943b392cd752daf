"""Whatever comes: a translation, or an error without a value, and always an answer."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.errors import GatewayError
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.language import OioXml
from tests.thorough.translate.oioxml.conftest import MAPPINGS

NOW = datetime(2025, 3, 16, tzinfo=UTC)
EXAMPLES = [path.read_bytes() for path in sorted((MAPPINGS / "oioxml" / "examples").glob("*.xml"))]
SECRETS = ("2512489996", "2509479989", "0703921VJ5", "Eksempelsen")


def answered(oioxml: OioXml, raw: bytes) -> None:
    """`translate` understands or raises GatewayError; either way there is an answer."""
    oioxml.batch(raw)
    try:
        oioxml.translate(raw)
    except GatewayError as error:
        refusal = error
    else:
        oioxml.accept(raw, NOW)
        oioxml.explain(raw)
        return
    assert not any(secret in refusal.told() for secret in SECRETS)
    assert oioxml.refuse(raw, refusal, NOW)


@given(raw=st.binary(max_size=300))
def test_any_bytes(oioxml: OioXml, raw: bytes) -> None:
    answered(oioxml, raw)
    answered(oioxml, b"<Emessage>" + raw)


@given(example=st.sampled_from(EXAMPLES), at=st.floats(0, 1), put=st.binary(max_size=4), cut=st.integers(0, 40))
def test_a_letter_with_bytes_changed(oioxml: OioXml, example: bytes, at: float, put: bytes, cut: int) -> None:
    place = int(at * len(example))
    answered(oioxml, example[:place] + put + example[place + cut :])


@given(
    example=st.sampled_from(EXAMPLES),
    at=st.integers(0, 10_000),
    what=st.sampled_from(["gone", "twice", "empty", "other", "moved"]),
    text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
)
def test_a_letter_with_an_element_changed(oioxml: OioXml, example: bytes, at: int, what: str, text: str) -> None:
    root = tree.read(example)
    nodes = [node for node in root.iter() if node.getparent() is not None]
    node = nodes[at % len(nodes)]
    parent = node.getparent()
    assert parent is not None
    if what == "gone":
        parent.remove(node)
    elif what == "twice":
        parent.append(etree.fromstring(etree.tostring(node)))
    elif what == "empty":
        for child in list(node):
            node.remove(child)
        node.text = None
    elif what == "other":
        node.text = "".join(c for c in text if c not in "\ufffe\uffff")
    else:
        parent.insert(0, node)
    answered(oioxml, etree.tostring(root))


def test_a_letter_with_a_large_file_is_taken_and_its_file_is_kept_once(oioxml: OioXml) -> None:
    body = b"%PDF-" + bytes(12_000_000)
    letter = (MAPPINGS / "oioxml" / "examples" / "file.xml").read_bytes()
    raw = letter.replace(b"JVBERi0xLjQKJSBldCBla3NlbXBlbAo=", base64.b64encode(body))
    found = oioxml.translate(raw)
    assert [one.body for one in found.attached] == [body]
    assert len(found.without_files) < len(letter) + 200

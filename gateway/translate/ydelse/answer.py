"""The answer to Ydelsesindeks: as SF1490 itself answers (YdelseIndeksOperationer.xsd, SagDokObjekt.xsd).

Import and update answer in their own wrapper with one line for each object (UnikRetur), everything else with a bare
StandardRetur. The codes are those of OIO Sag (translate/oio/answer.py).
"""

from __future__ import annotations

from datetime import datetime

from lxml import etree

from gateway.errors import GatewayError
from gateway.translate.oio.answer import fill, status_code
from gateway.translate.oio.tree import Node, is_uuid
from gateway.translate.oio.walk import read
from gateway.translate.ydelse.shape import GRANT, PAYMENT

_SD = "urn:oio:sagdok:3.0.0"
_YI = "urn:oio:sts:ydelse:ydelseindeks:6"
_WRAPPED = {
    "ImporterYdelseIndeksInput": "ImporterYdelseIndeksOutput",
    "OpdaterYdelseIndeksInput": "OpdaterYdelseIndeksOutput",
}
_OBJECTS = {
    GRANT: "Bevilling", "OpdaterBevillingIndeks": "Bevilling",
    PAYMENT: "OekonomiskEffektuering", "OpdaterOekonomiskEffektueringIndeks": "OekonomiskEffektuering",
}  # fmt: skip


def accepted(raw: bytes, now: datetime, note: str = "") -> bytes:
    """StatusKode 20. `now` is part of every language's answers; StandardRetur has no place for it."""
    return _answer(raw, 20, "OK", note)


def refused(raw: bytes, error: GatewayError, now: datetime) -> bytes:
    """The error with its place. Safe on any bytes; nothing of them is repeated but the objects' UUIDs."""
    return _answer(raw, status_code(error), error.told(), "")


def _answer(raw: bytes, code: int, text: str, detail: str) -> bytes:
    wrapper, objects = _asked(raw)
    if not wrapper:
        root = etree.Element(f"{{{_SD}}}StandardRetur", nsmap={"sd": _SD})
        fill(root, code, text, detail)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    root = etree.Element(f"{{{_YI}}}{wrapper}", nsmap={"yi": _YI, "sd": _SD})
    for kind, uuid in objects:
        line = etree.SubElement(root, f"{{{_SD}}}UnikRetur")
        fill(line, code, text, detail)
        etree.SubElement(line, f"{{{_SD}}}Type").text = kind
        etree.SubElement(line, f"{{{_SD}}}UUIDIdentifikator").text = uuid
    if not objects:
        fill(etree.SubElement(root, f"{{{_SD}}}StandardRetur"), code, text, detail)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _asked(raw: bytes) -> tuple[str, list[tuple[str, str]]]:
    """The wrapper that the answer has to wear, and kind and UUID of the objects in it."""
    try:
        document = read(raw)
    except GatewayError:
        return "", []
    found: Node | None = next((node for node in document.walk() if node.name in _WRAPPED), None)
    if found is None:
        return "", []
    told = [(_OBJECTS[node.name], node.said("UUIDIdentifikator")) for node in found.walk() if node.name in _OBJECTS]
    return _WRAPPED[found.name], [(kind, uuid) for kind, uuid in told if is_uuid(uuid)]

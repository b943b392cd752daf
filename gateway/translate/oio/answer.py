"""The answer to an OIO message: StandardRetur, as SF1470 itself answers (SagDokObjekt.xsd, StandardReturType).

| StatusKode | means | HTTP |
|---|---|---|
| 20 | received and kept | 200 |
| 40 | the content is wrong: the same content will be refused again | 400, 422 |
| 41 | the sender may not send this | 401, 403 |
| 44 | this is not received here | 404, 422 |
| 49 | it contradicts what was received before | 409, 412 |
| 50 | not now: send again | 500, 503 |

Import and update answer in their own wrapper with one line per case (UnikRetur), everything else with a bare
StandardRetur. The first digit is what a client acts on; only 20 is documented by the service.
"""

from __future__ import annotations

from datetime import datetime

from lxml import etree

from gateway.errors import GatewayError
from gateway.translate.oio.tree import Node, read

_SD = "urn:oio:sagdok:3.0.0"
_SDI = "urn:oio:sts:sagdok:sagdokumentindeks:6"
_WRAPPED = {
    "ImporterSagDokumentIndeksInput": ("ImporterSagDokumentIndeksOutput", "SagIndeks"),
    "OpdaterSagDokumentIndeksInput": ("OpdaterSagDokumentIndeksOutput", "OpdaterSagIndeks"),
}
_CODES = {401: 41, 403: 41, 404: 44, 409: 49, 410: 44, 412: 49}


def accepted(raw: bytes, now: datetime, note: str = "") -> bytes:
    """StatusKode 20. `now` is part of every language's answers; StandardRetur has no place for it."""
    return _answer(raw, 20, "OK", note)


def refused(raw: bytes, error: GatewayError, now: datetime) -> bytes:
    """The error with its place. Safe on any bytes; nothing of them is repeated but the case's UUID."""
    return _answer(raw, status_code(error), error.told(), "")


def status_code(error: GatewayError) -> int:
    """StatusKode of a failure."""
    if error.transient:
        return 50
    if error.issue == "not-supported":
        return 44
    return _CODES.get(error.status, 49 if error.issue == "duplicate" else 40)


def _answer(raw: bytes, code: int, text: str, detail: str) -> bytes:
    wrapper, cases = _asked(raw)
    if not wrapper:
        root = etree.Element(f"{{{_SD}}}StandardRetur", nsmap={"sd": _SD})
        fill(root, code, text, detail)
    else:
        root = etree.Element(f"{{{_SDI}}}{wrapper}", nsmap={"sdi": _SDI, "sd": _SD})
        for uuid in cases:
            line = etree.SubElement(root, f"{{{_SD}}}UnikRetur")
            fill(line, code, text, detail)
            _text(line, "Type", "Sag")
            _text(line, "UUIDIdentifikator", uuid)
        if not cases:
            fill(etree.SubElement(root, f"{{{_SD}}}StandardRetur"), code, text, detail)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _asked(raw: bytes) -> tuple[str, list[str]]:
    """The wrapper that the answer has to wear, and the UUIDs of the cases in it."""
    try:
        document = read(raw)
    except GatewayError:
        return "", []
    found: Node | None = next((node for node in document.walk() if node.name in _WRAPPED), None)
    if found is None:
        return "", []
    wrapper, name = _WRAPPED[found.name]
    return wrapper, [uuid for case in found.each(name) if (uuid := case.said("UUIDIdentifikator"))]


def fill(parent: etree._Element, code: int, text: str, detail: str) -> None:
    """Put StatusKode and the texts of a StandardRetur into an element."""
    _text(parent, "StatusKode", str(code))
    _text(parent, "FejlbeskedTekst", text)
    if detail:
        _text(parent, "DetaljeretFejlbesked", detail)


def _text(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{_SD}}}{name}").text = text

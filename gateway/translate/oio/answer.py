"""The answer to an OIO message: StandardRetur, as SF1470 itself answers (SagDokObjekt.xsd, StandardReturType).

| StatusKode | means | HTTP |
|---|---|---|
| 20 | received and kept | 200 |
| 40 | the content is wrong: the same content will be refused again | 400, 422 |
| 41 | the sender may not send this | 401, 403 |
| 44 | this is not received here | 404, 422 |
| 49 | it contradicts what was received before | 409, 412 |
| 50 | not now: send again | 500, 503 |

Import, update and removal answer in their own wrapper and version, with one line per case and document (UnikRetur),
Opret with the UUID that its object got, everything else with a bare StandardRetur. The first digit is what a client
acts on; only 20 is documented by the service.
"""

from __future__ import annotations

import re
from datetime import datetime

from lxml import etree

from gateway.errors import GatewayError
from gateway.translate import xml
from gateway.translate.oio import case, operations, walk

_SD = "urn:oio:sagdok:3.0.0"
_SDI = "urn:oio:sts:sagdok:sagdokumentindeks"
_OLD = "1.2.4.0"
# What stands in each wrapper, and what the answer's line calls it.
_NAMED = {
    "Importer": {"SagIndeks": "Sag", "DokumentIndeks": "Dokument"},
    "Opdater": {"OpdaterSagIndeks": "Sag", "OpdaterDokumentIndeks": "Dokument"},
    "Ret": {"RetSagIndeks": "Sag", "RetDokumentIndeks": "Dokument"},
    "Fjern": {"SagUuid": "Sag"},
}
_WRAPPERS = {f"{verb}SagDokumentIndeksInput": verb for verb in _NAMED}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
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
    asked = _asked(raw)
    if (made := _created(raw)) is not None:
        space, number = made
        root = etree.Element(f"{{{space}}}OpretOutput", nsmap={"sd": _SD})
        fill(etree.SubElement(root, f"{{{_SD}}}StandardRetur"), code, text, detail)
        if number and code == 20:
            _text(root, "UUIDIdentifikator", number)
    elif asked is None:
        root = etree.Element(f"{{{_SD}}}StandardRetur", nsmap={"sd": _SD})
        fill(root, code, text, detail)
    else:
        verb, named = asked
        space = f"{_SDI}:{_OLD if f'{_SDI}:{_OLD}'.encode() in raw else '6'}"
        root = etree.Element(f"{{{space}}}{verb}SagDokumentIndeksOutput", nsmap={"sdi": space, "sd": _SD})
        for kind, uuid in named:
            line = etree.SubElement(root, f"{{{_SD}}}UnikRetur")
            fill(line, code, text, detail)
            _text(line, "Type", kind)
            _text(line, "UUIDIdentifikator", uuid)
        if not named:
            fill(etree.SubElement(root, f"{{{_SD}}}StandardRetur"), code, text, detail)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _created(raw: bytes) -> tuple[str, str] | None:
    """The namespace of an OpretInput and the UUID that its object gets, "" where nothing names it; None for any other
    message."""
    if operations.CREATES.encode() not in raw:
        return None
    root: etree._Element | None = None
    try:
        root = next(xml.parse(raw).iter(f"{{*}}{operations.CREATES}"), None)
        if root is None:
            return None
        (made,) = case.find(walk.of_element(root))
    except GatewayError:
        return (_space(root.tag), "") if root is not None else None
    return _space(root.tag), made.uuid


def _space(tag: str) -> str:
    return tag.partition("}")[0].removeprefix("{")


def _asked(raw: bytes) -> tuple[str, list[tuple[str, str]]] | None:
    """What the wrapper asks for, and the kind and UUID of each thing in it; None where there is no wrapper."""
    try:
        root = xml.parse(raw)
    except GatewayError:
        return None
    wrapper = next(root.iter(*(f"{{*}}{name}" for name in _WRAPPERS)), None)
    if wrapper is None:
        return None
    verb = _WRAPPERS[xml.local(wrapper.tag)]
    named = [(_NAMED[verb].get(xml.local(child.tag), ""), _uuid(child)) for child in wrapper]
    return verb, [(kind, uuid) for kind, uuid in named if kind and uuid]


def _uuid(thing: etree._Element) -> str:
    """Its UUID in small letters; "" for what is none, as an answer repeats nothing else."""
    text = (thing.findtext("{*}UUIDIdentifikator") or "").strip().lower()
    return text if _UUID.fullmatch(text) else ""


def fill(parent: etree._Element, code: int, text: str, detail: str) -> None:
    """Put StatusKode and the texts of a StandardRetur into an element."""
    _text(parent, "StatusKode", str(code))
    _text(parent, "FejlbeskedTekst", text)
    if detail:
        _text(parent, "DetaljeretFejlbesked", detail)


def _text(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{_SD}}}{name}").text = text

"""Acknowledgements (HL7 v2.5 chapter 2.9): MSA, and ERR where something was wrong. modes.py says which, and when.

The sender's header is copied as bytes, so the answer is in the sender's character set and delimiters. Safe on any
bytes: what has no readable header gets a minimal answer with an empty MSA-2. Only texts of our own stand in MSA-3
and ERR, never a value from the message.

Before 2.5 the place stands in ERR-1 (`PID^1^3^101&Required field missing&HL70357`) and the text in MSA-3.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from gateway.errors import GatewayError, Unreadable
from gateway.translate.hl7v2.escape import escaped
from gateway.translate.hl7v2.header import VERSION, Delimiters, Header, read

# HL7 table 0357
CONDITIONS = {
    "0": "Message accepted",
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}
_EVENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_PLACE = re.compile(r"[A-Z][A-Z0-9]{2}(\^[0-9]{1,6}){0,5}")
_CONTROL = re.compile(r"[\x00-\x1f]")
_LONGEST = 500  # of a copied field; longer ones are no header values but an attack


def positive(raw: bytes, now: datetime, code: str = "AA", note: str = "", accept: str = "") -> bytes:
    """AA or CA: the message is safely kept. A note (`received before`) is told as information; `accept` is MSH-15."""
    return _answer(raw, now, code, "0", note, accept=accept)


def negative(raw: bytes, error: GatewayError, now: datetime, code: str = "", accept: str = "") -> bytes:
    """AE or AR by the error's class unless `code` says CE or CR, with its place and code."""
    place = error.where if _PLACE.fullmatch(error.where) else ""
    return _answer(raw, now, code or error.ack, error.condition, error.told(), place, "E", accept)


def _answer(
    raw: bytes,
    now: datetime,
    code: str,
    condition: str,
    text: str,
    place: str = "",
    severity: str = "I",
    accept: str = "",
) -> bytes:
    try:
        header = read(raw)
    except Unreadable:
        header = Header(Delimiters(), ())
    marks = header.delimiters
    version = _version(header)
    recent = int(version[2]) >= 5  # the ERR segment with location, code and severity of its own
    told = _ascii(text, marks)
    separator, own = marks.field, f"{marks.component}{marks.repetition}{marks.escape}{marks.subcomponent}"
    msh = [
        f"MSH{separator}{own}{marks.truncation}",
        *(_copy(header, number) for number in (5, 6, 3, 4)),
        now.strftime("%Y%m%d%H%M%S%z"),
        "",
        _type(header),
        control_id(header, now, code),
        _copy(header, 11) or "P",
        version,
        "",
        "",
        accept,
        "NE" if accept else "",
        "",
        _copy(header, 18),
    ]
    msa = ["MSA", code, _copy(header, 10), "" if recent else told]
    segments = [msh, msa]
    if told or severity == "E":
        segments.append(_err(marks, recent, condition, place, severity, told))
    return "".join(separator.join(fields).rstrip(separator) + "\r" for fields in segments).encode("latin-1")


def _err(marks: Delimiters, recent: bool, condition: str, place: str, severity: str, told: str) -> list[str]:
    name = CONDITIONS.get(condition, "")
    where = place.replace("^", marks.component)
    if recent:
        code = marks.component.join((condition, name, "HL70357"))
        return ["ERR", "", where, code, severity, "", "", told, told if severity == "E" else ""]
    inside = (marks.subcomponent or " ").join((condition, name, "HL70357"))
    places = [*place.split("^")[:3], "", "", ""][:3]
    return ["ERR", marks.component.join((*places, inside))]


def _version(header: Header) -> str:
    """MSH-12 as it stands, without blanks around it; 2.5 where it names no version that is understood here, or is too
    long to be copied."""
    known = VERSION.fullmatch(header.part(12))
    return (_copy(header, 12).strip() if known else "") or "2.5"


def _copy(header: Header, number: int) -> str:
    """A header field as it stands, without anything that could end a segment or a frame."""
    field = header.field(number)
    return _CONTROL.sub("", field) if len(field) <= _LONGEST else ""


def _type(header: Header) -> str:
    """MSH-9: `ACK^A01^ACK`, `ACK` when the event cannot be read."""
    event = header.part(9, 2)
    mark = header.delimiters.component
    return mark.join(("ACK", event, "ACK")) if mark and _EVENT.fullmatch(event) else "ACK"


def control_id(header: Header, now: datetime, code: str) -> str:
    """MSH-10, 20 characters: the same for the same message answered with the same code at the same time."""
    text = f"{header.field(3)}\0{header.field(4)}\0{header.field(10)}\0{code}\0{now.isoformat()}"
    return hashlib.sha256(text.encode("latin-1")).hexdigest()[:20].upper()


def _ascii(text: str, marks: Delimiters) -> str:
    """Our own text as ASCII, which every character set of table 0211 holds."""
    return escaped(text.replace("\u00e6", "ae").encode("ascii", "replace").decode("ascii"), marks)

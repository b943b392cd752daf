"""Acknowledgements of what was sent: MSA, and ERR where something was wrong (HL7 v2.5 chapter 2.15.8).

| MSA-1 | outcome |
|---|---|
| AA | ok |
| CA | taken: stored, what becomes of it is told later |
| AE, CE | fatal-error: the same content will be refused again |
| AR, CR | transient-error; fatal where ERR says that type, event, processing id or version are not supported |
"""

from __future__ import annotations

import re

from gateway.domain.outgoing import Outcome, Receipt
from gateway.errors import GatewayError, Unreadable
from gateway.translate.hl7v2 import charset
from gateway.translate.hl7v2.header import Header, content_start, read

_OUTCOMES: dict[str, Outcome] = {
    "AA": "ok", "CA": "taken", "AE": "fatal-error", "CE": "fatal-error", "AR": "transient-error",
    "CR": "transient-error",
}  # fmt: skip
_NOT_SUPPORTED = frozenset({"200", "201", "202", "203"})  # HL7 table 0357
_LINES = re.compile(r"[\r\n]+")
_LONGEST = 500


def receipt(raw: bytes) -> Receipt:
    """What an acknowledgement says, from its bytes. Raises Unreadable where MSA is missing or says nothing known."""
    header = read(raw)
    segments = _segments(raw, header)
    msa = next((fields for fields in segments if fields[0].upper() == "MSA"), None)
    if msa is None:
        raise Unreadable("An acknowledgement needs MSA", where="MSA^1")
    outcome = _OUTCOMES.get(_field(msa, 1).strip().upper())
    if outcome is None:
        raise Unreadable("MSA-1 is no acknowledgement code", where="MSA^1^1")
    errors = [fields for fields in segments if fields[0].upper() == "ERR"]
    if outcome == "transient-error" and any(_not_supported(fields, header) for fields in errors):
        outcome = "fatal-error"
    texts = [_field(msa, 3), *(_field(fields, number) for fields in errors for number in (8, 7))]
    text = next((one for one in texts if one.strip()), "")
    return Receipt(_field(msa, 2).strip(), outcome, text[:_LONGEST])


def _segments(raw: bytes, header: Header) -> list[list[str]]:
    """The lines as fields. What the declared character set cannot read is read as Latin-1: ids are ASCII anyway."""
    content = raw[content_start(raw) :]
    try:
        text = content.decode(charset.codec(header.part(18)))
    except (UnicodeDecodeError, GatewayError):
        text = content.decode("latin-1")
    return [line.split(header.delimiters.field) for line in _LINES.split(text) if line]


def _not_supported(err: list[str], header: Header) -> bool:
    """ERR-3 (2.5 and later) or the last component of ERR-1."""
    component, inner = header.delimiters.component, header.delimiters.subcomponent
    recent = _field(err, 3).split(component)[0] if component else _field(err, 3)
    old = _field(err, 1).split(component)[3:4] if component else []
    return recent in _NOT_SUPPORTED or any(one.split(inner or "&")[0] in _NOT_SUPPORTED for one in old)


def _field(fields: list[str], number: int) -> str:
    return fields[number] if number < len(fields) else ""

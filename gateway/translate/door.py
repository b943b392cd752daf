"""Which door a message would come through, told from its first bytes: for files on a command line."""

from __future__ import annotations

from gateway.errors import UnknownMessage

_FHIR = b'"http://hl7.org/fhir"'
_BLANK = b"\xef\xbb\xbf \t\r\n\x0b"


def door_of(raw: bytes) -> str:
    """`hl7v2`, `fhir-message` or `oio`. Raises UnknownMessage for what looks like none of them."""
    text = raw.lstrip(_BLANK)
    if text[:3].upper() == b"MSH":
        return "hl7v2"
    if text[:1] == b"{":
        return "fhir-message"
    if text[:1] == b"<":
        return "fhir-message" if _FHIR in text[:4000].replace(b"'", b'"') else "oio"
    raise UnknownMessage("This is neither HL7 v2, nor JSON, nor XML")

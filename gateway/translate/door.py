"""Which door a message would come through, told from its first bytes: for files on a command line."""

from __future__ import annotations

import re

from gateway.errors import UnknownMessage
from gateway.translate import vans

_FHIR = b'"http://hl7.org/fhir"'
_LETTER = re.compile(rb"<(?:[\w.-]+:)?Emessage[\s>]")
_ENVELOPED = b"VANSEnvelope"
_BLANK = b"\xef\xbb\xbf \t\r\n\x0b"


def door_of(raw: bytes) -> str:
    """`hl7v2`, `fhir-message`, `oioxml`, `edifact` or `oio`. Raises UnknownMessage for what looks like none of them.

    Of what lies in a VANSEnvelope that which it holds is told; what is wrong with the envelope is raised.
    """
    text = raw.lstrip(_BLANK)
    if text[:3].upper() in (b"MSH", b"FHS", b"BHS"):
        return "hl7v2"
    if text[:3] in (b"UNA", b"UNB"):
        return "edifact"
    if text[:1] == b"{":
        return "fhir-message"
    if text[:1] == b"<" and _ENVELOPED in text[:4000]:
        found = vans.opened(raw)
        return "oioxml" if found.envelope is None else door_of(found.content)
    if text[:1] == b"<" and _LETTER.search(text[:4000]):
        return "oioxml"
    if text[:1] == b"<":
        return "fhir-message" if _FHIR in text[:4000].replace(b"'", b'"') else "oio"
    raise UnknownMessage("This is neither HL7 v2, nor EDIFACT, nor JSON, nor XML")

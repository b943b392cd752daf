"""Which door a message would come through, told from its first bytes: for files on a command line."""

from __future__ import annotations

import re

from gateway.errors import UnknownMessage
from gateway.translate import vans
from gateway.translate.rules.fetching import VENDORS

_FHIR = b'"http://hl7.org/fhir"'
_LETTER = re.compile(rb"<(?:[\w.-]+:)?Emessage[\s>]")
_ENVELOPED = b"VANSEnvelope"
_JSON_TYPE = re.compile(rb'"type"\s*:\s*"(collection|message)"')
_XML_TYPE = re.compile(rb"<(?:[\w.-]+:)?type\s+value\s*=\s*[\"'](collection|message)[\"']")
_ASKED = re.compile(rb'\{\s*"vendor"\s*:\s*"(' + "|".join(VENDORS).encode() + rb')"')
_LORA = re.compile(rb'"(?:sag|dokument|indsats)(?:egenskaber|fremdrift)"|"(?:attributter|relationer)"\s*:')
_RESOURCE = re.compile(rb'"resourceType"')
_BENEFITS = b"urn:oio:sts:ydelse:"
_XML_OF_HL7 = b"urn:hl7-org:v2xml"
_BLANK = b"\xef\xbb\xbf \t\r\n\x0b"


def door_of(raw: bytes) -> str:
    """`hl7v2`, `fhir-message`, `kl-report`, `oioxml`, `edifact`, `oio`, `oio-json`, `ydelse`, or a vendor. Raises
    UnknownMessage for none of them.

    Of what lies in a VANSEnvelope that which it holds is told; what is wrong with the envelope is raised.
    """
    text = raw.lstrip(_BLANK)
    if text[:3].upper() in (b"MSH", b"FHS", b"BHS") or (text[:1] == b"<" and _XML_OF_HL7 in text[:4000]):
        return "hl7v2"
    if text[:3] in (b"UNA", b"UNB"):
        return "edifact"
    if asked := _ASKED.match(text[:100]):
        return asked[1].decode()
    if text[:1] == b"{" and _LORA.search(text) and not _RESOURCE.search(text):
        return "oio-json"
    if text[:1] == b"{":
        return "kl-report" if _is_collection(_JSON_TYPE, text) else "fhir-message"
    if text[:1] == b"<" and _ENVELOPED in text[:4000]:
        found = vans.opened(raw)
        return "oioxml" if found.envelope is None else door_of(found.content)
    if text[:1] == b"<" and _LETTER.search(text[:4000]):
        return "oioxml"
    if text[:1] == b"<":
        if _FHIR not in text[:4000].replace(b"'", b'"'):
            return "ydelse" if _BENEFITS in text[:20_000] else "oio"
        return "kl-report" if _is_collection(_XML_TYPE, text) else "fhir-message"
    raise UnknownMessage("This is neither HL7 v2, nor EDIFACT, nor JSON, nor XML")


def _is_collection(type_: re.Pattern[bytes], text: bytes) -> bool:
    """Whether the Bundle says so, wherever its type stands. Nothing inside it has a type of these words."""
    found = type_.search(text)
    return found is not None and found[1] == b"collection"

"""Bytes to a FHIR resource, in whichever of the two formats they came.

http://hl7.org/fhir/R4/http.html#mime-type. The result is FHIR JSON in Python: dict, list, str, bool, int and
Decimal. XML comes out the same way, so nothing behind this door knows in which format a message came.
"""

from __future__ import annotations

import re
from typing import Any

from gateway.errors import Unreadable, WrongCharset
from gateway.translate.fhir.read_json import read_json, spells_characters
from gateway.translate.fhir.read_xml import read_xml
from gateway.translate.r4 import Facts

_UNFIT = re.compile(rb"(?<!\\)((?:\\\\)*+)\\u(?:00(?:0[0-8bBcCeEfF]|1[0-9a-fA-F])|[fF]{3}[eEfF])")
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)


def parse(
    raw: bytes, content_type: str = "", known: Facts | None = None, disordered: list[str] | None = None
) -> dict[str, Any]:
    """One resource from its bytes; `content_type` decides the format, without one the first character does.

    `known` are other definitions than those of the types that the gateway speaks; XML is read by them.
    `disordered` gets the places of elements of XML that are not in the order of their definition.
    Raises Unreadable, WrongCharset, WrongType or TooLarge with the place (line and column, or FHIR path).
    """
    language = _told_by(content_type) or written_in(raw)
    if language == "json":
        return read_json(raw)
    if language == "xml":
        return read_xml(raw, known, disordered)
    raise Unreadable("The bytes are neither FHIR JSON nor FHIR XML.", where="line 1")


def parse_message(raw: bytes) -> dict[str, Any]:
    """One message, as `parse`, but tolerant: characters that no text of FHIR holds (R4 2.24.0.1), which JSON alone can
    spell, become blanks as they do in every other language (blanks.py). Who writes a resource by REST is refused."""
    return parse(_UNFIT.sub(rb"\1\\u0020", raw) if spells_characters(raw) and written_in(raw) == "json" else raw)


def written_in(raw: bytes) -> str:
    """`json` or `xml` by the first character, empty when it is neither."""
    start = raw[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return {b"{": "json", b"[": "json", b"<": "xml"}.get(start, "")


def _told_by(content_type: str) -> str:
    """The format that a media type names: `application/fhir+json`, `text/xml`, `json` … Raises WrongCharset."""
    if not content_type:
        return ""
    declared = _CHARSET.search(content_type)
    if declared and declared[1].lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise WrongCharset("FHIR is written in UTF-8.", where="Content-Type")
    kind = content_type.partition(";")[0].strip().lower()
    return next((word for word in ("json", "xml") if kind == word or kind.endswith((f"/{word}", f"+{word}"))), "")

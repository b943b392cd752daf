"""What a document holds: OBX-5 of MDM messages as FHIR attachments.

| OBX-2 | becomes |
|---|---|
| ED | an attachment of its own: source application ^ type ^ subtype ^ encoding ^ data (HL7 v2.5, 2.A.24) |
| RP | an attachment of its own, by its address |
| TX, FT, ST, empty and anything else | a line of the document's text; RTF is told by its beginning |

Senders write long texts as one OBX per line, so all lines together are one text. A line that its sender has taken back
(OBX-11 D or W) is none. Data that are not in the encoding they name are left out with a finding: base64Binary that
nobody can read helps nobody.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence

from gateway.translate.hl7v2.parse import Repetition, Segment
from gateway.translate.rules.reader import Env, Unfit

# Types of table 0834, which are MIME's; those of the older table 0191 (AP, IM, TEXT …) are translated by a code table.
_MIME = frozenset({"application", "audio", "image", "model", "text", "video", "multipart"})
_BEGINNINGS = (
    (b"%PDF-", "application/pdf"), (b"{\\rtf", "text/rtf"), (b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"),
)  # fmt: skip
_APART = frozenset({"ED", "RP"})
_TAKEN_BACK = frozenset({"D", "W"})
_BLANK = re.compile(r"\s+")
_ADDRESS = re.compile(r"(?:https?|urn|ftp)[^\s]*", re.IGNORECASE)


def text_data(env: Env, segments: Sequence[Segment]) -> str:
    """The lines of a document (OBX or NTE segments), as base64 of UTF-8; nothing when there is none."""
    return _data(_text(segments))


def text_type(env: Env, segments: Sequence[Segment]) -> str:
    """`text/rtf` or `text/plain`; nothing when there is no text."""
    found = _text(segments)
    return found and ("text/rtf" if found.startswith("{\\rtf") else "text/plain")


def text_size(env: Env, segments: Sequence[Segment]) -> int | None:
    """The bytes of the text."""
    return len(_text(segments).encode()) or None


def media(env: Env, node: Repetition) -> str:
    """ED: the media type by how the data begin, else as ED.2 and ED.3 tell it, in small letters (`ap/pdf`)."""
    data = _enclosed(node)
    for beginning, found in _BEGINNINGS:
        if data.startswith(beginning):
            return found
    return _named(node.value(2).lower(), node.value(3).lower())


def media_pointed_at(env: Env, node: Repetition) -> str:
    """RP: the media type as RP.3 and RP.4 tell it, in small letters (`ap/pdf`)."""
    return _named(node.value(3).lower(), node.value(4).lower())


def _named(kind: str, subtype: str) -> str:
    if "/" in subtype or "/" in kind:
        return next(name for name in (subtype, kind) if "/" in name)
    if kind in _MIME and subtype:
        return f"{kind}/{subtype}"
    return f"{kind}/{subtype}" if subtype else kind


def enclosed(env: Env, node: Repetition) -> str:
    """ED: its data as base64. Raises Unfit when there are none, or not in the encoding that ED.4 names."""
    return base64.b64encode(_enclosed(node, strict=True)).decode("ascii")


def enclosed_size(env: Env, node: Repetition) -> int | None:
    """ED: the bytes of its data."""
    return len(_enclosed(node)) or None


def address(env: Env, node: Repetition) -> str:
    """RP: where the content can be fetched."""
    found = node.value(1)
    if not _ADDRESS.fullmatch(found):
        raise Unfit("is no address of a document")
    return found


def _enclosed(node: Repetition, *, strict: bool = False) -> bytes:
    written, encoding = node.value(5), node.value(4).upper()
    if not written:
        if strict:
            raise Unfit("has no data")
        return b""
    try:
        if encoding.startswith("HEX"):
            return bytes.fromhex(written)
        if encoding in ("A", "ASCII", "TEXT"):
            return written.encode()
        return base64.b64decode(_BLANK.sub("", written), validate=True)
    except (ValueError, binascii.Error):
        if strict:
            raise Unfit("holds data that are not in the encoding it names") from None
        return b""


def _text(segments: Sequence[Segment]) -> str:
    """The lines of OBX-5 (or NTE-3), repetitions as lines; of anything that is no text with its name before it."""
    found: list[str] = []
    for segment in segments:
        if segment.name == "NTE":
            found += _texts(segment, 3)
        elif segment.value(2).upper() not in _APART and segment.value(11) not in _TAKEN_BACK:
            found += _told(segment)
    return "\n".join(found).strip("\n")


def _told(segment: Segment) -> list[str]:
    if segment.value(2).upper() in ("TX", "FT", "ST", ""):
        return _texts(segment, 5) or [""]
    value = " ".join(filter(None, (" ".join(_texts(segment, 5)), segment.value(6, 2) or segment.value(6))))
    name = segment.value(3, 2) or segment.value(3)
    return [f"{name}: {value}" if name else value] if value else []


def _texts(segment: Segment, field: int) -> list[str]:
    """Each repetition as it would be read: components keep their blanks between them."""
    found = []
    for repetition in segment.repetitions(field):
        parts = repetition.raw.split(repetition.marks.component)
        found.append(" ".join(filter(None, map(repetition.marks.head, parts))))
    return found


def _data(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii") if text else ""

"""The content of a message without its envelope, as a hash: the same content sent twice has the same fingerprint.

The header's id counts: the official rule calls a message with a known one a duplicate. It does not count alone,
as official examples use one for several stays: what the resources say counts too.
Left out is what a resend may change: the Bundle's id and timestamp, fullUrls and the resources' own ids (a reference
becomes what it points at), their order, profiles, narratives, and when the Provenances were sent.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import orjson

from gateway.translate.fhir.message import Message

Json = dict[str, Any]

_LEFT_OUT = frozenset({"id", "text", "implicitRules", "language", "meta"})
_SENT = _LEFT_OUT | {"occurredDateTime", "occurredPeriod", "recorded", "signature"}
# In JSON as orjson writes it: inside of a text its quotes would be escaped.
_REFERENCE = b'"reference":"'
_END = re.compile(rb'((?:[^"\\]|\\.)*)"')


def fingerprint(message: Message) -> bytes:
    """SHA-256 of the content."""
    shown = _Shown(message)
    parts = sorted([content.whole(shown) for content in shown.contents.values()])
    return _sha(_sha(_written(message.header["id"])) + b"".join(parts))


class _Content:
    """A resource as JSON, cut at its references. Splitting takes a tenth of what a search by a regular expression
    does."""

    __slots__ = ("_bare", "_first", "_references")

    def __init__(self, resource: Json) -> None:
        written = _content(resource)
        self._first, *found = written.split(_REFERENCE)
        self._references = [one.partition(b'"') for one in found] if b"\\" not in written else list(map(_cut, found))
        self._bare = b""

    def whole(self, shown: _Shown) -> bytes:
        """The hash of it with each reference as it is to be shown."""
        if not self._references:
            return self.bare()
        return _sha(self._first + b"".join([shown[written] + rest for written, _, rest in self._references]))

    def bare(self) -> bytes:
        """The hash of what it is, whatever it points at."""
        if not self._bare:
            self._bare = _sha(self._first + b"".join([rest for _, _, rest in self._references]))
        return self._bare


def _cut(found: bytes) -> tuple[bytes, bytes, bytes]:
    """A reference's text as it is written, its last quote and what comes behind that: with a backslash before it, a
    quote is no last one."""
    whole = _END.match(found)
    return (whole[1], b'"', found[whole.end() :]) if whole else found.partition(b'"')


class _Shown(dict[bytes, bytes]):
    """References as what they point at, each looked up once; as they are, where that is the header or nothing in the
    message. `contents` are by the resource's identity."""

    def __init__(self, message: Message) -> None:
        super().__init__()
        self.contents = {id(resource): _Content(resource) for resource in message.resources()}
        self._message = message

    def __missing__(self, written: bytes) -> bytes:
        target = self._message.resolve({"reference": orjson.loads(b'"%s"' % written)})
        points = target is not None and target is not self._message.header
        told = self.contents[id(target)].bare().hex().encode() if points else written
        self[written] = found = b'%s%s"' % (_REFERENCE, told)
        return found


def concerns(*about: str) -> bytes:
    """SHA-256 of whom and what a message is about: under one id there may be one content about it only."""
    return _sha(_written(about))


def _content(resource: Json) -> bytes:
    """A resource without its envelope, as JSON with sorted keys."""
    kept = resource.copy()
    for name in _SENT if resource["resourceType"] == "Provenance" else _LEFT_OUT:
        kept.pop(name, None)
    meta = resource.get("meta")
    if isinstance(meta, dict) and meta.get("security"):
        kept["security"] = meta["security"]
    return _written(kept)


def _written(content: Any) -> bytes:
    return orjson.dumps(content, default=str, option=orjson.OPT_SORT_KEYS)


def _sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()

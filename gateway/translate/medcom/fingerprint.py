"""The content of a message without its envelope, as a hash: the same content sent twice has the same fingerprint.

The header's id counts: the official rule calls a message with a known one a duplicate. It does not count alone,
as official examples use one for several stays: what the resources say counts too.
Left out is what a resend may change: the Bundle's id and timestamp, fullUrls and the resources' own ids (a reference
becomes what it points at), their order, profiles, narratives, and when the Provenances were sent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
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
    contents = {id(resource): _Content(_content(resource)) for resource in message.resources()}
    shown = _Targets(message, contents).shown
    parts = sorted([_sha(content.with_references(shown)) for content in contents.values()])
    return hashlib.sha256(_sha(_written(message.header["id"])) + b"".join(parts)).digest()


class _Content:
    """A resource as JSON, cut at its references. Splitting takes a tenth of what a search by a regular expression
    does."""

    __slots__ = ("_first", "_references")

    def __init__(self, written: bytes) -> None:
        self._first, *found = written.split(_REFERENCE)
        self._references = [_cut(one) for one in found]

    def with_references(self, shown: Callable[[bytes], bytes]) -> bytes:
        """With each reference as it is to be shown."""
        if not self._references:
            return self._first
        return self._first + b"".join([shown(written) + rest for written, rest in self._references])

    def without_references(self) -> bytes:
        """What it is, whatever it points at."""
        return self._first + b"".join([rest for _, rest in self._references])


def _cut(found: bytes) -> tuple[bytes, bytes]:
    """A reference's text as it is written, and what comes behind it."""
    written, _, rest = found.partition(b'"')
    if b"\\" in written and (whole := _END.match(found)):
        return whole[1], found[whole.end() :]
    return written, rest


class _Targets:
    """What references point at, each read once however many point at it. `contents` are by the resource's identity."""

    def __init__(self, message: Message, contents: Mapping[int, _Content]) -> None:
        self._message = message
        self._contents = contents
        self._seen: dict[bytes, bytes] = {}
        self._read: dict[int, bytes] = {}

    def shown(self, written: bytes) -> bytes:
        """A reference as what it points at; as it is, where that is the header or nothing in the message."""
        found = self._seen.get(written)
        if found is None:
            found = self._seen[written] = self._target(written) or b'%s%s"' % (_REFERENCE, written)
        return found

    def _target(self, written: bytes) -> bytes:
        url = orjson.loads(b'"' + written + b'"')
        target = self._message.resolve({"reference": url})
        if target is None or target is self._message.header:
            return b""
        if id(target) not in self._read:
            content = self._contents[id(target)].without_references()
            self._read[id(target)] = b'%s%s"' % (_REFERENCE, _sha(content).hex().encode())
        return self._read[id(target)]


def concerns(*about: str) -> bytes:
    """SHA-256 of whom and what a message is about: under one id there may be one content about it only."""
    return _sha(_written(about))


def _content(resource: Json) -> bytes:
    """A resource without its envelope, as JSON with sorted keys."""
    left_out = _SENT if resource.get("resourceType") == "Provenance" else _LEFT_OUT
    kept = {name: value for name, value in resource.items() if name not in left_out}
    meta = resource.get("meta")
    if isinstance(meta, dict) and meta.get("security"):
        kept["security"] = meta["security"]
    return _written(kept)


def _written(content: Any) -> bytes:
    return orjson.dumps(content, default=str, option=orjson.OPT_SORT_KEYS)


def _sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()

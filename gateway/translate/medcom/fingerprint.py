"""The content of a message without its envelope, as a hash: the same content sent twice has the same fingerprint.

The header's id counts: the official rule calls a message with a known one a duplicate. It does not count alone,
as official examples use one for several stays: what the resources say counts too.
Left out is what a resend may change: the Bundle's id and timestamp, fullUrls and the resources' own ids (a reference
becomes what it points at), their order, profiles, narratives, and when the Provenances were sent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import orjson

from gateway.translate.fhir.message import Message

Json = dict[str, Any]

_LEFT_OUT = frozenset({"id", "text", "implicitRules", "language", "meta"})
_SENT = _LEFT_OUT | {"occurredDateTime", "occurredPeriod", "recorded", "signature"}
# In JSON as orjson writes it: inside of a text its quotes would be escaped.
_REFERENCE = re.compile(rb'"reference":"((?:[^"\\]|\\.)*)"')


def fingerprint(message: Message) -> bytes:
    """SHA-256 of the content."""
    contents = {id(resource): _content(resource) for resource in message.resources()}
    shown = _Targets(message, contents).shown
    parts = sorted([_sha(_REFERENCE.sub(shown, content)) for content in contents.values()])
    return hashlib.sha256(_sha(_written(message.header["id"])) + b"".join(parts)).digest()


class _Targets:
    """What references point at, each read once however many point at it. `contents` are by the resource's identity."""

    def __init__(self, message: Message, contents: Mapping[int, bytes]) -> None:
        self._message = message
        self._contents = contents
        self._seen: dict[bytes, bytes] = {}
        self._read: dict[int, bytes] = {}

    def shown(self, reference: re.Match[bytes]) -> bytes:
        """A reference as what it points at; as it is, where that is the header or nothing in the message."""
        written = reference[1]
        found = self._seen.get(written)
        if found is None:
            found = self._seen[written] = self._target(written) or reference[0]
        return found

    def _target(self, written: bytes) -> bytes:
        url = orjson.loads(b'"' + written + b'"')
        target = self._message.resolve({"reference": url})
        if target is None or target is self._message.header:
            return b""
        if id(target) not in self._read:
            content = _REFERENCE.sub(b"", self._contents[id(target)])
            self._read[id(target)] = b'"reference":"%s"' % _sha(content).hex().encode()
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

"""The content of a message without its envelope, as a hash: the same content sent twice has the same fingerprint.

The header's id counts: the official rule calls a message with a known one a duplicate. It does not count alone,
as official examples use one for several stays: what the resources say counts too.
Left out is what a resend may change: the Bundle's id and timestamp, fullUrls and the resources' own ids (a reference
becomes what it points at), their order, profiles, narratives, and when the Provenances were sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any

import orjson

from gateway.translate.fhir.message import Message

Json = dict[str, Any]
_Cut = tuple[bytes, list[tuple[bytes, bytes, bytes]]]
"""A resource as JSON up to its first reference; then each reference's text as it is written, its last quote, and what
comes behind it."""

_LEFT_OUT = frozenset({"id", "text", "implicitRules", "language", "meta"})
_SENT = _LEFT_OUT | {"occurredDateTime", "occurredPeriod", "recorded", "signature"}
# In JSON as orjson writes it: inside of a text its quotes would be escaped.
_REFERENCE = b'"reference":"'
_END = re.compile(rb'((?:[^"\\]|\\.)*)"')


def fingerprint(message: Message) -> bytes:
    """SHA-256 of the content."""
    contents = {id(resource): _cut(_content(resource)) for resource in message.resources()}
    shown: dict[bytes, bytes] = {}
    hashes = []
    for first, references in contents.values():
        parts = [first]
        for written, _, rest in references:
            if written not in shown:
                shown[written] = _shown(written, message, contents)
            parts += shown[written], rest
        hashes.append(sha256(b"".join(parts)).digest())
    hashes.sort()
    return sha256(sha256(_written(message.header["id"])).digest() + b"".join(hashes)).digest()


def _cut(written: bytes) -> _Cut:
    """A resource cut at its references. Splitting takes a tenth of what a search by a regular expression does."""
    first, *found = written.split(_REFERENCE)
    if b"\\" in written:
        return first, [_apart(one) for one in found]
    return first, [one.partition(b'"') for one in found]


def _apart(found: bytes) -> tuple[bytes, bytes, bytes]:
    """As `partition` at a reference's last quote: one with a backslash before it is none."""
    whole = _END.match(found)
    return (whole[1], b'"', found[whole.end() :]) if whole else found.partition(b'"')


def _shown(written: bytes, message: Message, contents: Mapping[int, _Cut]) -> bytes:
    """A reference as what it points at, whatever that points at; as it is, where that is the header or nothing in the
    message. `contents` are by the resource's identity."""
    target = message.resolve({"reference": orjson.loads(b'"%s"' % written)})
    if target is None or target is message.header:
        return b'%s%s"' % (_REFERENCE, written)
    first, references = contents[id(target)]
    bare = sha256(first + b"".join([rest for _, _, rest in references]))
    return b'%s%s"' % (_REFERENCE, bare.hexdigest().encode())


def concerns(*about: str) -> bytes:
    """SHA-256 of whom and what a message is about: under one id there may be one content about it only."""
    return sha256(_written(about)).digest()


def _content(resource: Json) -> bytes:
    """A resource without its envelope, as JSON with sorted keys."""
    kept = resource.copy()
    for name in _SENT if resource["resourceType"] == "Provenance" else _LEFT_OUT:
        kept.pop(name, None)
    meta = resource.get("meta")
    if isinstance(meta, dict) and meta.get("security"):
        kept["security"] = meta["security"]
    return _written(kept)


_written = partial(orjson.dumps, default=str, option=orjson.OPT_SORT_KEYS)

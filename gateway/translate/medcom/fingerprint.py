"""The content of a message without its envelope, as a hash: the same content sent twice has the same fingerprint.

The header's id counts: the official rule calls a message with a known one a duplicate. It does not count alone,
as official examples use one for several stays (hospital.md 6.2, pitfall 1): what the resources say counts too.
Left out is what a resend may change: the Bundle's id and timestamp, fullUrls and the resources' own ids (a reference
becomes what it points at), their order, profiles, narratives, and when the Provenances were sent.
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from gateway.translate.fhir.message import Message

Json = dict[str, Any]

_ENVELOPE = frozenset({"id", "text", "implicitRules", "language"})
_NESTED = frozenset({dict, list})
_SENT = frozenset({"occurredDateTime", "occurredPeriod", "recorded", "signature"})


def fingerprint(message: Message) -> bytes:
    """SHA-256 of the content."""
    targets = _Targets(message)
    parts = sorted(_digest(_plain(resource, targets)) for resource in message.resources())
    return hashlib.sha256(_digest(message.header["id"]) + b"".join(parts)).digest()


class _Targets:
    """What references point at, each read once however many point at it."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._seen: dict[int, str] = {}

    def shown(self, node: Json) -> Any:
        """A reference as what it points at; as it is, where that is the header or nothing in the message."""
        target = self._message.resolve(node)
        if target is None or target is self._message.header:
            return node["reference"]
        if id(target) not in self._seen:
            self._seen[id(target)] = _digest(_plain(target, None)).hex()
        return self._seen[id(target)]


def concerns(*about: str) -> bytes:
    """SHA-256 of whom and what a message is about: under one id there may be one content about it only."""
    return _digest(about)


def _plain(resource: Json, targets: _Targets | None) -> Json:
    """A resource without its envelope; without `targets` its references are left out."""
    left_out = _ENVELOPE | (_SENT if resource.get("resourceType") == "Provenance" else frozenset())
    kept = {name: _told(value, targets) for name, value in resource.items() if name not in left_out}
    meta = resource.get("meta")
    security = meta.get("security") if isinstance(meta, dict) else None
    return {**{n: v for n, v in kept.items() if n != "meta"}, **({"security": security} if security else {})}


def _told(node: Any, targets: _Targets | None) -> Any:
    if type(node) is list:
        return [_told(item, targets) for item in node]
    if type(node) is not dict:
        return node
    made = {
        name: _told(value, targets) if type(value) in _NESTED else value
        for name, value in node.items()
        if name != "reference"
    }
    if "reference" in node and targets is not None:
        made["reference"] = targets.shown(node)
    return made


def _digest(content: Any) -> bytes:
    return hashlib.sha256(orjson.dumps(content, default=str, option=orjson.OPT_SORT_KEYS)).digest()

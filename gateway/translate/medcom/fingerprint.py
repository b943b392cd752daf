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
    parts = sorted(_digest(_plain(resource, message)) for resource in message.resources())
    return hashlib.sha256(_digest(message.header["id"]) + b"".join(parts)).digest()


def concerns(*about: str) -> bytes:
    """SHA-256 of whom and what a message is about: under one id there may be one content about it only."""
    return _digest(about)


def _plain(resource: Json, message: Message | None) -> Json:
    """A resource without its envelope; without `message` its references are left out."""
    left_out = _ENVELOPE | (_SENT if resource.get("resourceType") == "Provenance" else frozenset())
    kept = {name: _told(value, message) for name, value in resource.items() if name not in left_out}
    meta = resource.get("meta")
    security = meta.get("security") if isinstance(meta, dict) else None
    return {**{n: v for n, v in kept.items() if n != "meta"}, **({"security": security} if security else {})}


def _told(node: Any, message: Message | None) -> Any:
    if type(node) is list:
        return [_told(item, message) for item in node]
    if type(node) is not dict:
        return node
    made = {
        name: _told(value, message) if type(value) in _NESTED else value
        for name, value in node.items()
        if name != "reference"
    }
    if "reference" in node and message is not None:
        target = message.resolve(node)
        if target is None or target is message.header:
            made["reference"] = node["reference"]
        else:
            made["reference"] = _digest(_plain(target, None)).hex()
    return made


def _digest(content: Any) -> bytes:
    return hashlib.sha256(orjson.dumps(content, default=str, option=orjson.OPT_SORT_KEYS)).digest()

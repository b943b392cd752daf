"""Large contents of documents: taken out of the DocumentReference and kept beside it, so that looking at a plan reads
none of them. In their place stands where they are read: `url` `Binary/<id>`, `size` and `hash` (SHA-1, as R4 has it).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from gateway.domain.correspondence import Attached, attached_key
from gateway.domain.resource import Ids
from gateway.domain.statement import Body, Statement

LONG = 65_536
"""Characters of base64; shorter contents stay where they are."""

_KIND = "DocumentReference"
_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+(?:; ?charset=[a-z0-9_.:-]+)?", re.ASCII)
_UNNAMED = "application/octet-stream"


def filed(
    statements: Sequence[Statement], ids: Ids, beside: Collection[str] = ()
) -> tuple[tuple[Statement, ...], tuple[Attached, ...]]:
    """The statements with small contents only, and the files. Contents `beside` are among these however small."""
    if _KIND not in [one.kind for one in statements]:  # nearly every message
        return tuple(statements), ()
    files: list[Attached] = []
    kept = tuple(
        replace(one, body=_without(one, ids, files, beside)) if one.kind == _KIND and "content" in one.body else one
        for one in statements
    )
    return kept, tuple(files)


def _without(one: Statement, ids: Ids, files: list[Attached], beside: Collection[str]) -> Body:
    return one.body | {"content": [_content(content, one.key, ids, files, beside) for content in one.body["content"]]}


def _content(
    content: dict[str, Any], key: str, ids: Ids, files: list[Attached], beside: Collection[str]
) -> dict[str, Any]:
    attachment = content["attachment"]
    told = attachment.get("data", "")
    if not told or (len(told) < LONG and told not in beside):
        return content
    body = base64.b64decode(attachment["data"])
    identity = ids("Binary", attached_key(key, hashlib.sha256(body).hexdigest()))
    named = attachment.get("contentType", "").strip().lower()
    files.append(Attached(identity, ids(_KIND, key), named if _TYPE.fullmatch(named) else _UNNAMED, body, _KIND))
    sha1 = hashlib.sha1(body, usedforsecurity=False).digest()
    left = {name: value for name, value in attachment.items() if name != "data"}
    place = {"url": f"Binary/{identity}", "size": len(body), "hash": base64.b64encode(sha1).decode("ascii")}
    return content | {"attachment": left | place}

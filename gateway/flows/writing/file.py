"""A file by itself: one more content of a document that its source wrote by REST. http://hl7.org/fhir/R4/binary.html

The DocumentReference decides who may read it, so there is no file without one (`Binary.securityContext`).
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from dataclasses import replace
from typing import Any

from gateway.domain.caller import Caller
from gateway.errors import Conflict, Unavailable
from gateway.flows.parts import Gateway, Served
from gateway.flows.writing.asked import Asked, Json
from gateway.flows.writing.single import TRIES, write
from gateway.store import resources, wire

KIND = "DocumentReference"


async def attach(gateway: Gateway, caller: Caller, document: str, content_type: str, data: str) -> Served:
    """Keep a file, as base64, with the document of this id; gives where it is read. The same file again is there
    already. Raises what an update of the document raises."""
    sha1 = b64encode(hashlib.sha1(b64decode(data), usedforsecurity=False).digest()).decode("ascii")

    def change(body: Json) -> Json:
        if _there(body, sha1):
            return body
        added = {"attachment": {"contentType": content_type, "data": data}}
        return body | {"content": [*body.get("content", []), added]}

    for _ in range(TRIES):
        found = await resources.find(gateway.database, KIND, document)
        version = found.sealed.version if found else 1
        asked = Asked("patch", KIND, document, if_match=f'W/"{version}"', change=change, beside=data)
        try:
            served = await write(gateway, caller, asked)
        except Conflict:
            continue
        place = _there(wire.decode(served.body), sha1) if served.body else ""
        where = f"{gateway.public_url}/fhir/{place}" if place else ""
        created = served.version != str(version)
        return replace(served, body=b"", version="", updated=None, location=where, created=created)
    raise Unavailable("Others write the same document all the time", hint="Send again.")


def _there(body: dict[str, Any], sha1: str) -> str:
    """Where the file is read, where the document has it beside it already; "" where it has not."""
    held = [one.get("attachment", {}) for one in body.get("content", [])]
    found = [str(one.get("url", "")) for one in held if one.get("hash") == sha1 and "data" not in one]
    return next((url for url in found if url.startswith("Binary/")), "")

"""An object whose UUID stood in the address that it was sent to, as LoRa's PUT, PATCH and DELETE have it."""

from __future__ import annotations

import json


def addressed(raw: bytes, uuid: str, *, whole: bool) -> bytes:
    """The object with its UUID in it, and that it tells only what changed unless `whole`. Bytes that are no object stay
    as they are: whoever reads them says so. An object that names itself is refused for its name that stands twice."""
    text = raw.lstrip(b" \t\r\n")
    if not text.startswith(b"{"):
        return raw
    told = {"uuid": uuid} if whole else {"uuid": uuid, "livscykluskode": "Rettet"}
    rest = text[1:].lstrip(b" \t\r\n")
    return json.dumps(told).encode()[:-1] + (b"" if rest.startswith(b"}") else b", ") + rest


def taken_out(uuid: str) -> bytes:
    """That the object is deleted. What LoRa's clients send along is a note on why, which is nobody's here."""
    return json.dumps({"uuid": uuid, "livscykluskode": "Slettet"}).encode()

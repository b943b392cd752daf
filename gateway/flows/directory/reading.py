"""Read, vread, history, and what references lead to. FHIR R4 3.1.0.1."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.when import BEGINNING
from gateway.errors import Gone, NotFound
from gateway.flows.directory.showing import Shown, allowed, of_table, record, served, shown
from gateway.flows.parts import Gateway, Served
from gateway.store import directory, wire
from gateway.store.directory import Entry

MOST = 500


async def read(gateway: Gateway, caller: Caller, kind: str, identity: str, version: int = 0) -> Served:
    """One of them, as it is or in one version. What is not there and what this caller may not see get the same answer:
    NotFound; what its source took back is Gone."""
    asked = f"GET {kind}/{identity}" + (f"/_history/{version}" if version else "")
    told = of_table(gateway, caller, f"{kind}/{identity}") if not version else None
    entry = None if told else await directory.find(gateway.database, kind, identity, version)
    look = Shown((told,), ()) if told else shown(gateway, caller, [entry] if entry else [])
    await record(gateway, caller, "vread" if version else "read", kind, asked, look)
    if not look.bodies:
        raise NotFound
    if entry and entry.withdrawn:
        raise Gone
    return served(gateway, look.bodies[0], entry.updated if entry else None)


async def history(
    gateway: Gateway, caller: Caller, kind: str, identity: str = "", since: datetime = BEGINNING, count: int = 50,
    offset: int = 0,
) -> Served:  # fmt: skip
    """Versions of one, or of all of a type, the newest first: a Bundle of type history. FHIR R4 3.1.0.7."""
    count = min(count, MOST)
    seen = allowed(gateway, caller)
    rows = await directory.versions(gateway.database, kind, identity, since, count + 1, offset, seen)
    look = shown(gateway, caller, rows[:count])
    asked = f"GET {kind}/{identity}/_history" if identity else f"GET {kind}/_history"
    told = of_table(gateway, caller, f"{kind}/{identity}") if identity else None
    await record(gateway, caller, "history-instance" if identity else "history-type", kind, asked, look)
    entries = [_version(gateway, *one) for one in zip(look.bodies, look.entries, strict=True)]
    if told:
        entries = [{"fullUrl": f"{gateway.public_url}/fhir/{kind}/{identity}", "resource": told}]
    if identity and not entries:
        raise NotFound
    place = f"{gateway.public_url}/fhir/{kind}/{identity}".rstrip("/") + "/_history"
    links = [{"relation": "self", "url": place}]
    if len(rows) > count:
        links.append({"relation": "next", "url": f"{place}?_count={count}&_offset={offset + count}"})
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "history", "link": links}
    bundle |= {"total": len(entries)} if len(links) == 1 and not offset else {}
    return Served(wire.encode(bundle | ({"entry": entries} if entries else {})))


def _version(gateway: Gateway, body: dict[str, Any], entry: Entry) -> dict[str, Any]:
    method = "DELETE" if entry.withdrawn else "POST" if entry.version == 1 else "PUT"
    place = f"{entry.kind}/{entry.id}"
    told: dict[str, Any] = {"fullUrl": f"{gateway.public_url}/fhir/{place}"}
    told |= {} if entry.withdrawn else {"resource": body}
    status = {"DELETE": "204", "POST": "201"}.get(method, "200")
    return told | {
        "request": {"method": method, "url": entry.kind if method == "POST" else place},
        "response": {
            "status": status,
            "etag": f'W/"{entry.version}"',
            "lastModified": entry.updated.isoformat(timespec="milliseconds"),
        },
    }

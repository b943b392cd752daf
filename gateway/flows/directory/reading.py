"""Read and vread of one in the directory. FHIR R4 3.1.0.1.1, 3.1.0.1.2."""

from __future__ import annotations

from gateway.domain.caller import Caller
from gateway.errors import Gone, NotFound
from gateway.flows.directory.showing import Shown, of_table, record, served, shown
from gateway.flows.parts import Gateway, Served
from gateway.store import directory

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

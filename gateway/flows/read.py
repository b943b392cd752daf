"""Read: one resource, as it is or in one version. FHIR R4 3.1.0.1.1 (read), 3.1.0.1.2 (vread)."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.caller import Caller
from gateway.domain.plan import is_joint
from gateway.errors import Forbidden, Gone, NotFound
from gateway.flows.joint_plan import joint_resource
from gateway.flows.looking import look_at_one, on_record, record_of, served
from gateway.flows.parts import Gateway, Served
from gateway.store import resources
from gateway.store.resources import Found, Reader


async def read(gateway: Gateway, caller: Caller, kind: str, identity: str, version: int = 0) -> Served:
    """One resource. What is not there and what this caller may not see get the same answer: NotFound.

    Raises Forbidden when the token names no purpose of use, whatever is asked for.
    """
    query = f"GET {kind}/{identity}" + (f"/_history/{version}" if version else "")
    if is_joint(kind, identity) and not version:
        return await joint_resource(gateway, caller, kind, identity)
    found = await _find(gateway, kind, identity, version) if caller.purposes else None
    if caller.role == "citizen":
        found = await with_names(gateway.database, found)
    seen = await look_at_one(gateway, gateway.database, caller, found)
    citizen = found.sealed.facts.citizen if found else ""
    interaction = "vread" if version else "read"
    await on_record(gateway, record_of(gateway, caller, interaction, kind, citizen, seen, query=query))
    if not caller.purposes:
        raise no_purpose()
    if not seen.permitted:
        raise NotFound
    if seen.permitted[0][0].facts.deleted:
        raise Gone
    return served(gateway, seen)


async def _find(gateway: Gateway, kind: str, identity: str, version: int) -> Found | None:
    if version:
        return await resources.find(gateway.database, kind, identity, version)
    return await gateway.finder.find(kind, identity)


async def with_names(database: Reader, found: Found | None) -> Found | None:
    """With all that its citizen goes by, for the eyes of a citizen. One statement, whether it is there or not: who
    reads what is somebody else's waits as long as who reads what is not there."""
    names = await resources.names_of(database, found.sealed.facts.citizen if found else "")
    return replace(found, names=names) if found else None


def no_purpose() -> Forbidden:
    """Sundhedsloven § 42 d: looking up for other than treatment is another thing, so the purpose must be said."""
    return Forbidden("The access token names no purpose of use", hint="Ask for a token with purpose_of_use.")

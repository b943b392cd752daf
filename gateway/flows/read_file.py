"""Read a file of correspondence or of a document: by whoever may see the resource that owns it, whole as it is shown to
that reader."""

from __future__ import annotations

from gateway.domain.caller import Caller
from gateway.domain.correspondence import OpenedFile
from gateway.errors import Gone, NotFound
from gateway.flows.covering import covers_body
from gateway.flows.looking import NOTHING, Seen, look_at_one, on_record, record_of, served
from gateway.flows.parts import Gateway
from gateway.flows.read import no_purpose, with_names
from gateway.store import attachments, resources


async def read_file(gateway: Gateway, caller: Caller, identity: str) -> OpenedFile:
    """One file. What is not there and what this caller may not see get the same answer: NotFound.

    A file has no labels of its own, and nothing but its id to meet the parameters of a scope by. Where payloads are
    taken out of its owner for this reader (a protected address), the files are not there either. Raises Gone with its
    owner, Forbidden when the token names no purpose of use.
    """
    async with gateway.database.connection() as connection:
        kind, owner = await attachments.owner_of(connection, identity) if caller.purposes else ("", "")
        named = (kind, owner) if caller.covers(kind) else ("", "")
        found = await resources.find(connection, *named) if caller.purposes else None  # of none too: it takes as long
        if caller.role == "citizen":
            found = await with_names(connection, found)
        seen = await look_at_one(gateway, connection, caller, found)
        covered = covers_body(gateway, caller, {"resourceType": "Binary", "id": identity})
        if seen.permitted and not (covered and _shows(gateway, seen, identity)):
            seen = NOTHING
    citizen = found.sealed.facts.citizen if found else ""
    query = f"GET Binary/{identity}"
    await on_record(gateway, record_of(gateway, caller, "read", "Binary", citizen, seen, query=query))
    if not caller.purposes:
        raise no_purpose()
    if not seen.permitted:
        raise NotFound
    if seen.permitted[0][0].facts.deleted:
        raise Gone
    return await attachments.open_(gateway.database, identity, seen.permitted[0][1])


def _shows(gateway: Gateway, seen: Seen, identity: str) -> bool:
    return f'"Binary/{identity}"'.encode() in served(gateway, seen).body

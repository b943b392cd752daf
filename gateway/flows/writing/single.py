"""One write: understood, kept, shown."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.caller import Caller
from gateway.errors import GatewayError, NotFound, Unavailable
from gateway.flows.looking import location_of, look_at_one, on_record, served
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose
from gateway.flows.writing.asked import Around, Asked, Moved, Standing, Word, Work, begun
from gateway.flows.writing.circles import unless_in_circle
from gateway.flows.writing.conditional import found_by, token_for, unless_there
from gateway.flows.writing.create import create
from gateway.flows.writing.patch import patch
from gateway.flows.writing.saying import Versions, looked_up, say, told
from gateway.flows.writing.update import update
from gateway.flows.writing.withdraw import withdraw
from gateway.store import resources

TRIES = 10


async def write(gateway: Gateway, caller: Caller, asked: Asked) -> Served:
    """Carry out one write and give the resource as it stands; nothing for a delete.

    Raises what is wrong with it. A refused write is on record like a refused look.
    """
    work = begun(gateway, caller, asked)
    try:
        if not caller.purposes:
            raise no_purpose()
        for _ in range(TRIES):
            try:
                return await _carried_out(gateway, caller, work)
            except Moved:
                continue
        raise Unavailable("Others write about the same citizen all the time", hint="Send again.")
    except Unavailable:
        raise
    except GatewayError:
        await on_record(gateway, work.record, *work.others)
        raise


async def _carried_out(gateway: Gateway, caller: Caller, work: Work) -> Served:
    around = Around()
    found = await found_by(gateway, caller, work, around.effort)
    try:
        word = await understood(gateway, caller, found, around)
        if isinstance(word, Word):
            written = {word.reference: word.statement.body}
            word = await unless_in_circle(gateway, caller, word, written, around.effort)
    finally:
        work.record = found.record
    others = await looked_up(gateway, [found])
    kept: Versions | None = {}
    if isinstance(word, Standing):
        await on_record(gateway, told(found, word), *others)
    else:
        kept = await say(gateway, [(found, word)], work.asked.raw, others)
    if work.asked.interaction == "delete":
        return Served(b"")
    return await shown(gateway, caller, word, kept)


async def understood(gateway: Gateway, caller: Caller, work: Work, around: Around, token: str = "") -> Word | Standing:
    """What one write comes to, with its condition settled. Raises what is wrong with it."""
    interaction = work.asked.interaction
    if interaction == "update":
        return await update(gateway, caller, work, around)
    if interaction == "patch":
        return await patch(gateway, caller, work, around)
    if interaction == "delete":
        return await withdraw(gateway, caller, work)
    token = token or await token_for(gateway, caller, work.asked)
    word = await create(gateway, caller, work, around, token)
    return await unless_there(gateway, caller, work, word, around)


async def shown(gateway: Gateway, caller: Caller, word: Word | Standing, kept: Versions | None) -> Served:
    """The resource as its writer may see it, in the version that the write made or found: of a later one its writer
    would know the ETag and not what it holds. Where it is at least, when that is hidden, nothing could be kept (None),
    or the database has gone away behind the commit: sent again it would be there twice."""
    kind, _, identity = word.reference.partition("/")
    created, where = isinstance(word, Word) and word.created, f"{gateway.public_url}/fhir/{word.reference}"
    try:
        found = await resources.find(gateway.database, kind, identity)
        own = word.version if isinstance(word, Standing) else (kept or {}).get(word.reference, 0)
        if found and 0 < own < found.sealed.version:
            found = await resources.find(gateway.database, kind, identity, own) or found
        seen = await look_at_one(gateway, gateway.database, caller, found)
    except Unavailable:
        return Served(b"", location=where, created=created)
    if found is None:
        if kept is not None:
            raise NotFound  # gone to another id in the meantime
        return Served(b"", location=f"{where}/_history/1", created=created)
    open_ = found.sealed.facts.kind != "Patient"  # how often others told of a citizen is not the writer's to know
    if seen.gone or (open_ and found.sealed.facts.deleted):
        return Served(b"")
    if seen.permitted:
        return replace(served(gateway, seen), created=created)
    version = str(found.sealed.version) if open_ else ""
    return Served(b"", version, location=location_of(gateway, found.sealed) if open_ else where, created=created)

"""Writes in the directory that are made of its own create, update and delete: patches, conditional forms, and those
of a transaction.

Of a write alone the version stands between the look and the write: when somebody else was faster the write is refused
(412), never made on top. Those of a transaction are made where nobody else writes: there the condition is looked up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from gateway.domain.caller import Caller
from gateway.domain.etag import pins
from gateway.domain.source import written_as
from gateway.errors import BadRequest, GatewayError, NeedsVersion, NotFound, SeveralMatch, Unavailable
from gateway.flows import directory
from gateway.flows.directory import changing
from gateway.flows.directory.changing import Changed
from gateway.flows.directory.showing import Shown, record, served, shown
from gateway.flows.parts import Gateway, Served
from gateway.flows.writing.asked import Asked, Criteria, Json, Moved
from gateway.store import directory as stored
from gateway.store import wire
from gateway.store.pool import Connection

TRIES = 10
BYTES = 500
"""So many bytes of what a patch made are checked in the time that looking at one thing takes."""


@dataclass(frozen=True, slots=True)
class Amid:
    """What surrounds the conditions of a transaction: they do not find what it takes back or has made before (`gone`),
    and share one `effort`; `reader` is its own connection, once it has one."""

    gone: Collection[str] = ()
    effort: directory.Effort = field(default_factory=directory.Effort)
    reader: Connection | None = None


async def write(gateway: Gateway, caller: Caller, asked: Asked) -> Served:
    """One write of a practitioner, organisation, service or place; nothing to show for a delete."""
    kind, tag = asked.kind, asked.if_match
    if asked.interaction == "create":
        return await directory.create(gateway, caller, kind, asked.raw, urlencode(asked.criteria or ()))
    if asked.criteria is None:
        return await _changed(gateway, caller, asked, asked.identity, tag)
    for _ in range(TRIES):
        async with _refusals(gateway, caller, asked):
            there = await _one(gateway, caller, asked, Amid())
        if there:
            tag = tag if pins(tag) else f'W/"{there["meta"]["versionId"]}"'
            return await _changed(gateway, caller, asked, there["id"], tag)
        made = await directory.create(gateway, caller, kind, asked.raw, urlencode(asked.criteria))
        if made.created:
            return made  # else somebody else has made it meanwhile, and it is changed
    raise Unavailable("Others write the same all the time", hint="Send again.")


async def _changed(gateway: Gateway, caller: Caller, asked: Asked, identity: str, tag: str) -> Served:
    """The update, patch or delete of this one."""
    kind = asked.kind
    if asked.interaction == "delete":
        await directory.withdraw(gateway, caller, kind, identity, tag)
        return Served(b"")
    if asked.interaction == "update":
        raw = asked.raw if asked.criteria is None else wire.encode(_with_id(asked, f"{kind}/{identity}"))
        return await directory.update(gateway, caller, kind, identity, raw, tag)
    return await _patched(gateway, caller, asked, identity, tag)


async def _patched(gateway: Gateway, caller: Caller, asked: Asked, identity: str, tag: str) -> Served:
    async with _refusals(gateway, caller, asked):
        if not pins(tag):
            raise NeedsVersion(where="If-Match", hint="Read the resource and send its ETag as If-Match.")
    stands = await directory.read(gateway, caller, asked.kind, identity)
    assert asked.change is not None  # noqa: S101 - for mypy: every patch has a change
    async with _refusals(gateway, caller, asked):
        made = asked.change(wire.decode(stands.body))
    return await directory.update(gateway, caller, asked.kind, identity, wire.encode(made), tag)


@asynccontextmanager
async def _refusals(gateway: Gateway, caller: Caller, asked: Asked) -> AsyncIterator[None]:
    """What is refused before it is written is on record, as what is refused then."""
    try:
        yield
    except Unavailable:
        raise
    except GatewayError as error:
        await record(gateway, caller, asked.interaction, asked.kind, asked.told, Shown((), ()), text=error.text)
        raise


@dataclass(frozen=True, slots=True)
class Listed:
    """A write of a transaction that is in the directory, its content checked (`body`, empty where it is to be patched).
    `reference` is what it was found to be about, or makes (`created`); `key` is what the id of a new one is made of."""

    asked: Asked
    body: Json
    reference: str
    key: str
    created: bool


async def found(
    gateway: Gateway, caller: Caller, kind: str, criteria: Criteria, amid: Amid
) -> list[str]:  # fmt: skip
    """The ids of what a condition finds as far as this caller may see, two at most."""
    return [one["id"] for one in await _met(gateway, caller, kind, criteria, amid)]


async def place_of(gateway: Gateway, caller: Caller, asked: Asked, token: str, amid: Amid) -> str:
    """What a write of a transaction is about, or makes (`Location/9f…`). Raises SeveralMatch, NotFound, Forbidden."""
    if asked.interaction != "create":
        amid = replace(amid, gone=())  # what is changed and taken back at once is a fault
    identity = asked.identity or (await _one(gateway, caller, asked, amid) or {}).get("id")
    return f"{asked.kind}/{identity or gateway.ids(asked.kind, _key(gateway, caller, asked, token))}"


async def listed(gateway: Gateway, caller: Caller, asked: Asked, place: str, token: str) -> Listed:
    """The write with its content checked, before others wait for it. Raises what is wrong with it."""
    key = _key(gateway, caller, asked, token)
    created = place == f"{asked.kind}/{gateway.ids(asked.kind, key)}"
    body: Json = {}
    if asked.interaction in ("create", "update"):
        stands = asked.interaction == "update" and not created
        body = await changing.checked(_with_id(asked, place), asked.kind, place.partition("/")[2] if stands else "")
    return Listed(asked, body, place, key, created)


async def within(
    gateway: Gateway, connection: Connection, caller: Caller, one: Listed, made: Mapping[str, Changed],
    effort: directory.Effort,
) -> Changed:  # fmt: skip
    """Carry it out on the connection of a writer. What the transaction has `made` before no condition finds, but for
    creates under the same one. Raises Moved where its condition finds another by now, and what a write alone would
    raise."""
    asked, kind = one.asked, one.asked.kind
    if asked.interaction == "create" and one.reference in made:
        return replace(made[one.reference], entry=None, created=False)
    there = await _one(gateway, caller, asked, Amid(made, effort, connection))
    identity = asked.identity or (there["id"] if there else "")
    if asked.interaction == "create" and there:
        changed = Changed(there, None)
    elif not identity:
        changed = await changing.create(gateway, connection, caller, one.body, (), one.key)
    elif asked.interaction == "delete":
        changed = await changing.withdraw(gateway, connection, caller, kind, identity, asked.if_match)
    else:
        tag = asked.if_match if asked.criteria is None else await _tag(connection, asked, identity)
        change = _change(one, identity, effort)
        changed = await changing.update(gateway, connection, caller, kind, identity, tag, change)
    if changed.reference != one.reference:
        raise Moved
    return changed


def _change(one: Listed, identity: str, effort: directory.Effort) -> Callable[[Json], Awaitable[Json]]:
    """What an update makes of what stands; what a patch makes of it, checked while others wait: that counts too."""

    async def change(stands: Json) -> Json:
        if one.asked.change is None:
            return one.body
        made = one.asked.change(stands)
        effort.add(len(wire.encode(made)) // BYTES, one.asked.kind)
        return await changing.checked(made, one.asked.kind, identity)

    return change


async def as_it_stands(gateway: Gateway, caller: Caller, kind: str, identity: str) -> Served:
    """One of them as this caller may see it, nothing of it where it may not, for who puts it on record itself."""
    entry = await stored.find(gateway.database, kind, identity)
    look = shown(gateway, caller, [entry] if entry and not entry.withdrawn else [])
    return served(gateway, look.bodies[0], look.entries[0].updated) if look.bodies else Served(b"")


def _key(gateway: Gateway, caller: Caller, asked: Asked, token: str) -> str:
    return changing.new_key(written_as(caller.sends, gateway.sources), asked.kind, token)


def _with_id(asked: Asked, place: str) -> Json:
    """Who updates by a condition need not know the id of what it finds. http://hl7.org/fhir/R4/http.html#cond-update"""
    if asked.interaction == "create" or asked.criteria is None or "id" in asked.body:
        return asked.body
    return {**asked.body, "id": place.partition("/")[2]}


async def _tag(connection: Connection, asked: Asked, identity: str) -> str:
    """The version that a condition is about: the present one, unless another is named."""
    entry = await stored.find(connection, asked.kind, identity)
    return asked.if_match if pins(asked.if_match) else f'W/"{entry.version if entry else 0}"'


async def _one(gateway: Gateway, caller: Caller, asked: Asked, amid: Amid) -> Json | None:
    """What a condition finds; None where there is none, or it finds none and makes a new one. Raises SeveralMatch,
    NotFound, BadRequest for an id that the new one would have."""
    if asked.criteria is None:
        return None
    there = await _met(gateway, caller, asked.kind, asked.criteria, amid)
    if len(there) > 1:
        raise SeveralMatch(hint="Narrow the condition.")
    if not there and asked.interaction in ("patch", "delete"):
        raise NotFound
    if not there and asked.interaction == "update" and "id" in asked.body:
        raise BadRequest("The gateway gives the ids", where=f"{asked.kind}.id", hint="Leave it out.")
    return there[0] if there else None


async def _met(gateway: Gateway, caller: Caller, kind: str, criteria: Criteria, amid: Amid) -> list[Json]:
    """What meets a condition, two at most."""
    most, gone = 2 + len(amid.gone), amid.gone
    there = await directory.visible(gateway, caller, kind, criteria, amid.reader, most, amid.effort)
    return [one for one in there if f"{kind}/{one['id']}" not in gone][:2]

"""Create, update and delete in the directory. A source changes only what it wrote. FHIR R4 3.1.0.3 to 3.1.0.5.

One writer at a time (store/directory.py): so a conditional create looks and writes as one.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from gateway.domain.caller import Caller
from gateway.domain.directory import identifiers_of, judged, refers_to
from gateway.domain.source import Source, written_as
from gateway.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    GatewayError,
    Gone,
    NeedsVersion,
    NotFound,
    SeveralMatch,
    Unavailable,
)
from gateway.flows.directory.finding import keys
from gateway.flows.directory.searching import visible
from gateway.flows.directory.showing import Shown, record, served, shown, today, whole
from gateway.flows.parts import Gateway, Served
from gateway.flows.units import hear_units
from gateway.store import directory, wire
from gateway.store.directory import Entry, Links
from gateway.store.pool import Connection
from gateway.translate.fhir import parse
from gateway.translate.fhir.validating.written import check_written

_OURS = ("versionId", "lastUpdated", "source")
Body = dict[str, Any]


async def create(gateway: Gateway, caller: Caller, kind: str, raw: bytes, if_none_exist: str = "") -> Served:
    """Keep a new one and give it back. With `if_none_exist` (a search), what this caller sees of it already is given
    back instead. Raises SeveralMatch where that is several."""
    asked = f"POST {kind}"
    try:
        source = written_as(caller.sends, gateway.sources)
        body = _checked(raw, kind)
        params = parse_qsl(if_none_exist.partition("?")[2] or if_none_exist, keep_blank_values=True)
        async with directory.writing(gateway.database) as connection:
            there = await visible(gateway, caller, kind, params, connection) if params else []
            if len(there) > 1:
                raise SeveralMatch(where="If-None-Exist")
            if there:
                entry = None
            else:
                key = f"{source.id}|{kind}|{secrets.token_hex(16)}"
                entry = await _save(gateway, connection, source, body, gateway.ids(kind, key), None)
    except Unavailable:
        raise
    except GatewayError as error:
        await record(gateway, caller, "create", kind, asked, Shown((), ()), text=error.text)
        raise
    return await _answer(gateway, caller, "create", asked, entry, there)


async def update(gateway: Gateway, caller: Caller, kind: str, identity: str, raw: bytes, if_match: str) -> Served:
    """Keep the next version of one. Raises NeedsVersion without `if_match`, Conflict when it names another version,
    Forbidden when another source wrote it. A content that is there already makes no version."""
    asked = f"PUT {kind}/{identity}"
    try:
        source = written_as(caller.sends, gateway.sources)
        body = _checked(raw, kind, identity)
        async with directory.writing(gateway.database) as connection:
            before = await _own(gateway, connection, caller, kind, identity, if_match, needed=True)
            entry = await _save(gateway, connection, gateway.sources.get(before.source, source), body, identity, before)
    except Unavailable:
        raise
    except GatewayError as error:
        await record(gateway, caller, "update", kind, asked, Shown((), ()), text=error.text)
        raise
    return await _answer(gateway, caller, "update", asked, entry, ())


async def withdraw(gateway: Gateway, caller: Caller, kind: str, identity: str, if_match: str = "") -> None:
    """Take one back: it is Gone from now on, its versions stay. What is gone already stays so."""
    asked = f"DELETE {kind}/{identity}"
    try:
        async with directory.writing(gateway.database) as connection:
            before = await _own(gateway, connection, caller, kind, identity, if_match, needed=False)
            if not before.withdrawn:
                now = gateway.clock()
                gone = replace(before, version=before.version + 1, updated=now, withdrawn=True)
                await directory.save(connection, gone, _links(wire.decode(before.body), ()), gateway.registry.numbers)
    except Unavailable:
        raise
    except GatewayError as error:
        await record(gateway, caller, "delete", kind, asked, Shown((), ()), text=error.text)
        raise
    await record(gateway, caller, "delete", kind, asked, Shown((whole(before),), (before,)))
    await _heard(gateway, kind)


def _checked(raw: bytes, kind: str, identity: str = "") -> Body:
    """The resource without what the server owns. Raises BadRequest or RuleBroken with the place."""
    body = parse(raw, "")
    if body.get("resourceType") != kind:
        raise BadRequest(f"A {kind} was expected", where="resourceType")
    if identity and body.get("id") != identity:
        raise BadRequest("The id in the body is not the id in the URL", where=f"{kind}.id")
    check_written(body)
    body["meta"] = {name: value for name, value in body.get("meta", {}).items() if name not in _OURS}
    return body


async def _own(
    gateway: Gateway, connection: Connection, caller: Caller, kind: str, identity: str, if_match: str, *, needed: bool
) -> Entry:
    """What is to be changed, if this caller may: it sees it, its source wrote it, and it knows the last version."""
    if kind == "Organization" and gateway.registry.find(identity, today(gateway)):
        raise Forbidden("This organisation stands in the tables of this gateway", hint="Change mappings/ instead.")
    before = await directory.find(connection, kind, identity)
    if before is None or not shown(gateway, caller, [before]).entries:
        raise NotFound
    if before.source not in caller.sends:
        raise Forbidden("Another source wrote this", hint="A source changes only what it wrote itself.")
    if needed and before.withdrawn:
        raise Gone
    if needed and not if_match:
        raise NeedsVersion
    if if_match and if_match.removeprefix("W/").strip('"') != str(before.version):
        raise Conflict
    return before


async def _save(
    gateway: Gateway, connection: Connection, source: Source, body: Body, identity: str, before: Entry | None
) -> Entry:
    kind = body["resourceType"]
    stood = wire.decode(before.body) if before else None
    labelled, protected = judged(body, kind, source, gateway.labeller, stood)
    rest = {name: value for name, value in sorted(labelled.items()) if name not in ("resourceType", "id", "meta")}
    made = {"resourceType": kind, "id": identity, "meta": labelled["meta"], **rest}
    raw = wire.encode(made)
    if before and before.body == raw:
        return before
    version = before.version + 1 if before else 1
    entry = Entry(kind, identity, version, gateway.clock(), source.id, False, protected, raw)
    links = _links(made, list(keys(gateway.search.get(kind, {}), made)))
    await directory.save(connection, entry, links, gateway.registry.numbers)
    return entry


async def _heard(gateway: Gateway, kind: str) -> None:
    """A consent that names a place with its sub-units goes by what stands here now."""
    if kind == "Organization":
        await hear_units(gateway)


def _links(body: Body, found_by: Sequence[tuple[str, str]]) -> Links:
    return Links([f"{body['resourceType']}/{body['id']}", *identifiers_of(body)], refers_to(body), found_by)


async def _answer(
    gateway: Gateway, caller: Caller, interaction: str, asked: str, entry: Entry | None, there: Sequence[Body]
) -> Served:
    """What was written, or what was there already. A source sees what it wrote itself."""
    look = Shown((whole(entry),), (entry,)) if entry else Shown(tuple(there), ())
    body = look.bodies[0]
    await record(gateway, caller, interaction, body["resourceType"], asked, look)
    await _heard(gateway, body["resourceType"])
    made = served(gateway, body, entry.updated if entry else None)
    place = f"{gateway.public_url}/fhir/{body['resourceType']}/{body['id']}/_history/{body['meta']['versionId']}"
    return replace(made, location=place, created=entry is not None and interaction == "create")

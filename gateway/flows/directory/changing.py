"""Changes to the directory on the connection of a writer, alone (keeping.py) or in a transaction with others.

One writer at a time (store/directory.py): so a condition is looked up and the write made as one.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.directory import identifiers_of, judged, refers_to
from gateway.domain.etag import matches, pins
from gateway.domain.source import Source, written_as
from gateway.errors import BadRequest, Conflict, Forbidden, Gone, NeedsVersion, NotFound, SeveralMatch
from gateway.flows.beside import beside
from gateway.flows.directory.finding import keys
from gateway.flows.directory.searching import visible
from gateway.flows.directory.showing import Shown, served, shown, today, whole
from gateway.flows.parts import Gateway, Served
from gateway.store import directory, wire
from gateway.store.directory import Entry, Links
from gateway.store.pool import Connection
from gateway.translate.fhir.links import check_named
from gateway.translate.fhir.validating.written import check_written

_OURS = ("versionId", "lastUpdated", "source")
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Changed:
    """What a write came to: the entry as it was written, None where one was there already; `body` is that one."""

    body: Body
    entry: Entry | None
    created: bool = False

    @property
    def look(self) -> Shown:
        """What its record tells. A source sees what it wrote itself."""
        return Shown((self.body,), (self.entry,) if self.entry else ())

    @property
    def reference(self) -> str:
        """`Location/9f…`"""
        return f"{self.body['resourceType']}/{self.body['id']}"

    def served(self, gateway: Gateway) -> Served:
        """With what its headers need."""
        made = served(gateway, self.body, self.entry.updated if self.entry else None)
        place = f"{gateway.public_url}/fhir/{self.reference}/_history/{self.body['meta']['versionId']}"
        return replace(made, location=place, created=self.created)


def new_key(source: Source, kind: str, token: str = "") -> str:
    """What the id of a new one is made of."""
    return f"{source.id}|{kind}|{token or secrets.token_hex(16)}"


async def create(
    gateway: Gateway, connection: Connection, caller: Caller, body: Body, params: Sequence[tuple[str, str]], key: str,
) -> Changed:  # fmt: skip
    """A new one under this key; with a condition (`params`) what is there of it already. Raises SeveralMatch."""
    kind = body["resourceType"]
    there = await visible(gateway, caller, kind, params, connection) if params else []
    if len(there) > 1:
        raise SeveralMatch(where="If-None-Exist")
    if there:
        return Changed(there[0], None)
    source = written_as(caller.sends, gateway.sources)
    entry = await _save(gateway, connection, source, body, gateway.ids(kind, key), None)
    return Changed(whole(entry), entry, created=True)


async def update(
    gateway: Gateway, connection: Connection, caller: Caller, kind: str, identity: str, if_match: str,
    change: Callable[[Body], Awaitable[Body]],
) -> Changed:  # fmt: skip
    """The next version of one: `change` makes it of what stands, as `checked` gives it. A content that is there already
    makes no version. Raises as `_own` does, and what is wrong with the content."""
    before = await _own(gateway, connection, caller, kind, identity, if_match, needed=True)
    body = await change(whole(before))
    source = gateway.sources.get(before.source) or written_as(caller.sends, gateway.sources)
    entry = await _save(gateway, connection, source, body, identity, before)
    return Changed(whole(entry), entry)


async def withdraw(
    gateway: Gateway, connection: Connection, caller: Caller, kind: str, identity: str, if_match: str
) -> Changed:
    """Take one back: it is Gone from now on, its versions stay. What is gone already stays so."""
    before = await _own(gateway, connection, caller, kind, identity, if_match, needed=False)
    if not before.withdrawn:
        gone = replace(before, version=before.version + 1, updated=gateway.clock(), withdrawn=True)
        await directory.save(connection, gone, _links(wire.decode(before.body), ()), gateway.registry.numbers)
    return Changed(whole(before), before)


async def checked(resource: Body, kind: str, identity: str = "") -> Body:
    """The resource without what the server owns. Raises BadRequest or RuleBroken with the place."""
    return await beside(_checked, resource, kind, identity)


def _checked(resource: Body, kind: str, identity: str) -> Body:
    if resource.get("resourceType") != kind:
        raise BadRequest(f"A {kind} was expected", where="resourceType")
    if identity and resource.get("id") != identity:
        raise BadRequest("The id in the body is not the id in the URL", where=f"{kind}.id")
    check_written(resource)
    check_named(kind, resource)
    meta = {name: value for name, value in resource.get("meta", {}).items() if name not in _OURS}
    return {**resource, "meta": meta}


async def _own(
    gateway: Gateway, connection: Connection, caller: Caller, kind: str, identity: str, if_match: str, *, needed: bool
) -> Entry:
    """What is to be changed, if this caller may: it sees it, its source wrote it, and it knows the last version. Raises
    NotFound, Forbidden, Gone, NeedsVersion, Conflict."""
    if kind == "Organization" and gateway.registry.find(identity, today(gateway)):
        raise Forbidden("This organisation stands in the tables of this gateway", hint="Change mappings/ instead.")
    before = await directory.find(connection, kind, identity)
    if before is None or not shown(gateway, caller, [before]).entries:
        raise NotFound
    if before.source not in caller.sends:
        raise Forbidden("Another source wrote this", hint="A source changes only what it wrote itself.")
    if needed and before.withdrawn:
        raise Gone
    if needed and not pins(if_match):
        raise NeedsVersion(where="If-Match", hint="Read the resource and send its ETag as If-Match.")
    if not matches(if_match, before.version):
        raise Conflict(where="If-Match")
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


def _links(body: Body, found_by: Sequence[tuple[str, str]]) -> Links:
    return Links([f"{body['resourceType']}/{body['id']}", *identifiers_of(body)], refers_to(body), found_by)

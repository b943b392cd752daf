"""History of one in the directory, or of a type: the newest first. FHIR R4 3.1.0.7.

Nothing that is hidden counts, for no page and no total: versions are looked at until a page is full, or many are looked
at; then there is a link onwards. Links are sealed and for one caller, as those of a search (flows/search/paging.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.searching.matching import dates
from gateway.domain.searching.query import once, understand
from gateway.domain.searching.subset import subset
from gateway.errors import BadRequest, NotFound
from gateway.flows.directory.showing import Shown, allowed, of_table, record, shown
from gateway.flows.parts import Gateway, Served
from gateway.flows.search.page import shape
from gateway.flows.search.paging import Position, onwards, opened
from gateway.store import directory, wire
from gateway.store.directory import Entry, Stood
from gateway.store.versions import NEWEST, Place

MOST = 500
CHUNK = 100
WALK = 50
"""So many chunks does a page look at: a token with parameters may cover few of them."""
_PART = ("_summary", "_elements")
_TAKES = ("_count", "_since", "_at", *_PART)

Body = dict[str, Any]
Params = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """So many versions of one, or of all of a type where `identity` is "", that stood at a time (`when`)."""

    kind: str
    identity: str
    count: int
    when: Stood
    summary: str = ""
    elements: tuple[str, ...] = ()

    def part(self, body: Body) -> Body:
        """A version as far as it is asked for."""
        return subset(body, shape(self.kind), self.summary, self.elements)

    @property
    def path(self) -> str:
        """As it is asked for."""
        return f"{self.kind}/{self.identity}/_history" if self.identity else f"{self.kind}/_history"


async def history(gateway: Gateway, caller: Caller, kind: str, identity: str = "", params: Params = ()) -> Served:
    """A Bundle of type history. Raises NotFound for one that is not there or not this caller's to see, BadRequest for
    what is not asked of a history; NotFound and Gone for links as a search does."""
    what = f"{kind}/{identity}/_history" if identity else f"{kind}/_history"
    position = opened(gateway, caller, what, params)
    asked = _understood(gateway, kind, identity, position)
    told = of_table(gateway, caller, f"{kind}/{identity}") if identity else None
    there = bool(told) or await _is_there(gateway, caller, asked)
    found, last = await _found(gateway, caller, asked, _place(position)) if there and not told else ([], None)
    page = found[: asked.count]
    look = Shown(tuple(body for body, _ in page), tuple(entry for _, entry in page))
    await record(gateway, caller, "history-instance" if identity else "history-type", kind, f"GET {what}", look)
    entries = [_version(gateway, asked, *one) for one in page]
    if told:
        entries = [{"fullUrl": f"{gateway.public_url}/fhir/{kind}/{identity}", "resource": asked.part(told)}]
    if not there:
        raise NotFound
    further = page[-1][1] if len(found) > asked.count else last
    return Served(_bundle(gateway, caller, asked, position, entries, further))


def _understood(gateway: Gateway, kind: str, identity: str, position: Position) -> _Asked:
    for name, _ in position.params:
        if name not in _TAKES:
            raise BadRequest("This is not asked of a history", where=name, hint=f"Served: {', '.join(_TAKES)}.")
    given = [one for one in position.params if one[0] in ("_count", *_PART)]
    query = understand(kind, gateway.search, given, gateway.here)
    if query.only_counts:
        where = "_summary" if query.count else "_count"
        raise BadRequest("A page of a history holds at least one version", where=where)
    when = Stood()
    for name, value in once(position.params, "_since", "_at").items():
        low, high = dates.exactly(name, value)
        when = replace(when, since=low) if name == "_since" else replace(when, low=low, high=high)
    return _Asked(kind, identity, min(query.count, MOST), when, query.summary, query.elements)


async def _is_there(gateway: Gateway, caller: Caller, asked: _Asked) -> bool:
    """Whether this caller may see what the history is of; of a type it always may."""
    if not asked.identity:
        return True
    entry = await directory.find(gateway.database, asked.kind, asked.identity)
    return entry is not None and bool(shown(gateway, caller, [entry]).entries)


async def _found(
    gateway: Gateway, caller: Caller, asked: _Asked, place: Place
) -> tuple[list[tuple[Body, Entry]], Entry | None]:
    """The versions behind a place that this caller may see, one more than a page holds where there are so many; and the
    last one that was looked at, where there may be more behind it."""
    sources = allowed(gateway, caller)
    found: list[tuple[Body, Entry]] = []
    for _ in range(WALK):
        rows = await directory.versions(gateway.database, asked.kind, asked.identity, asked.when, place, CHUNK, sources)
        look = shown(gateway, caller, rows)
        found += zip(look.bodies, look.entries, strict=True)
        if len(rows) < CHUNK or len(found) > asked.count:
            return found, None
        place = _at(rows[-1])
    return found, rows[-1]


def _at(entry: Entry) -> Place:
    return Place(entry.updated, entry.id, entry.version)


def _place(position: Position) -> Place:
    if position.place is None:
        return NEWEST
    updated, identity, version = (part or "" for part in position.place)
    return Place(datetime.fromisoformat(updated), identity, int(version))


def _bundle(
    gateway: Gateway, caller: Caller, asked: _Asked, position: Position, entries: Sequence[Body], last: Entry | None
) -> bytes:
    """`last` is the version that the page ends with, where it goes on."""
    links = [{"relation": "self", "url": f"{gateway.public_url}/fhir/{asked.path}"}]
    if last is not None:
        place: list[str | None] = [last.updated.isoformat(), last.id, str(last.version)]
        url = onwards(gateway, caller, asked.path, asked.path, position, place)
        links.append({"relation": "next", "url": url})
    bundle: Body = {"resourceType": "Bundle", "type": "history", "link": links}
    bundle |= {"total": len(entries)} if position.place is None and last is None else {}
    return wire.encode(bundle | ({"entry": list(entries)} if entries else {}))


def _version(gateway: Gateway, asked: _Asked, body: Body, entry: Entry) -> Body:
    method = "DELETE" if entry.withdrawn else "POST" if entry.version == 1 else "PUT"
    place = f"{entry.kind}/{entry.id}"
    told: Body = {"fullUrl": f"{gateway.public_url}/fhir/{place}"}
    told |= {} if entry.withdrawn else {"resource": asked.part(body)}
    status = {"DELETE": "204", "POST": "201"}.get(method, "200")
    return told | {
        "request": {"method": method, "url": entry.kind if method == "POST" else place},
        "response": {
            "status": status,
            "etag": f'W/"{entry.version}"',
            "lastModified": entry.updated.isoformat(timespec="milliseconds"),
        },
    }

"""The searchset Bundle: one page of matches, what goes with them, and links without anybody's number."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlencode

from gateway.domain.caller import Caller
from gateway.domain.searching.including import included
from gateway.domain.searching.order import Place
from gateway.domain.searching.query import ANY, RESULT, Query, by_number
from gateway.domain.searching.subset import Shape, subset
from gateway.domain.searching.world import Entry
from gateway.errors import BadRequest
from gateway.flows.parts import Gateway
from gateway.flows.search.found import Found, Match
from gateway.flows.search.paging import Position, onwards
from gateway.flows.search.worlds import readable
from gateway.store import wire
from gateway.translate import r4

MOST_INCLUDED = 2000
_NUMBERS = re.compile(r"\d{6}")
_PLAIN = frozenset({"token", "date", "quantity", "number"})
_PERSONAL = frozenset({"_id", "identifier", "birthdate", "death-date", "phone", "email", "telecom"})


@dataclass(frozen=True, slots=True)
class Page:
    """The matches of one page, and what the includes add."""

    matches: tuple[Match, ...]
    further: tuple[Entry, ...] = ()
    next: Place | None = None


def cut(gateway: Gateway, caller: Caller, query: Query, found: Found) -> Page:
    """One page of what was found. Raises BadRequest where the includes are too many."""
    if query.only_counts:
        return Page(())
    matches = found.matches[: query.count]
    more = len(found.matches) > query.count
    further = list(_with(gateway, caller, query, matches)) if query.includes else []
    return Page(matches, tuple(further), matches[-1].place if more else found.further)


def _with(gateway: Gateway, caller: Caller, query: Query, matches: Sequence[Match]) -> Iterable[Entry]:
    """What the includes add, each once, of the types that the token may read."""
    may_read = readable(caller)
    there = {one.entry.name for one in matches}
    looks = {one.look.asked: one.look for one in matches}
    if len(looks) > 1 and any(one.wildcard for one in query.includes):
        raise BadRequest("A wildcard includes what belongs to one citizen", where="_include", hint="Name the citizen.")
    for asked, look in looks.items():
        own = [one.entry for one in matches if one.look.asked == asked]
        found = included(own, look.world, query.includes, gateway.search, f"{gateway.public_url}/fhir/")
        for one in found:
            if one.name not in there and may_read(one.kind):
                there.add(one.name)
                yield one
    if len(there) > MOST_INCLUDED:
        raise BadRequest("This includes too much", where="_include", hint="Ask for a smaller page with _count.")


def bundle(
    gateway: Gateway, caller: Caller, query: Query, position: Position, found: Found, page: Page, path: str
) -> bytes:
    """The Bundle as JSON. `path` is that of the search below the FHIR address."""
    links = [{"relation": "self", "url": _self(gateway, query, position, path)}]
    if page.next is not None:
        rest = _rest(query, position, found)
        links.append({"relation": "next", "url": onwards(gateway, caller, path, path, rest, page.next)})
    head: dict[str, object] = {"resourceType": "Bundle", "type": "searchset"}
    if found.total is not None:
        head["total"] = found.total
    told = wire.encode(head | {"link": links})
    modes = [*((one.entry, b"match") for one in page.matches), *((one, b"include") for one in page.further)]
    if not modes:
        return told
    entries = b",".join(_entry(gateway, query, one, mode) for one, mode in modes)
    return told[:-1] + b',"entry":[' + entries + b"]}"


def _rest(query: Query, position: Position, found: Found) -> Position:
    """The request of the pages to come: for identifiers stand the ids of those of whom there is more, of no other."""
    if not query.named:
        return position
    kept = [(name, value) for name, value in position.params if not by_number(query.kind, name, value)]
    return replace(position, params=kept, who=tuple(sorted({one.look.person for one in found.matches})))


def _entry(gateway: Gateway, query: Query, one: Entry, mode: bytes) -> bytes:
    raw = one.raw
    if query.summary or query.elements:
        elements = query.elements if mode == b"match" else ()
        raw = wire.encode(subset(one.body, shape(one.kind), query.summary, elements))
    url = f"{gateway.public_url}/fhir/{one.name}".encode()
    return b'{"fullUrl":"' + url + b'","resource":' + raw + b',"search":{"mode":"' + mode + b'"}}'


def part(raw: bytes, kind: str, summary: str, elements: Collection[str]) -> bytes:
    """A resource as JSON, as far as it is asked for."""
    return wire.encode(subset(wire.decode(raw), shape(kind), summary, elements)) if summary or elements else raw


@lru_cache(maxsize=256)
def shape(kind: str) -> Shape:
    """What R4 says of a type's elements."""
    facts = r4.facts()
    told = list((facts if facts.kind(kind) else r4.definitions().facts).flagged(kind))
    return Shape(
        frozenset(path.partition(".")[2] for path, min_, _, _ in told if min_ and path.count(".") == 1),
        frozenset(path.partition(".")[2] for path, _, _, modifies in told if modifies and path.count(".") == 1),
        frozenset(path for path, _, summary, _ in told if summary),
    )


def _self(gateway: Gateway, query: Query, position: Position, path: str) -> str:
    """What was asked, but for everything that may be somebody's number or name: URLs end up in logs."""
    told = [(name, value) for name, value in position.params if _harmless(gateway, query.kind, name, value)]
    told += position.form
    url = f"{gateway.public_url}/fhir/{path}"
    return f"{url}?{urlencode(told, safe=':|/,*')}" if told else url


def _harmless(gateway: Gateway, kind: str, name: str, value: str) -> bool:
    """Whether a parameter names nobody: no identifier, no name, no id, and no word with as many digits as a number."""
    plain = name.partition(":")[0]
    if plain in RESULT or (kind, name) == (ANY, "_type"):
        return True
    known = gateway.search.get("DomainResource" if kind == ANY else kind, {}).get(plain)
    return known is not None and known.kind in _PLAIN and plain not in _PERSONAL and not _NUMBERS.search(value)

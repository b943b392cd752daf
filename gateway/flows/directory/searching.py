"""Search the directory by the R4 parameters of its types. FHIR R4 3.1.1.

What can be looked up is (tokens, references, beginnings of texts): only that is read, and then every parameter is
tested on what the caller may see, so that nothing hidden counts, and every modifier means what it means elsewhere. The
statement itself leaves out what is not the caller's to see: no page, total or limit is formed of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from gateway.domain.caller import Caller
from gateway.domain.directory import KINDS, number_key
from gateway.domain.municipality import CODES
from gateway.domain.searching.matching.texts import apart
from gateway.domain.searching.order import Place, place_of
from gateway.domain.searching.query import Query, understand
from gateway.domain.searching.world import Entry
from gateway.errors import BadRequest
from gateway.flows.directory.candidates import STORED, Asked, candidates
from gateway.flows.directory.chains import answered, world_of
from gateway.flows.directory.finding import narrowed
from gateway.flows.directory.including import included
from gateway.flows.directory.showing import Shown, record
from gateway.flows.parts import Gateway, Served
from gateway.flows.search.found import Found, Match, after
from gateway.flows.search.page import Page, bundle
from gateway.flows.search.paging import opened
from gateway.flows.search.worlds import Answers, nobody
from gateway.store import wire
from gateway.store.directory import Reader

TOTAL = 1000
"""A total is told, without being asked for, where no more than these had to be looked at."""
WHOLE = 5000
"""An order, and a total that is asked for, are formed of everything that could match: so many may that be."""
WALK = 20_000
"""So many does one page look at; a page that is not full by then ends there, with a link onwards."""

Params = Sequence[tuple[str, str]]
Body = dict[str, Any]


async def search(gateway: Gateway, caller: Caller, kind: str, params: Params) -> Served:
    """A searchset Bundle. Raises BadRequest for an unknown parameter, and where an order or a total is asked of more
    than can be looked at; NotFound and Gone as search of citizens' resources does for links."""
    position = opened(gateway, caller, kind, params)
    params = in_one_spelling(position.params)
    query = understand(kind, gateway.search, params, gateway.here)
    _only_from_here(query)
    answers = await answered(gateway, caller, query.beyond)
    asked = Asked(caller, kind, tuple(narrowed(gateway, kind, params, query.beyond, answers)), query.ids)
    found = await _found(gateway, asked, query, position.place, answers)
    matches = () if query.only_counts else found.matches[: query.count]
    bodies = [one.entry.body for one in matches]
    with_them = await included(gateway, caller, query, bodies)
    asks = f"GET {kind}?{urlencode(list(params))}"
    await record(gateway, caller, "search-type", kind, asks, Shown(tuple(bodies), ()))
    more = bool(matches) and len(found.matches) > len(matches)
    page = Page(matches, tuple(map(entry_of, with_them)), matches[-1].place if more else found.further)
    return Served(bundle(gateway, caller, query, position, found, page, kind))


def _only_from_here(query: Query) -> None:
    """Raises BadRequest where what refers here would be somebody's data: that is searched for by the citizen. And
    where a citizen is named: what stands here is nobody's, and a condition that tests nothing would find everything."""
    if query.named:
        raise BadRequest("This type is nobody's, and is not searched by a citizen", where=query.kind)
    if any(one.reverse and one.source not in (*KINDS, "*") for one in query.includes):
        raise BadRequest(
            "This includes what belongs to citizens", where="_revinclude", hint="Search that type by its citizen."
        )


async def visible(
    gateway: Gateway, caller: Caller, kind: str, params: Params, reader: Reader | None = None, most: int = 2,
) -> list[Body]:  # fmt: skip
    """What matches, as far as this caller may see it, at most `most`: for conditional writes, which put it on record
    themselves. `reader` is the writer's own transaction, in which nobody else writes: so BadRequest is raised where too
    much must be looked at, since nobody may take what was not looked at for what is not there."""
    params, reader = in_one_spelling(params), reader or gateway.database
    query = understand(kind, gateway.search, params, gateway.here)
    _only_from_here(query)
    if not (query.tests or query.ids):
        raise BadRequest("This condition tests nothing", where=kind, hint="Ask by identifier.")
    answers = await answered(gateway, caller, query.beyond, reader)
    asked = Asked(caller, kind, tuple(narrowed(gateway, kind, params, query.beyond, answers)), query.ids)
    found: list[Body] = []
    looked = 0
    async for one in candidates(gateway, reader, asked):
        looked += 1
        if looked > WALK:
            raise BadRequest(
                "A condition is formed over at most twenty thousand entries", where=kind, hint="Ask by identifier."
            )
        found += [one.body] if query.matches(one.body, world_of(caller, answers)) else []
        if len(found) >= most:
            break
    return found


async def _found(gateway: Gateway, asked: Asked, query: Query, place: Place | None, answers: Answers) -> Found:
    """What matches after a place. Raises BadRequest where all of it is needed and is too much."""
    whole = bool(query.orders) or query.only_counts or query.total in ("estimate", "accurate")
    matches, last = await _walked(gateway, asked, query, answers, most=WHOLE if whole else TOTAL)
    if last is None:
        total = None if query.total == "none" else len(matches)
        return Found(tuple(after(matches, query, place)), total)
    if whole:
        raise BadRequest(
            "An order or a total is formed of at most five thousand entries", where=query.kind,
            hint="Ask for less of them, or leave out _sort, _total and _summary=count.",
        )  # fmt: skip
    begin = max(last, str(place[-1]) if place and place[-3] == STORED else "")
    enough = query.count - len(after(matches, query, place))
    further, last = await _walked(gateway, asked, query, answers, begin=begin, most=WALK, enough=enough)
    found = tuple(after([*matches, *further], query, place))
    return Found(found, None, [STORED, "1", last] if last is not None else None)


async def _walked(
    gateway: Gateway, asked: Asked, query: Query, answers: Answers, *, begin: str = "", most: int = 0,
    enough: int | None = None,
) -> tuple[list[Match], str | None]:  # fmt: skip
    """The matches from an id on, until `most` were looked at or more than `enough` were found; and the id at which that
    ended, None where nothing is left."""
    look, world, matches, walked = nobody(), world_of(asked.caller, answers), list[Match](), 0
    async for one in candidates(gateway, gateway.database, asked, begin):
        if (most and walked == most) or (enough is not None and len(matches) > enough):
            return matches, begin
        walked, begin = walked + 1, one.body["id"] if one.rank == STORED else ""
        if query.matches(one.body, world):
            rest = (one.rank, "1", one.body["id"])
            ordered = place_of(query.orders, one.body if query.orders else None, rest)
            matches.append(Match(look, entry_of(one.body), ordered))
    return matches, None


def entry_of(body: Body) -> Entry:
    """One of the directory, as a Bundle holds it."""
    return Entry(body["resourceType"], body["id"], wire.encode(body), wire.decode)


def in_one_spelling(params: Params) -> list[tuple[str, str]]:
    """A municipality's code is four digits, however it is asked for."""
    return [
        (name, ",".join(_code(one) for one in apart(value, ",")) if CODES in value else value) for name, value in params
    ]


def _code(token: str) -> str:
    system, bar, code = token.rpartition("|")
    return number_key(system, code) if bar and system == CODES else token

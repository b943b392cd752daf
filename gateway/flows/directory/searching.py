"""Search the directory by the R4 parameters of its types. FHIR R4 3.1.1.

What can be looked up is (tokens, references, beginnings of texts): only that is read, and then every parameter is
tested on what the caller may see, so that nothing hidden counts, and every modifier means what it means elsewhere. The
statement itself leaves out what is not the caller's to see: no page, total or limit is formed of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from gateway.domain.caller import Caller
from gateway.domain.directory import KINDS, number_key
from gateway.domain.municipality import CODES
from gateway.domain.searching.matching.texts import apart
from gateway.domain.searching.query import Query, understand
from gateway.errors import BadRequest
from gateway.flows.directory.candidates import STORED, Asked, candidates
from gateway.flows.directory.chains import answers_of, asked_of, further_of, world_of
from gateway.flows.directory.finding import Inner, narrowed
from gateway.flows.directory.including import included, included_record, reach, too_much
from gateway.flows.directory.matching import entry_of, found_in
from gateway.flows.directory.showing import Shown, allowed, recorded
from gateway.flows.looking import on_record
from gateway.flows.parts import Gateway, Served
from gateway.flows.search.page import Page, bundle
from gateway.flows.search.paging import opened
from gateway.flows.search.worlds import Answers
from gateway.store import searching
from gateway.store.directory import Narrow, Reader

CONDITION = 20_000
"""So many do the conditions and references of a request look at, those of a transaction together: nobody else writes to
the directory meanwhile, and everybody else asks the same database."""
SEARCH = 20
"""What a reference that is a search costs besides, in things looked at: it takes as long."""

Params = Sequence[tuple[str, str]]
Body = dict[str, Any]


@dataclass(slots=True)
class Effort:
    """What the conditions and references of a request have looked at so far: entries of the directory, citizens of a
    circle, resources that are referred to, and the like. What stands in tables costs nothing."""

    looked: int = 0

    def add(self, looked: int, kind: str) -> None:
        """Raises BadRequest where it is too much: what was not looked at would be taken for what is not there."""
        self.looked += looked
        if self.looked > CONDITION:
            raise BadRequest(
                "The conditions, references and patches of a request cost no more than twenty thousand looks",
                where=kind,
                hint="Ask by identifier, name citizens and refer by id: a search in a reference counts twenty, and 500"
                " bytes that a patch makes count one. Or divide the transaction.",
            )  # fmt: skip


async def search(gateway: Gateway, caller: Caller, kind: str, params: Params) -> Served:
    """A searchset Bundle. Raises BadRequest for an unknown parameter, and where an order or a total is asked of more
    than can be looked at; NotFound and Gone as search of citizens' resources does for links."""
    position = opened(gateway, caller, kind, params)
    params = in_one_spelling(position.params)
    query = understand(kind, gateway.search, params, gateway.here)
    _only_from_here(query)
    found = await found_in(gateway, caller, params, query, position.place)
    matches = () if query.only_counts else found.matches[: query.count]
    bodies = [one.entry.body for one in matches]
    with_them = await _with(gateway, caller, query, bodies)
    asks = f"GET {kind}?{urlencode(list(params))}"
    looks = [included_record(gateway, caller, query, with_them)] if with_them else []
    await on_record(gateway, *looks, recorded(gateway, caller, "search-type", kind, asks, Shown(tuple(bodies), ())))
    more = bool(matches) and len(found.matches) > len(matches)
    page = Page(matches, tuple(map(entry_of, with_them)), matches[-1].place if more else found.further)
    return Served(bundle(gateway, caller, query, position, found, page, kind))


def _narrow(gateway: Gateway, kind: str, params: Params, answers: Answers) -> tuple[Narrow, ...]:
    return tuple(narrowed(gateway, kind, params, {one: Inner(names) for one, names in answers.items()}))


async def _with(gateway: Gateway, caller: Caller, query: Query, matches: Sequence[Body]) -> list[Body]:
    """What goes with these matches. One statement, none where nothing is included."""
    asked = reach(gateway, caller, query, matches) if query.includes else None
    if asked is None:
        return []
    came = await searching.reached(gateway.database, asked, allowed(gateway, caller), (), gateway.ids)
    if came.cut:
        raise too_much()
    return included(gateway, caller, query, matches, (), came.entries)


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
    effort: Effort | None = None,
) -> list[Body]:  # fmt: skip
    """What matches, as far as this caller may see it, at most `most`: for conditional writes, which put it on record
    themselves. `reader` is the writer's own transaction, in which nobody else writes; `effort` is what the conditions
    of the same request have cost so far. Raises BadRequest where that is too much."""
    params, reader, effort = in_one_spelling(params), reader or gateway.database, effort or Effort()
    query = understand(kind, gateway.search, params, gateway.here)
    _only_from_here(query)
    if not (query.tests or query.ids):
        raise BadRequest("This condition tests nothing", where=kind, hint="Ask by identifier.")
    wanted = asked_of(gateway, caller, query.beyond)
    came = await searching.of_directory(reader, further_of(gateway, caller, wanted))
    effort.add(sum(map(len, came.values())), kind)
    answers = answers_of(gateway, caller, query.beyond, wanted, came)
    asked = Asked(caller, kind, _narrow(gateway, kind, params, answers), query.ids)
    found: list[Body] = []
    async for one in candidates(gateway, reader, asked):
        effort.add(one.rank == STORED, kind)
        found += [one.body] if query.matches(one.body, world_of(caller, answers)) else []
        if len(found) >= most:
            break
    return found


def in_one_spelling(params: Params) -> list[tuple[str, str]]:
    """A municipality's code is four digits, however it is asked for."""
    return [
        (name, ",".join(_code(one) for one in apart(value, ",")) if CODES in value else value) for name, value in params
    ]


def _code(token: str) -> str:
    system, bar, code = token.rpartition("|")
    return number_key(system, code) if bar and system == CODES else token

"""Search: resources of one type, of citizens who are named or of the caller's circle. FHIR R4 3.1.1.

| file | what |
|---|---|
| named | citizens whom the request names |
| circle | those of whom the caller's own legal world has told |
| worlds | what the caller may see of each |
| found | matches in order |
| page | the Bundle: includes, parts of resources, totals, links |
| paging | links to the next page |

Decisions fall before matching, total and page; the record of every look is durable before the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from gateway.domain.caller import Caller
from gateway.domain.record import AccessRecord
from gateway.domain.searching.compartment import OF_CITIZENS
from gateway.domain.searching.order import Place
from gateway.domain.searching.query import ANY, Named, Query, understand
from gateway.domain.searching.world import Entry
from gateway.errors import BadRequest
from gateway.flows import directory, provenance
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose
from gateway.flows.search.circle import circle_records, search_circle
from gateway.flows.search.found import Found
from gateway.flows.search.named import named_in, names_whom, search_named
from gateway.flows.search.page import Page, bundle, cut
from gateway.flows.search.paging import Position, opened
from gateway.flows.search.worlds import beside, searchable, searching
from gateway.store import wire
from gateway.store.searching import of_named, reached

Params = Sequence[tuple[str, str]]

__all__ = ["search", "visible"]


async def search(gateway: Gateway, caller: Caller, kind: str, params: Params, within: str = "") -> Served:
    """A searchset Bundle. `within` is the Patient id of a compartment, in which a `kind` of `*` is every type. Raises
    BadRequest for an unknown parameter, or for what cannot be answered over the whole circle; NotFound for a link that
    was not given to this caller, Gone for one that is too old."""
    path = f"Patient/{within}/{kind}" if within else kind
    caller = searching(caller) if kind == ANY else caller
    position = opened(gateway, caller, path, params)
    query = _understood(gateway, caller, kind, position, within)
    asked = f"GET {path}?{urlencode(list(position.params), safe='|/:,')}"
    if not caller.purposes:
        shown = kind if kind != ANY else "Patient"
        await on_record(gateway, record_of(gateway, caller, "search-type", shown, within, NOTHING, query=asked))
        raise no_purpose()
    found, page, records = await _page(gateway, caller, query, position.place, asked)
    try:
        further, looks = await _beyond(gateway, caller, query, page)
    except BadRequest:  # it tells of what was found
        await on_record(gateway, *records)
        raise
    await on_record(gateway, *records, *looks)
    page = replace(page, further=(*page.further, *further))
    return Served(bundle(gateway, caller, query, position, found, page, path))


async def _page(
    gateway: Gateway, caller: Caller, query: Query, place: Place | None, asked: str
) -> tuple[Found, Page, list[AccessRecord]]:
    """What is found behind a place, one page of it with what goes with that of the same citizens, and the records of
    the looks."""
    if names_whom(query):
        found, records = await _named(gateway, caller, query, place, asked)
        return found, cut(gateway, caller, query, found), records
    found = await search_circle(gateway, caller, query, place, most=query.count)
    page = cut(gateway, caller, query, found)
    told = page.matches if found.total is None else found.matches
    return found, page, circle_records(gateway, caller, query, list(told), asked)


def _understood(gateway: Gateway, caller: Caller, kind: str, position: Position, within: str) -> Query:
    """The request as it is asked on this page, in a compartment of this citizen alone."""
    params = position.params
    if kind == ANY:
        params = [one for one in params if one[0] != "_type"]
    query = understood(gateway, kind, params)
    if position.who:
        query = replace(query, named=(tuple(Named(patient=one) for one in position.who),))
    if within:
        query = replace(query, named=(*query.named, (Named(patient=within),)))
    return replace(query, types=_types(caller, position.params)) if kind == ANY else query


def _types(caller: Caller, params: Params) -> tuple[str, ...]:
    """Of every type in a compartment those that the token may search, and that `_type` names."""
    asked = [one for name, value in params if name == "_type" for one in value.split(",")]
    if not set(asked) <= set(OF_CITIZENS):
        raise BadRequest(
            "This is not a list of types of this compartment", where="_type", hint=f"Served: {', '.join(OF_CITIZENS)}."
        )
    return tuple(one for one in OF_CITIZENS if (not asked or one in asked) and searchable(caller)(one))


async def _beyond(gateway: Gateway, caller: Caller, query: Query, page: Page) -> tuple[list[Entry], list[AccessRecord]]:
    """What includes add that is no part of a citizen: what stands in the directory, with its record, and who said it.
    One statement at most."""
    if not query.includes:
        return [], []
    matches, others = [one.entry.body for one in page.matches], [one.body for one in page.further]
    reach = directory.reach(gateway, caller, query, matches, others)
    permits = provenance.reach(caller, query, page.matches)
    seen = directory.allowed(gateway, caller) if reach else ()
    came = await reached(gateway.database, reach, seen, list(permits), gateway.ids)
    if came.cut:
        raise directory.too_much()
    bodies = directory.included(gateway, caller, query, matches, others, came.entries) if reach else []
    staff = [Entry(one["resourceType"], one["id"], wire.encode(one), wire.decode) for one in bodies]
    looks = [directory.included_record(gateway, caller, query, bodies)] if bodies else []
    return [*staff, *provenance.included(gateway, caller, permits, came.told)], looks


async def _named(
    gateway: Gateway, caller: Caller, query: Query, place: Place | None, asked: str
) -> tuple[Found, list[AccessRecord]]:
    """What is found of those who are named, and of the directory what chains ask: one statement."""
    questions = directory.asked_of(gateway, caller, query.beyond)
    told = directory.further_of(gateway, caller, questions)
    further = replace(beside(gateway, caller), wants=told.wants, allowed=told.allowed)
    found = await of_named(gateway.database, named_in(query), further)
    answers = directory.answers_of(gateway, caller, query.beyond, questions, found.entries)
    return await search_named(gateway, caller, query, place, asked, found, answers)


async def visible(
    gateway: Gateway, caller: Caller, kind: str, params: Params, asked: str, effort: directory.Effort, most: int = 2
) -> tuple[Sequence[tuple[str, str, int]], Sequence[AccessRecord]]:
    """(type, id, version) of what matches, as far as this caller may see it, at most `most`, and the records of the
    looks: for conditional writes, which put them on record themselves. `effort` is what the conditions of the same
    request have cost so far. Composed resources are nobody's to write and never found. Raises BadRequest."""
    query = understood(gateway, kind, params)
    if not caller.purposes:
        return (), ()
    if names_whom(query):
        found, records = await _named(gateway, caller, query, None, asked)
    else:
        found = await search_circle(gateway, caller, query, None, most=most, sure=True)
        effort.add(found.walked, kind)
        records = circle_records(gateway, caller, query, list(found.matches), asked)
    stored = [(kind, one.entry.id, one.entry.version) for one in found.matches if one.entry.version]
    return stored[:most], records


def understood(gateway: Gateway, kind: str, params: Params) -> Query:
    """The parameters as a query. Raises BadRequest."""
    return understand(kind, gateway.search, params, gateway.here)

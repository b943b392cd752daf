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
from gateway.domain.searching.query import Named, Query, understand
from gateway.domain.searching.world import Entry
from gateway.errors import BadRequest
from gateway.flows import directory, provenance
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose
from gateway.flows.search.circle import circle_records, search_circle
from gateway.flows.search.named import names_whom, search_named
from gateway.flows.search.page import Page, bundle, cut
from gateway.flows.search.paging import opened
from gateway.store import wire

Params = Sequence[tuple[str, str]]

__all__ = ["search", "visible"]


async def search(gateway: Gateway, caller: Caller, kind: str, params: Params) -> Served:
    """A searchset Bundle. Raises BadRequest for an unknown parameter, or for what cannot be answered over the whole
    circle; NotFound for a link that was not given to this caller, Gone for one that is too old."""
    position = opened(gateway, caller, kind, params)
    query = understood(gateway, kind, position.params)
    if position.who:
        query = replace(query, named=(tuple(Named(patient=one) for one in position.who),))
    asked = f"GET {kind}?{urlencode(list(position.params), safe='|/:,')}"
    if not caller.purposes:
        await on_record(gateway, record_of(gateway, caller, "search-type", kind, "", NOTHING, query=asked))
        raise no_purpose()
    if names_whom(query):
        found, records = await search_named(gateway, caller, query, position.place, asked)
        page = cut(gateway, caller, query, found)
    else:
        found = await search_circle(gateway, caller, query, position.place, most=query.count)
        page = cut(gateway, caller, query, found)
        told = page.matches if found.total is None else found.matches
        records = circle_records(gateway, caller, query, list(told), asked)
    await on_record(gateway, *records)
    page = replace(page, further=(*page.further, *await _beyond(gateway, caller, query, page)))
    return Served(await bundle(gateway, caller, query, position, found, page))


async def _beyond(gateway: Gateway, caller: Caller, query: Query, page: Page) -> list[Entry]:
    """What includes add that is no part of a citizen: who said it, and what stands in the directory."""
    if not query.includes:
        return []
    bodies = await directory.included(gateway, caller, query, [one.entry.body for one in page.matches])
    staff = [Entry(one["resourceType"], one["id"], wire.encode(one), wire.decode) for one in bodies]
    return [*staff, *await provenance.included(gateway, caller, query, page.matches)]


async def visible(
    gateway: Gateway, caller: Caller, kind: str, params: Params, most: int = 2
) -> Sequence[tuple[str, str, int]]:
    """(type, id, version) of what matches, as far as this caller may see it, at most `most`: for conditional writes,
    which put it on record themselves. Composed resources are nobody's to write and never found."""
    query = understood(gateway, kind, params)
    if not caller.purposes:
        return ()
    if names_whom(query):
        found, _ = await search_named(gateway, caller, query, None, "")
    else:
        found = await search_circle(gateway, caller, query, None, most=most, sure=True)
    stored = [(kind, one.entry.id, one.entry.version) for one in found.matches if one.entry.version]
    return stored[:most]


def understood(gateway: Gateway, kind: str, params: Params) -> Query:
    """The parameters as a query. Raises BadRequest."""
    if any(name == "_offset" for name, _ in params):
        raise BadRequest("Pages are not asked for by number", where="_offset", hint="Follow the link `next`.")
    return understand(kind, gateway.search, params, f"{gateway.public_url}/fhir/")

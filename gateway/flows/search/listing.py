"""A searchset of what stands in nobody's world and was decided about already: Provenance, Subscription."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.searching.order import place_of
from gateway.domain.searching.query import Query, understand
from gateway.domain.searching.world import Entry
from gateway.errors import BadRequest
from gateway.flows.parts import Gateway
from gateway.flows.search.found import Found, Match, after
from gateway.flows.search.page import Page, bundle
from gateway.flows.search.paging import Position
from gateway.flows.search.worlds import nobody
from gateway.store import wire


def understood_alone(gateway: Gateway, kind: str, position: Position) -> Query:
    """The request of a type that no chain or include leads away from. Raises BadRequest for those."""
    query = understand(kind, gateway.search, position.params, gateway.here)
    if query.wide or query.beyond:
        raise BadRequest(
            "No chain, _has or include is served for this type", where=kind, hint="Search the other type by itself."
        )
    return query


def listed(
    gateway: Gateway, caller: Caller, query: Query, position: Position, bodies: Iterable[dict[str, Any]]
) -> bytes:
    """What matches of these, ordered and cut to a page, as a Bundle."""
    look, found = nobody(), list[Match]()
    for body in bodies:
        if query.matches(body):
            place = place_of(query.orders, body, ("", "1", str(body["id"])))
            found.append(Match(look, Entry(query.kind, body["id"], wire.encode(body), wire.decode), place))
    left = after(found, query, position.place)
    page = () if query.only_counts else tuple(left[: query.count])
    more = page[-1].place if page and len(left) > len(page) else None
    total = len(found) if query.tells_total else None
    return bundle(gateway, caller, query, position, Found(tuple(left), total), Page(page, (), more), query.kind)

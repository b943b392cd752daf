"""What a search found, before it is cut to a page."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.searching.order import Place, place_of, sort_key
from gateway.domain.searching.query import ANY, Query
from gateway.domain.searching.world import Entry
from gateway.flows.search.worlds import Look


@dataclass(frozen=True, slots=True)
class Match:
    """One resource that meets everything, whose it is, and its place in the order."""

    look: Look
    entry: Entry
    place: Place


@dataclass(frozen=True, slots=True)
class Found:
    """The matches after the place where the last page ended, in order: at least one more than the page holds, or all
    that there are. `total` counts those of earlier pages too, None where it is not told. `further` is where to go on
    when the page is not full and not everybody was looked at yet. `walked` citizens of the circle were looked at."""

    matches: tuple[Match, ...]
    total: int | None = None
    further: Place | None = None
    walked: int = 0


def matching(look: Look, query: Query, rank: str) -> list[Match]:
    """What meets the query in one citizen's world. `rank` is the citizen's place among others."""
    found = []
    kinds = query.types if query.kind == ANY else (query.kind,)
    for entry in (one for kind in kinds for one in look.world.of(kind)):
        if not (query.tests or query.ids) or query.matches(entry.body, look.world):
            name = entry.name if query.kind == ANY else entry.id
            rest = (rank, "1" if entry.version else "0", name)
            found.append(Match(look, entry, place_of(query.orders, entry.body if query.orders else None, rest)))
    return found


def after(matches: list[Match], query: Query, place: Place | None) -> list[Match]:
    """In order, those behind a place."""
    key = sort_key(query.orders)
    ordered = sorted(matches, key=lambda one: key(one.place))
    if place is None:
        return ordered
    begun = key(place)
    return [one for one in ordered if key(one.place) > begun]

"""Search that names no citizen: of the caller's circle, those of whom its own legal world has told.

The circle is walked in the order of ids. Each citizen is decided about before anything of theirs counts, and a page is
filled with what is permitted. Who is in the circle, and so how far one walk goes, depends on what the caller's own
sources told and on nothing that is hidden from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.domain.caller import Caller
from gateway.domain.circle import sources_of_world
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.domain.searching.order import Place
from gateway.domain.searching.query import Query
from gateway.errors import BadRequest
from gateway.flows import directory
from gateway.flows.looking import NOTHING, Seen, record_of
from gateway.flows.parts import Gateway
from gateway.flows.search.found import Found, Match, after, matching
from gateway.flows.search.worlds import COMPOSED, Answers, beside, looks_at
from gateway.store import searching
from gateway.store.searching import Further, Met

BATCH = 64
"""So many citizens are looked at first, or as many as a page may hold: most pages are full with them."""

WALK = 512
"""So many does one page look at; a page that is not full by then ends there, with a link onwards."""

WHOLE = 1024
"""An order or a total is of the whole circle: so many citizens may it hold."""


async def search_circle(
    gateway: Gateway, caller: Caller, query: Query, place: Place | None, *, most: int, sure: bool = False
) -> Found:
    """What is found in the circle after a place, until more than `most` are found. Raises BadRequest where the whole
    circle must be looked at and is too large; with `sure` it must be: nobody may take what was not looked at for what
    is not there. At most two statements, and one for a page that needs another for what goes with it."""
    whole = sure or bool(query.orders) or query.only_counts or query.total in ("estimate", "accurate")
    asked = directory.asked_of(gateway, caller, query.beyond)
    plain, told = beside(gateway, caller), directory.further_of(gateway, caller, asked)
    further = replace(plain, wants=told.wants, allowed=told.allowed)
    began = "" if whole or place is None else (place[-3] or "")[:-1]
    matches: list[Match] = []
    answers: Answers | None = None
    for size in _sizes(query, most, whole=whole):
        found = await _walked(gateway, caller, query, began, size, further if answers is None else plain, whole=whole)
        if whole and len(found.walked) == size:
            raise too_wide(query)
        if answers is None:
            answers = directory.answers_of(gateway, caller, query.beyond, asked, found.entries)
        matches += await _matches(gateway, caller, query, found.met, answers)
        if len(found.walked) < size:
            return _found(matches, query, place, whole=whole, walked=len(found.walked))
        began = found.walked[-1]
        if len(after(matches, query, place)) > most:
            break
    return replace(_found(matches, query, place, whole=False), further=[began, "9", ""])


def _sizes(query: Query, most: int, *, whole: bool) -> list[int]:
    """How many citizens each statement looks at. A page with what it includes is found by one: what goes with it takes
    another."""
    first = min(WALK, max(BATCH, most))
    if whole:
        return [WHOLE + 1]
    return [first] if query.includes or first == WALK else [first, WALK - first]


async def _walked(
    gateway: Gateway, caller: Caller, query: Query, began: str, size: int, further: Further, *, whole: bool
) -> searching.Found:
    """The next citizens of the circle, with what of the directory is asked."""
    kinds = None if query.kind in COMPOSED else {query.kind}
    sources = sources_of_world(caller, gateway.policy)
    return await searching.of_circle(gateway.database, sources, began, size, kinds, further, whole=whole)


def too_wide(query: Query) -> BadRequest:
    """The refusal of an order or a total over too many citizens."""
    return BadRequest(
        "An order, a total or a condition is formed over at most a thousand citizens", where=query.kind,
        hint="Name citizens by patient or patient.identifier, or leave out _sort, _total and _summary=count.",
    )  # fmt: skip


def _found(matches: list[Match], query: Query, place: Place | None, *, whole: bool, walked: int = 0) -> Found:
    told = whole and (query.only_counts or query.total not in ("", "none"))
    return Found(tuple(after(matches, query, place)), len(matches) if told else None, walked=walked)


async def _matches(
    gateway: Gateway, caller: Caller, query: Query, met: Mapping[str, Met], answers: Answers
) -> list[Match]:
    looks = await looks_at(gateway, caller, met, answers)
    return [one for citizen, look in looks.items() for one in matching(look, query, citizen)]


def circle_records(gateway: Gateway, caller: Caller, query: Query, told: list[Match], asked: str) -> list[AccessRecord]:
    """One of the search, and one of each citizen of whom anything is told, be it in a total alone."""
    searched = record_of(gateway, caller, "search-type", query.kind, "", NOTHING, query=asked)
    looks = {one.look.asked: one.look for one in told}
    ids = {one.entry.id for one in told}
    records = [replace(searched, decision=Decision.PERMIT, outcome=Outcome.SUCCESS)]
    for look in looks.values():
        these = look.seen if query.kind in COMPOSED or query.wide else look.seen.of({query.kind})
        if not (query.kind in COMPOSED or query.wide):
            these = Seen(tuple(one for one in these.permitted if one[0].facts.id in ids), these.withheld)
        records.append(record_of(gateway, caller, "search-type", query.kind, look.asked, these, query=asked))
    return records

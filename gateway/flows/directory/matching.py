"""What matches in the directory behind a place. One statement brings what chains could be answered by, what could match
at all, as far as a total is formed of it, and where that is more what could match behind the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.domain.caller import Caller
from gateway.domain.searching.order import Place, place_of
from gateway.domain.searching.query import Query
from gateway.domain.searching.world import Entry, World
from gateway.errors import BadRequest
from gateway.flows.directory.candidates import STORED, TOLD
from gateway.flows.directory.chains import Wanted, answers_of, asked_of, further_of, world_of
from gateway.flows.directory.finding import Inner, narrowed
from gateway.flows.directory.showing import allowed, of_tables, shown
from gateway.flows.parts import Gateway
from gateway.flows.search.found import Found, Match, after
from gateway.flows.search.worlds import Answers, nobody
from gateway.store import directory, searching, wire
from gateway.store.directory import Want

TOTAL = 1000
"""A total is told, without being asked for, where no more than these had to be looked at."""
WHOLE = 5000
"""An order, and a total that is asked for, are formed of everything that could match: so many may that be."""
NEAR = 500
"""Of more than that so many are looked at behind a place, or as many as a page may hold: most pages are full then."""
WALK = 5000
"""So many does a page look at that is not full by then; where it still is not it ends there, with a link onwards. A
page with what it includes ends before: what goes with it takes another statement."""

Body = dict[str, Any]
Params = Sequence[tuple[str, str]]


class _Asked(NamedTuple):
    """A search, and what the store is asked: of all that could match the `first`, and the `rest` behind the place."""

    query: Query
    params: Params
    place: Place | None
    wanted: Wanted
    tables: Sequence[Body]
    first: int
    rest: int

    def whole(self) -> bool:
        """Whether everything that could match is needed."""
        return _is_whole(self.query)

    def full(self, entries: Mapping[int, Sequence[directory.Entry]], place: int) -> bool:
        """Whether there may be more of a want than came."""
        return len(entries.get(place, ())) == self.wanted.wants[place].most


async def found_in(gateway: Gateway, caller: Caller, params: Params, query: Query, place: Place | None) -> Found:
    """What matches. One statement, and a further one for a page that is not full and includes nothing. Raises
    BadRequest where all of it is needed and is too much."""
    asked = _asked(gateway, caller, params, query, place)
    came = await searching.of_directory(gateway.database, further_of(gateway, caller, asked.wanted))
    answers = answers_of(gateway, caller, query.beyond, asked.wanted, came)
    world = world_of(caller, answers)
    stored = shown(gateway, caller, [*came.get(asked.first, ()), *came.get(asked.rest, ())]).bodies
    matches = [*_matching(query, asked.tables, TOLD, world), *_matching(query, stored, STORED, world)]
    if not asked.full(came, asked.first):
        return Found(tuple(after(matches, query, place)), len(matches) if query.tells_total else None)
    if asked.whole():
        raise BadRequest(
            "An order or a total is formed of at most five thousand entries", where=query.kind,
            hint="Ask for less of them, or leave out _sort, _total and _summary=count.",
        )  # fmt: skip
    last = came[asked.rest][-1].id if asked.full(came, asked.rest) else None
    if last is not None and not query.includes and len(after(matches, query, place)) <= query.count:
        more, last = await _further(gateway, caller, asked, answers, last)
        matches += more
    return Found(tuple(after(matches, query, place)), None, [STORED, "1", last] if last is not None else None)


def _is_whole(query: Query) -> bool:
    return bool(query.orders) or query.only_counts or query.total in ("estimate", "accurate")


def _asked(gateway: Gateway, caller: Caller, params: Params, query: Query, place: Place | None) -> _Asked:
    wanted, tables = asked_of(gateway, caller, query.beyond), of_tables(gateway, caller, query.kind)
    narrow = tuple(narrowed(gateway, query.kind, params, wanted.known))
    room = max((WHOLE if _is_whole(query) else TOTAL) - len(tables), 0)
    first = wanted.add(Want(query.kind, narrow, room + 1, query.ids))
    begin = str(place[-1]) if place and place[-3] == STORED else ""
    near = Want(query.kind, narrow, 1 if _is_whole(query) else max(NEAR, query.count + 1), query.ids, begin, first)
    return _Asked(query, params, place, wanted, tables, first, wanted.add(near))


async def _further(
    gateway: Gateway, caller: Caller, asked: _Asked, answers: Answers, begin: str
) -> tuple[list[Match], str | None]:
    """The matches from an id on among so many as a page may look at, and the id at which they end; None where nothing
    is left. One statement."""
    query, known = asked.query, {one: Inner(names) for one, names in answers.items()}
    narrow, seen = tuple(narrowed(gateway, query.kind, asked.params, known)), allowed(gateway, caller)
    entries = await directory.found(gateway.database, query.kind, narrow, query.ids, begin, WALK, seen)
    found = _matching(query, shown(gateway, caller, entries).bodies, STORED, world_of(caller, answers))
    return found, entries[-1].id if len(entries) == WALK else None


def _matching(query: Query, bodies: Iterable[Body], rank: str, world: World) -> list[Match]:
    """What meets the query, with its place in the order: what tables tell comes first."""
    look, matches = nobody(), list[Match]()
    for body in bodies:
        if query.matches(body, world):
            ordered = place_of(query.orders, body if query.orders else None, (rank, "1", body["id"]))
            matches.append(Match(look, entry_of(body), ordered))
    return matches


def entry_of(body: Body) -> Entry:
    """One of the directory, as a Bundle holds it."""
    return Entry(body["resourceType"], body["id"], wire.encode(body), wire.decode)

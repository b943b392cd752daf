"""History: the versions of one resource, or of one type of citizens who are named or of the caller's circle.

FHIR R4 3.1.0.7. Each version is decided about by what it says and by what is known today, and the stricter of the two
wins; so is the entry that tells of a deletion. There is no history of the whole system: nobody looks at everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from gateway.domain.caller import Caller
from gateway.domain.circle import sources_of_world
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.domain.resource import Facts
from gateway.domain.searching.hops import shown, unknown
from gateway.domain.searching.matching import dates
from gateway.domain.searching.query import MOST, Query, once
from gateway.domain.when import BEGINNING
from gateway.errors import BadRequest, NotFound
from gateway.flows.looking import NOTHING, Seen, look_at_one, on_record, opened, persons_of, record_of
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose, with_names
from gateway.flows.search import understood
from gateway.flows.search.circle import WHOLE
from gateway.flows.search.page import part as part_of
from gateway.flows.search.paging import Params, Position, onwards
from gateway.flows.search.paging import opened as position_of
from gateway.flows.search.worlds import beside, looks_at
from gateway.store import population, resources, searching, wire
from gateway.store import versions as kept
from gateway.store.resources import Found, Ground, Sealed
from gateway.store.searching import Named
from gateway.store.versions import NEWEST, Place, Version

CHUNK = 100
WALK = 50
"""So many chunks of a circle's versions does one page look at; then it ends, full or not, with a link onwards."""

_PART = ("_summary", "_elements")
_RESULT = ("_count", "_since", "_at", *_PART)
_NOBODY = "-"
"""How the mark of a name begins that leads this caller to nobody. It is as long as a Patient id, and another for each
name: a link to a further page holds the one or the other."""
_World = tuple[list[Sealed], tuple[Ground, ...], frozenset[str] | None]
"""The parts of a citizen, the ground for deciding about them, and for the citizen's own eyes all names."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """`low` and `high` are the time that `_at` names: versions that stood at any moment of it."""

    kind: str
    identity: str
    whose: str | Sequence[str]
    count: int
    since: datetime = BEGINNING
    low: datetime | None = None
    high: datetime | None = None
    summary: str = ""
    elements: tuple[str, ...] = ()
    names: tuple[str, ...] = ()  # whom the request named, a mark for each that leads to nobody; none for the circle


async def history(gateway: Gateway, caller: Caller, kind: str, params: Params, identity: str = "") -> Served:
    """A Bundle of type history, newest first. Raises NotFound for one resource that is not there or not this caller's
    to see; BadRequest for what is not served, or a circle that is too large."""
    what = f"{kind}/{identity}/_history" if identity else f"{kind}/_history"
    position = position_of(gateway, caller, what, params)
    asked = await _understood(gateway, caller, kind, identity, position) if caller.purposes else None
    about = f"GET {what}?{urlencode(list(position.params), safe='|/:,')}".rstrip("?")
    if asked is None:
        await on_record(gateway, _search_record(gateway, caller, kind, identity, about))
        raise no_purpose()
    there, owner = await _is_there(gateway, caller, asked) if identity else (True, "")
    found, further = await _permitted(gateway, caller, asked, _place(position)) if there else ([], None)
    await on_record(gateway, *_records(gateway, caller, asked, found[: asked.count], about, owner))
    if not there:
        raise NotFound
    return Served(_bundle(gateway, caller, asked, position, found, what, further))


async def _understood(gateway: Gateway, caller: Caller, kind: str, identity: str, position: Position) -> _Asked:
    given = [(name, value) for name, value in position.params if name in _RESULT]
    others = [(name, value) for name, value in position.params if name not in _RESULT]
    if identity and others:
        wrong = shown(others[0][0])
        raise BadRequest("This is not asked of a history", where=wrong, hint=f"Served: {', '.join(_RESULT)}.")
    query = understood(gateway, kind, [*others, *(one for one in given if one[0] in ("_count", *_PART))])
    if query.tests or query.ids or query.includes or query.orders or query.total:
        wrong = next((one for one, _ in others if not one.startswith(("patient", "subject"))), others[0][0])
        raise unknown("a history", wrong, {}, (*_RESULT, "patient", "patient.identifier"))
    names = position.who or (() if identity else await _names(gateway, caller, query))
    whose: str | Sequence[str] = identity or sorted({one for one in names if not one.startswith(_NOBODY)})
    if not identity and not query.named and not names:
        whose = await _circle(gateway, caller, kind)
    if query.only_counts:
        where = "_summary" if query.count else "_count"
        raise BadRequest("A page of a history holds at least one version", where=where)
    asked = _Asked(kind, identity, whose, min(query.count, MOST), names=names)
    return _timed(replace(asked, summary=query.summary, elements=query.elements), given)


def _timed(asked: _Asked, given: Params) -> _Asked:
    """With the times that `_since` and `_at` name."""
    for name, value in once(given, "_since", "_at").items():
        low, high = dates.exactly(name, value)
        asked = replace(asked, since=low) if name == "_since" else replace(asked, low=low, high=high)
    return asked


async def _circle(gateway: Gateway, caller: Caller, kind: str) -> list[str]:
    """The Patient ids of the caller's circle. Raises BadRequest where it is too large."""
    told = await population.circle(gateway.database, sources_of_world(caller, gateway.policy), "", WHOLE + 1)
    if len(told) > WHOLE:
        raise BadRequest(
            "A history is formed over at most a thousand citizens", where=kind,
            hint="Name citizens by patient or patient.identifier.",
        )  # fmt: skip
    return [one.told for one in told]


async def _names(gateway: Gateway, caller: Caller, query: Query) -> tuple[str, ...]:
    """The Patient ids of those who are named in every group of names; a mark for each other name."""
    known = await _known(gateway, caller, query.identifiers) if query.identifiers else []
    groups = [
        [one.patient for one in group if one.patient]
        + [who for key, who in known if key in {one.number.replace("\0", "") for one in group}]
        for group in query.named
    ]
    both = set.intersection(*map(set, groups)) if groups else set()
    return tuple(one if one in both else _mark(gateway, one) for group in groups for one in group)


def _mark(gateway: Gateway, name: str) -> str:
    """What stands for a name that leads to nobody."""
    return name if name.startswith(_NOBODY) else _NOBODY + gateway.fingerprint(b"nobody", name.encode()).hex()[:31]


async def _known(gateway: Gateway, caller: Caller, numbers: Sequence[str]) -> list[tuple[str, str]]:
    """Each identifier key with the Patient id of a citizen whom it leads this caller to, a mark where it leads to
    nobody, as where this caller may not know somebody by it. One statement."""
    found = await searching.of_named(gateway.database, Named((), numbers), beside(gateway, caller))
    looks = await looks_at(gateway, caller, found.met)
    asked = [number.replace("\0", "") for number in numbers]
    behind = [(number, who) for number in asked for who in found.named.get(number, [""])]
    return [(key, who if who in looks and looks[who].knows(key) else _mark(gateway, key)) for key, who in behind]


async def _permitted(
    gateway: Gateway, caller: Caller, asked: _Asked, place: Place
) -> tuple[list[tuple[Version, Seen]], Place | None]:
    """The versions behind a place that this caller may see, at least one more than a page holds, or all there are; and
    where to go on if that was not found yet."""
    found: list[tuple[Version, Seen]] = []
    worlds: dict[str, _World] = {}
    for _ in range(WALK):
        chunk = await kept.versions(gateway.database, asked.kind, asked.whose, asked.since, place, CHUNK)
        persons = {one.sealed.facts.citizen for one in chunk} - worlds.keys()
        if persons or not worlds:  # of nobody too: who is there shows in no statement more
            worlds |= await _worlds(gateway, caller, sorted(persons))
        for one in chunk:
            if _stood(one, asked) and one.sealed.facts.citizen in worlds:
                seen = await _look(gateway, caller, one.sealed, worlds[one.sealed.facts.citizen])
                found += [(one, seen)] if seen.permitted else []
        if len(chunk) < CHUNK or len(found) > asked.count:
            return found, None
        place = chunk[-1].place
    return found, place


async def _worlds(gateway: Gateway, caller: Caller, persons: Sequence[str]) -> dict[str, _World]:
    """One statement, and one more for a citizen's own look, whoever is there."""
    found = await population.parts_of(gateway.database, persons)
    if caller.role != "citizen":
        return {one: (parts, ground, None) for one, (parts, ground) in found.items()}
    now = {one: parts[0].facts.citizen for one, (parts, _) in found.items()}
    names = await resources.names_of_each(gateway.database, sorted({*now.values()}))
    return {one: (*told, names.get(now[one], frozenset())) for one, told in found.items()}


def _stood(one: Version, asked: _Asked) -> bool:
    """Whether a version stood at any moment of the time asked for."""
    if asked.low is None or asked.high is None:
        return True
    return one.sealed.updated < asked.high and (one.until is None or one.until > asked.low)


async def _look(gateway: Gateway, caller: Caller, version: Sealed, world: _World) -> Seen:
    """One version, by itself and by what is known of it today."""
    parts, ground, names = world
    facts = version.facts
    now = next((one.facts for one in parts if (one.facts.kind, one.facts.id) == (facts.kind, facts.id)), None)
    targets = tuple(one.facts for one in parts if _is_target(facts, one.facts))
    found = Found(version, ground, tuple(persons_of(parts)), targets, now, names)
    return await look_at_one(gateway, gateway.database, caller, found) if now else NOTHING


def _is_target(facts: Facts, other: Facts) -> bool:
    """What it refers to, and of a document the cases on which it lies."""
    if f"{other.kind}/{other.id}" in facts.related:
        return True
    return (
        facts.kind == "DocumentReference" and other.kind == "CarePlan" and f"{facts.kind}/{facts.id}" in other.related
    )


async def _is_there(gateway: Gateway, caller: Caller, asked: _Asked) -> tuple[bool, str]:
    """Whether this caller may see the resource by what is known today, without which no version of it is shown; and
    whose it is."""
    found = await resources.find(gateway.database, asked.kind, asked.identity)
    if caller.role == "citizen":
        found = await with_names(gateway.database, found)
    seen = await look_at_one(gateway, gateway.database, caller, found)
    return bool(seen.permitted), found.sealed.facts.citizen if found else ""


def _place(position: Position) -> Place:
    if position.place is None:
        return NEWEST
    updated, identity, version = (part or "" for part in position.place)
    return Place(datetime.fromisoformat(updated), identity, int(version))


def _records(
    gateway: Gateway, caller: Caller, asked: _Asked, shown: Sequence[tuple[Version, Seen]], about: str, owner: str
) -> list[AccessRecord]:
    """One of each name that was given, whether it is anybody's or not; of the circle one of the request, and one of
    each citizen of whom a version is shown. `owner` is whose the one resource is, "" where it is not there."""
    interaction = "history-instance" if asked.identity else "history-type"
    whole: dict[str, list[Any]] = {}
    for version, seen in shown:
        whole.setdefault(version.sealed.facts.citizen, []).extend(seen.permitted)
    looks = {
        citizen: record_of(gateway, caller, interaction, asked.kind, citizen, Seen(tuple(told), ()), query=about)
        for citizen, told in whole.items()
    }
    nothing = _search_record(gateway, caller, asked.kind, asked.identity, about)
    if asked.identity:
        return list(looks.values()) or [nothing.of(owner)]
    if asked.names:
        named = ["" if one.startswith(_NOBODY) else one for one in asked.names]
        return [looks.pop(one) if one in looks else nothing.of(one) for one in named] + list(looks.values())
    return [replace(nothing, decision=Decision.PERMIT, outcome=Outcome.SUCCESS), *looks.values()]


def _search_record(gateway: Gateway, caller: Caller, kind: str, identity: str, about: str) -> AccessRecord:
    interaction = "history-instance" if identity else "history-type"
    return record_of(gateway, caller, interaction, kind, "", NOTHING, query=about)


def _bundle(
    gateway: Gateway, caller: Caller, asked: _Asked, position: Position, found: list[tuple[Version, Seen]], what: str,
    further: Place | None,
) -> bytes:  # fmt: skip
    page = found[: asked.count]
    links = [{"relation": "self", "url": f"{gateway.public_url}/fhir/{what}"}]
    last = page[-1][0].place if len(found) > asked.count else further
    if last is not None:
        place: list[str | None] = [last.updated.isoformat(), last.id, str(last.version)]
        links.append({"relation": "next", "url": onwards(gateway, caller, what, what, _rest(position, asked), place)})
    head: dict[str, Any] = {"resourceType": "Bundle", "type": "history"}
    if position.place is None and last is None:
        head["total"] = len(found)
    told = wire.encode(head | {"link": links})
    entries = b",".join(_entry(gateway, asked, version, seen) for version, seen in page)
    return told[:-1] + b',"entry":[' + entries + b"]}" if page else told


def _rest(position: Position, asked: _Asked) -> Position:
    """The request of the pages to come, with ids for numbers."""
    if isinstance(asked.whose, str) or not any("identifier" in name for name, _ in position.params):
        return position
    return replace(position, params=[one for one in position.params if one[0] in _RESULT], who=asked.names)


def _entry(gateway: Gateway, asked: _Asked, version: Version, seen: Seen) -> bytes:
    """One version: what was done, with the content unless it was deleted by that."""
    part = version.sealed
    path = f"{part.facts.kind}/{part.facts.id}"
    method = "DELETE" if part.facts.deleted else "POST" if part.version == 1 else "PUT"
    status = {"POST": "201", "PUT": "200", "DELETE": "204"}[method]
    entry = {
        "fullUrl": f"{gateway.public_url}/fhir/{path}",
        "request": {"method": method, "url": part.facts.kind if method == "POST" else path},
        "response": {
            "status": status, "etag": f'W/"{part.version}"',
            "lastModified": part.updated.isoformat(timespec="milliseconds"),
        },
    }  # fmt: skip
    told = wire.encode(entry)
    if part.facts.deleted:
        return told
    return told[:-1] + b',"resource":' + part_of(opened(seen)[0], asked.kind, asked.summary, asked.elements) + b"}"

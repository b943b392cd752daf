"""Provenance as callers meet it: read, searched by its target, included with it (`_revinclude=Provenance:target`).

The decision is that of the target, in the version that it is about: who may not see a resource is told nothing
of who said it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode

from gateway.domain.caller import Caller
from gateway.domain.circle import sources_of_world
from gateway.domain.decide import Permit
from gateway.domain.provenance import Told, Version, provenance, target_of
from gateway.domain.searching.query import Query
from gateway.domain.searching.world import Entry
from gateway.errors import BadRequest, NotFound
from gateway.flows.covering import covers_body
from gateway.flows.looking import Seen, look_at_one, on_record, record_of
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose
from gateway.flows.search.found import Match
from gateway.flows.search.listing import listed, understood_alone
from gateway.flows.search.paging import opened
from gateway.flows.search.worlds import readable
from gateway.store import resources, wire
from gateway.store.provenance import told_with
from gateway.store.resources import Sealed

KIND = "Provenance"
MOST = 20
"""So many targets may one search name: each is looked at and put on record."""

Params = Sequence[tuple[str, str]]


async def read(gateway: Gateway, caller: Caller, identity: str) -> Served:
    """One Provenance. Raises NotFound where its target is not there, or not this caller's to see."""
    version = target_of(identity)
    (seen,) = await _looks(gateway, caller, [version], f"GET {KIND}/{identity}", "read")
    if not caller.purposes:
        raise no_purpose()
    bodies = await of(gateway, caller, seen.permitted)
    if not bodies:
        raise NotFound
    return Served(bodies[0], "1", seen.permitted[0][0].updated)


async def search(gateway: Gateway, caller: Caller, params: Params) -> Served:
    """A searchset of the Provenances of the targets that are named. Raises BadRequest where none is."""
    position = opened(gateway, caller, KIND, params)
    query = understood_alone(gateway, KIND, position)
    targets = [*_targets(position.params), *(target_of(one) for one in query.ids)]
    if not 0 < len(targets) <= MOST:
        raise BadRequest("A search of Provenance names its targets", where="target", hint=f"At most {MOST} (or _id).")
    asked = f"GET {KIND}?{urlencode(list(position.params), safe='|/:,')}"
    looks = await _looks(gateway, caller, list(dict.fromkeys(targets)), asked, "search-type")
    if not caller.purposes:
        raise no_purpose()
    bodies = map(wire.decode, await of(gateway, caller, [pair for seen in looks for pair in seen.permitted]))
    return Served(listed(gateway, caller, query, position, bodies))


async def of(gateway: Gateway, caller: Caller, permitted: Iterable[tuple[Sealed, Permit]]) -> list[bytes]:
    """The Provenances of what was permitted. One statement to the database."""
    permits = {Version(s.facts.kind, s.facts.id, s.version): permit for s, permit in permitted}
    told = await told_with(gateway.database, list(permits), gateway.ids) if permits else {}
    return _told(gateway, caller, permits, told)


def _told(
    gateway: Gateway, caller: Caller, permits: Mapping[Version, Permit], told: Mapping[Version, Told]
) -> list[bytes]:
    own = _own(gateway, caller)
    bodies = (
        provenance(version, told[version], gateway.sources, own, whole=not permit.redactions)
        for version, permit in permits.items()
        if version in told
    )
    return [wire.encode(one) for one in bodies if covers_body(gateway, caller, one)]


def _own(gateway: Gateway, caller: Caller) -> frozenset[str] | None:
    """The sources of the caller's own legal world; None for a citizen, who is shown nothing but what is the citizen's
    own."""
    return None if caller.role == "citizen" else sources_of_world(caller, gateway.policy) | frozenset(caller.sends)


def reach(caller: Caller, query: Query, matches: Sequence[Match]) -> dict[Version, Permit]:
    """Of which versions `_revinclude=Provenance:target` asks, with the permits for them: of these matches, which were
    decided about and are on record."""
    asked = [one for one in query.includes if one.reverse and one.source == KIND and one.parameter in ("target", "*")]
    if not (asked and matches and readable(caller)(KIND)):
        return {}
    kinds = {one.target for one in asked}
    names = {one.entry.name for one in matches if "" in kinds or one.entry.kind in kinds}
    looks = {one.look.asked: one.look for one in matches}
    pairs = [pair for look in looks.values() for pair in look.seen.permitted]
    return {
        Version(part.facts.kind, part.facts.id, part.version): permit
        for part, permit in pairs
        if f"{part.facts.kind}/{part.facts.id}" in names
    }


def included(
    gateway: Gateway, caller: Caller, permits: Mapping[Version, Permit], told: Mapping[Version, Told]
) -> list[Entry]:
    """The Provenances of these versions, by what arrived with them."""
    bodies = _told(gateway, caller, permits, told)
    return [Entry(KIND, wire.decode(body)["id"], body, wire.decode) for body in bodies]


async def _looks(
    gateway: Gateway, caller: Caller, versions: Sequence[Version | None], asked: str, interaction: str
) -> list[Seen]:
    """Decide about each target and put all of that on record. Two statements, however many there are."""
    wanted = {(one.kind, one.id, one.number) for one in versions if one and caller.purposes and caller.covers(one.kind)}
    found = await resources.find_each(gateway.database, wanted, names=caller.role == "citizen")
    looks, records = [], []
    for one in versions:
        target = found.get((one.kind, one.id, one.number)) if one else None
        seen = await look_at_one(gateway, gateway.database, caller, target)
        citizen = target.sealed.facts.citizen if target else ""
        looks.append(seen)
        records.append(record_of(gateway, caller, interaction, KIND, citizen, seen, query=asked))
    await on_record(gateway, *records)
    return looks


def _targets(params: Params) -> list[Version | None]:
    """The targets that are named: `Goal/1/_history/2`, or the present version of `Goal/1` (number 0)."""
    values = [one for name, value in params if name == "target" for one in value.split(",")]
    persons = [one for name, value in params if name == "patient" for one in value.split(",")]
    return [*map(_target, values), *(_target(f"Patient/{one.removeprefix('Patient/')}") for one in persons)]


def _target(text: str) -> Version | None:
    kind, _, rest = text.partition("/")
    identity, _, version = rest.partition("/_history/")
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0
    return Version(kind, identity, number) if identity and (not version or number) else None

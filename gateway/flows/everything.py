"""$everything: all that this caller may see of a citizen, or of what belongs to one plan.

http://hl7.org/fhir/R4/operation-patient-everything.html. Each resource is decided about like a read of it; the count is
of what is permitted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from gateway.domain import directory
from gateway.domain.caller import Caller
from gateway.domain.plan import citizen_of_joint, is_joint
from gateway.domain.searching.hops import unknown
from gateway.domain.searching.including import Include, included
from gateway.domain.searching.matching import dates
from gateway.domain.searching.parameter import ALONE
from gateway.domain.searching.query import once, understand
from gateway.domain.searching.world import Entry, World
from gateway.domain.when import BEGINNING, END
from gateway.errors import BadRequest, NotFound
from gateway.flows.looking import Seen, on_record, record_of
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose
from gateway.flows.search.page import part
from gateway.flows.search.paging import Params, Position, onwards, opened
from gateway.flows.search.worlds import Look, beside, looks_at, nobody, readable
from gateway.store import searching, wire
from gateway.store.searching import Named

_TIMES = ("_since", "start", "end")
_RESULT = ("_count", "_summary", "_elements")
_PARAMETERS = ("_type", *_TIMES, *_RESULT)
# When something was, by the first of these parameters that its type has.
_WHEN = ("date", "period", "onset-date", "authored", "authored-on", "sent", "occurrence", "start-date", "target-date")
_FORWARD = Include("*", "*", "", reverse=False, iterate=False)
_BACK = Include("*", "*", "", reverse=True, iterate=False)


@dataclass(frozen=True, slots=True)
class _Asked:
    since: datetime = BEGINNING
    start: datetime = BEGINNING
    end: datetime = END
    types: frozenset[str] = frozenset()
    count: int = 0
    summary: str = ""
    elements: tuple[str, ...] = ()


async def everything(gateway: Gateway, caller: Caller, kind: str, identity: str, params: Params) -> Served:
    """A searchset of the Patient or CarePlan and all that belongs to it. Raises NotFound where this caller may see
    nothing of it, BadRequest for a parameter that is not served."""
    what = f"{kind}/{identity}/$everything"
    position = opened(gateway, caller, what, params)
    asked = _understood(gateway, kind, position.params)
    about = f"GET {what}?{urlencode(list(position.params), safe='/:,')}".rstrip("?")
    look = await _looked(gateway, caller, kind, identity) if caller.purposes else nobody()
    found = [one for one in _of(gateway, caller, look.world, kind, identity) if _fits(gateway, one, asked)]
    there = look.world.get(kind, identity) is not None
    seen = look.seen if there else Seen((), look.seen.withheld)
    await on_record(
        gateway,
        record_of(
            gateway, caller, "operation", kind, look.person and look.asked, seen, query=about, operation="everything"
        ),
    )
    if not caller.purposes:
        raise no_purpose()
    if not there:
        raise NotFound
    return Served(_bundle(gateway, caller, what, position, asked, found))


async def _looked(gateway: Gateway, caller: Caller, kind: str, identity: str) -> Look:
    """The citizen whose it is. One statement."""
    if kind == "Patient" or is_joint(kind, identity):
        named = Named([identity if kind == "Patient" else citizen_of_joint(identity)])
    else:
        named = Named((), (), kind, [identity])
    found = await searching.of_named(gateway.database, named, beside(gateway, caller))
    looks = await looks_at(gateway, caller, found.met)
    return next(iter(looks.values()), nobody())


def _of(gateway: Gateway, caller: Caller, world: World, kind: str, identity: str) -> list[Entry]:
    """What belongs to the Patient or the plan, which itself comes first."""
    first = world.get(kind, identity)
    if first is None:
        return []
    may_read = readable(caller)
    if kind == "Patient":
        others = [one for name in world.kinds for one in world.of(name) if one.version]
    elif is_joint(kind, identity):
        others = [one for name in world.kinds for one in world.of(name)]
    else:
        others = list(_of_plan(gateway, world, first))
    rest = sorted((one for one in others if one.name != first.name), key=lambda one: one.name)
    return [first, *(one for one in rest if may_read(one.kind))]


def _of_plan(gateway: Gateway, world: World, plan: Entry) -> Iterable[Entry]:
    """What a plan refers to, what refers to it, and what that refers to."""
    own = f"{gateway.public_url}/fhir/"
    near = included([plan], world, [_FORWARD, _BACK], gateway.search, own)
    further = included([one for one in near if one.kind != "Patient"], world, [_FORWARD], gateway.search, own)
    return {one.name: one for one in (*near, *further) if one.version}.values()


def _types(gateway: Gateway, value: str) -> frozenset[str]:
    wanted = frozenset(value.split(","))
    able = gateway.search.keys() - ALONE - set(directory.KINDS)
    if not wanted <= able:
        hint = f"Served: {', '.join(sorted(able))}. What they refer to in the directory: Patient/[id]/*?_include=*."
        raise BadRequest("This is not a list of types of a citizen", where="_type", hint=hint)
    return wanted


def _understood(gateway: Gateway, kind: str, params: Params) -> _Asked:
    types: set[str] = set()
    for name, value in params:
        if name == "_type":
            types |= _types(gateway, value)
        elif name not in _PARAMETERS:
            raise unknown(f"{kind}/$everything", name, {}, _PARAMETERS)
    told = {name: dates.exactly(name, value) for name, value in once(params, *_TIMES).items()}
    result = understand(kind, {}, [one for one in params if one[0] in _RESULT])
    if result.only_counts:
        raise BadRequest("A page holds at least one resource", where="_summary" if result.count else "_count")
    whole = (BEGINNING, END)
    return _Asked(
        since=told.get("_since", whole)[0], start=told.get("start", whole)[0], end=told.get("end", whole)[1],
        types=frozenset(types), count=result.count if any(name == "_count" for name, _ in params) else 0,
        summary=result.summary, elements=result.elements,
    )  # fmt: skip


def _fits(gateway: Gateway, one: Entry, asked: _Asked) -> bool:
    """Whether a resource is of the types and times asked for. What has no time of its own belongs to every time."""
    if asked.types and one.kind not in asked.types:
        return False
    updated = one.body.get("meta", {}).get("lastUpdated", "")
    if asked.since > BEGINNING and updated and datetime.fromisoformat(updated) < asked.since:
        return False
    if (asked.start, asked.end) == (BEGINNING, END):
        return True
    rows = gateway.search.get(one.kind, {})
    named = next((rows[name] for name in _WHEN if name in rows and rows[name].kind == "date"), None)
    spans = [span for item in (named.extract(one.body) if named else ()) if (span := dates.span(item))]
    return not spans or any(low < asked.end and high > asked.start for low, high in spans)


def _bundle(
    gateway: Gateway, caller: Caller, what: str, position: Position, asked: _Asked, found: Sequence[Entry]
) -> bytes:
    """Without `_count` all of it; else page by page, each going on behind the last resource of the one before."""
    behind = (position.place or [""])[0] or ""
    left = [one for one in found if _place(one, what) > behind]
    page = left[: asked.count] if asked.count else left
    links = [{"relation": "self", "url": f"{gateway.public_url}/fhir/{what}"}]
    if len(left) > len(page):
        url = onwards(gateway, caller, what, what, position, [_place(page[-1], what)])
        links.append({"relation": "next", "url": url})
    told = wire.encode({"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links})
    entries = b",".join(
        b'{"fullUrl":"%s","resource":%s,"search":{"mode":"match"}}'
        % (f"{gateway.public_url}/fhir/{one.name}".encode(), part(one.raw, one.kind, asked.summary, asked.elements))
        for one in page
    )
    return told[:-1] + b',"entry":[' + entries + b"]}" if page else told


def _place(one: Entry, what: str) -> str:
    """What it is all about comes first, the rest in the order of type and id."""
    return "0" if what.startswith(f"{one.name}/") else f"1{one.name}"

"""Search: one citizen's resources of one type. FHIR R4 3.1.1.

Every look-up is a look at somebody, so a search names its citizen: `patient`, `subject`, `patient.identifier`, or
`identifier` and `_id` for Patient. Decisions fall before matching, total and page. Each name that is given has one
record, whether it is anybody's or not: the growing log tells nobody who is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from gateway.domain.caller import Caller
from gateway.domain.handover import own_sources
from gateway.domain.identifier import normal
from gateway.domain.plan import citizen_of_joint, is_joint
from gateway.domain.searching.query import Query, understand
from gateway.errors import BadRequest
from gateway.flows.departed import when_left
from gateway.flows.joint_plan import composed_for, shows_plan
from gateway.flows.looking import NOTHING, Seen, look, on_record, opened, persons_of, record_of
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose
from gateway.store import resources, wire

COMPOSED = frozenset({"CarePlan", "CareTeam"})


@dataclass(frozen=True, slots=True)
class _Look:
    """A look at one citizen: `all` that this caller may see, `shown` what the answer is made from. `away` are the own
    sources of a caller who has handed the citizen over, and knows its own numbers and those from before that."""

    citizen: str
    all: Seen
    shown: Seen
    away: frozenset[str] = frozenset()

    def by(self, number: str) -> _Look:
        """As it is when the citizen is named by this identifier key, "" for an id: a number that came later leads the
        old municipality nowhere."""
        if not (self.away and number) or number.startswith(
            tuple(f"urn:faellesplan:source:{one}:" for one in self.away)
        ):
            return self
        patients = [wire.decode(body) for body in opened(self.all.of({"Patient"}))]
        numbers = [one for patient in patients for one in patient.get("identifier", [])]
        known = {normal(one.get("system", ""), one.get("value", "")).key for one in numbers}
        return self if number in known else _NOBODY


_NOBODY = _Look("", NOTHING, NOTHING)


async def search(gateway: Gateway, caller: Caller, kind: str, params: Sequence[tuple[str, str]]) -> Served:
    """A searchset Bundle. Raises BadRequest for an unknown parameter, and when no citizen is named."""
    query = understand(kind, gateway.search.get(kind, {}), params)
    named = await _named(gateway, kind, query) if caller.purposes else [("", "")]
    looks = {citizen: await _look(gateway, caller, kind, citizen) for citizen in dict.fromkeys(one for one, _ in named)}
    asked = f"GET {kind}?{urlencode(list(params), safe='|/:,')}"
    told = [looks[citizen].by(number) for citizen, number in named]
    records = [record_of(gateway, caller, "search-type", kind, one.citizen, one.shown, query=asked) for one in told]
    await on_record(gateway, *records)
    if not caller.purposes:
        raise no_purpose()
    answered = {one.citizen: one for one in told}
    found = [(one.citizen, body) for one in answered.values() for body in _matching(gateway, kind, one, query)]
    return Served(_bundle(gateway, kind, params, query, found))


async def _named(gateway: Gateway, kind: str, query: Query) -> list[tuple[str, str]]:
    """The Patient ids that the request names, "" for an identifier that is nobody's, each with the identifier that led
    to it, "" where it was named itself."""
    joint = [citizen_of_joint(one) for one in query.ids if is_joint(kind, one)]
    if not (query.citizens or query.identifiers or joint):
        raise BadRequest(
            "A search is a look at one citizen and must name the citizen",
            where=kind,
            hint=f"Give {'identifier or _id' if kind == 'Patient' else 'patient or patient.identifier'}.",
        )
    known = await resources.citizens_of(gateway.database, query.identifiers) if query.identifiers else []
    return [*((one, "") for one in (*query.citizens, *joint)), *((citizen, number) for number, citizen in known)]


async def _look(gateway: Gateway, caller: Caller, kind: str, citizen: str) -> _Look:
    """What this caller may see of the citizen. A plan or team is made from everything there is, and on record so."""
    parts, ground = await resources.parts(gateway.database, citizen) if citizen else ((), ())
    if not parts:
        return _NOBODY
    seen = await look(gateway, caller, parts, ground, persons_of(parts))
    left = when_left(gateway, caller, ground)
    away = own_sources(caller, gateway.sources) if left else frozenset()
    return _Look(citizen, seen, seen if kind in COMPOSED else seen.of({kind}), away)


def _matching(gateway: Gateway, kind: str, one: _Look, query: Query) -> list[bytes]:
    bodies = opened(one.all.of({kind}))
    if kind in COMPOSED and shows_plan(one.all):
        plan, team = composed_for(one.all, one.citizen, gateway)
        bodies.insert(0, plan if kind == "CarePlan" else team)
    return [body for body in bodies if _meets(body, query)]


def _meets(body: bytes, query: Query) -> bool:
    if not (query.tests or query.ids):
        return True
    resource = wire.decode(body)
    return (not query.ids or resource["id"] in query.ids) and query.matches(resource)


def _bundle(
    gateway: Gateway, kind: str, params: Sequence[tuple[str, str]], query: Query, found: Sequence[tuple[str, bytes]]
) -> bytes:
    page = [body for _, body in found[query.offset : query.offset + query.count]]
    links = [{"relation": "self", "url": f"{gateway.public_url}/fhir/{kind}"}]
    if query.offset + query.count < len(found) and query.count:
        links.append(
            {"relation": "next", "url": f"{gateway.public_url}/fhir/{kind}?{_onwards(kind, params, query, found)}"}
        )
    head = wire.encode({"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links})
    if not page:
        return head
    entries = b",".join(b'{"resource":' + body + b',"search":{"mode":"match"}}' for body in page)
    return head[:-1] + b',"entry":[' + entries + b"]}"


def _onwards(kind: str, params: Sequence[tuple[str, str]], query: Query, found: Sequence[tuple[str, bytes]]) -> str:
    """The query of the next page: for identifiers stand the ids of those of whom anything was found, of no other."""
    kept = [(name, value) for name, value in params if name != "_offset" and "identifier" not in name]
    shown = dict.fromkeys(citizen for citizen, _ in found) if query.identifiers else ()
    named = [("_id" if kind == "Patient" else "patient", one) for one in shown]
    return urlencode([*kept, *named, ("_offset", str(query.offset + query.count))])

"""Search: one citizen's resources of one type. FHIR R4 3.1.1.

Every look-up is a look at somebody, so a search names its citizen: `patient`, `subject`, `patient.identifier`, or
`identifier` and `_id` for Patient. Decisions fall before matching, total and page.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from gateway.domain.caller import Caller
from gateway.domain.plan import citizen_of_joint, is_joint
from gateway.domain.searching.query import Query, understand
from gateway.errors import BadRequest
from gateway.flows.joint_plan import compose_for
from gateway.flows.looking import NOTHING, Seen, look, on_record, opened, record_of
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose
from gateway.store import resources

COMPOSED = frozenset({"CarePlan", "CareTeam"})


async def search(gateway: Gateway, caller: Caller, kind: str, params: Sequence[tuple[str, str]]) -> Served:
    """A searchset Bundle. Raises BadRequest for an unknown parameter, and when no citizen is named."""
    query = understand(kind, gateway.search.get(kind, {}), params)
    citizens = await _citizens(gateway, kind, query)
    looks = [(citizen, await _look(gateway, caller, kind, citizen)) for citizen in citizens]
    asked = f"GET {kind}?{urlencode(list(params), safe='|/:,')}"
    records = [
        record_of(gateway, caller, "search-type", kind, citizen, _only(seen, kind), query=asked)
        for citizen, seen in looks
    ] or [record_of(gateway, caller, "search-type", kind, "", NOTHING, query=asked)]
    await on_record(gateway, *records)
    if not caller.purposes:
        raise no_purpose()
    found = [body for citizen, seen in looks for body in _matching(gateway, kind, citizen, seen, query)]
    return Served(_bundle(gateway, kind, params, citizens, query, found))


async def _citizens(gateway: Gateway, kind: str, query: Query) -> list[str]:
    joint = [citizen_of_joint(one) for one in query.ids if is_joint(kind, one)]
    if not (query.citizens or query.identifiers or joint):
        raise BadRequest(
            "A search is a look at one citizen and must name the citizen",
            where=kind,
            hint=f"Give {'identifier or _id' if kind == 'Patient' else 'patient or patient.identifier'}.",
        )
    known = await resources.citizen_of(gateway.database, query.identifiers) if query.identifiers else []
    return list(dict.fromkeys([*query.citizens, *joint, *known]))


async def _look(gateway: Gateway, caller: Caller, kind: str, citizen: str) -> Seen:
    """What this caller may see of the citizen: of the type, or of everything where the type is composed."""
    if not caller.purposes:
        return NOTHING
    parts, ground = await resources.parts(gateway.database, citizen)
    wanted = parts if kind in COMPOSED else [part for part in parts if part.facts.kind == kind]
    person = next((part.facts for part in parts if part.facts.kind == "Patient" and part.facts.id == citizen), None)
    return await look(gateway, caller, wanted, ground, person)


def _only(seen: Seen, kind: str) -> Seen:
    """The look as far as it shows: a search for plans shows plans, whatever they were composed from."""
    return Seen(
        tuple(one for one in seen.permitted if one[0].facts.kind == kind),
        tuple(one for one in seen.withheld if one[0].facts.kind == kind),
    )


def _matching(gateway: Gateway, kind: str, citizen: str, seen: Seen, query: Query) -> list[bytes]:
    bodies = [opened(part, permit) for part, permit in seen.permitted if part.facts.kind == kind]
    if kind in COMPOSED and any(part.facts.kind not in ("Patient", "Consent") for part, _ in seen.permitted):
        every = [msgspec.json.decode(opened(part, permit)) for part, permit in seen.permitted]
        plan, team = compose_for(every, citizen, gateway)
        bodies.insert(0, _encode(plan if kind == "CarePlan" else team))
    return [body for body in bodies if _meets(body, query)]


def _meets(body: bytes, query: Query) -> bool:
    if not (query.tests or query.ids):
        return True
    resource = msgspec.json.decode(body)
    return (not query.ids or resource["id"] in query.ids) and query.matches(resource)


def _bundle(
    gateway: Gateway,
    kind: str,
    params: Sequence[tuple[str, str]],
    citizens: Sequence[str],
    query: Query,
    found: Sequence[bytes],
) -> bytes:
    page = found[query.offset : query.offset + query.count]
    links = [{"relation": "self", "url": f"{gateway.public_url}/fhir/{kind}"}]
    if query.offset + query.count < len(found) and query.count:
        kept = [(name, value) for name, value in params if name != "_offset" and "identifier" not in name]
        named = [("_id" if kind == "Patient" else "patient", one) for one in citizens] if query.identifiers else []
        onwards = urlencode([*kept, *named, ("_offset", str(query.offset + query.count))])
        links.append({"relation": "next", "url": f"{gateway.public_url}/fhir/{kind}?{onwards}"})
    head = _encode({"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links})
    if not page:
        return head
    entries = b",".join(b'{"resource":' + body + b',"search":{"mode":"match"}}' for body in page)
    return head[:-1] + b',"entry":[' + entries + b"]}"


_encode = msgspec.json.Encoder(decimal_format="number").encode

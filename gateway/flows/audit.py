"""Audit: the look at the looks. AuditEvents for the auditor, whose own look is put on record first.

The auditor sees who looked at whom and why, never what a resource holds.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from gateway.domain.audit_event import Server, audit_event
from gateway.domain.caller import Caller
from gateway.domain.findable import term
from gateway.domain.identifier import spelled
from gateway.domain.record import AccessRecord, Decision, Outcome, person_key
from gateway.domain.searching.hops import shown
from gateway.domain.searching.matching import split
from gateway.domain.searching.order import Place
from gateway.domain.searching.query import Query, once, understand
from gateway.domain.searching.subset import subset
from gateway.domain.searching.world import literal
from gateway.domain.statement import Body
from gateway.domain.when import instant, last_instant
from gateway.errors import BadRequest, Forbidden, NotFound
from gateway.flows.covering import covers_body
from gateway.flows.find_looks import NOBODY
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose
from gateway.flows.search.page import shape
from gateway.flows.search.paging import Params, Position, onwards, opened
from gateway.store import log_pages, log_reading, resources, wire
from gateway.store.log_reading import Found, Search

# Search parameter → field of the log's search. `date`, `patient` and `patient.identifier` are read apart.
_FIELDS = {
    "agent.identifier": "users", "organization": "organisations", "client": "clients",
    "decision": "decisions", "subtype": "interactions", "purpose": "purposes", "trace": "traces",
}  # fmt: skip
KIND = "AuditEvent"
_OURS = {"date": "date", "patient": "reference"} | dict.fromkeys(
    ("client", "decision", "organization", "purpose", "trace"), "token"
)
NOT_HELD = frozenset({"_security", "_source", "_tag", "_text"})
"""Parameters of every type that look at what an AuditEvent of ours does not have: it is drawn from its record."""
_DATE = re.compile(r"^(ge|gt|le|lt|sa|eb)?(\d{4}(?:-\d{2}(?:-\d{2}(?:T[0-9:.]+(?:Z|[+-]\d{2}:\d{2})?)?)?)?)$")
_PATIENT = re.compile(r"[0-9a-f]{32}")
_BY_NUMBER = {"patient:identifier": "patient.identifier", "agent:identifier": "agent.identifier"}
_PEOPLE = ("patient", "patient.identifier")
_TIMES = ("date", "_lastUpdated")  # an event is written as it is recorded, and never changes
_SHAPING = ("_count", "_elements", "_sort", "_summary")
PAGE = 100
MOST = 500
BATCH = 500
WALK = 5000
"""So many records does one page look at where the events themselves are tested; then it ends, with a link onwards."""
AT_ONCE = 100
"""After so many whoever waits for an answer gets a turn."""


def parameters(gateway: Gateway) -> dict[str, str]:
    """What a search of AuditEvents takes, by its FHIR type; the CapabilityStatement says so."""
    of_r4 = {name: one.kind for name, one in gateway.search[KIND].items() if name not in NOT_HELD}
    return of_r4 | _OURS


async def search(gateway: Gateway, caller: Caller, params: Params) -> Served:
    """A searchset of AuditEvents, newest first. Raises Forbidden unless the caller is an auditor with a purpose,
    BadRequest for an unknown parameter; NotFound and Gone as search of citizens' resources does for links. Three
    statements at most: whom it names, the record of it, the events; two for these where nobody is named."""
    position = opened(gateway, caller, KIND, params)
    record = await _admitted(gateway, caller, "search-type", position.params)
    wanted, count, query, named = await _understood(gateway, position.params)
    await on_record(gateway, *([record.of(one.removesuffix(NOBODY)) for one in named] or [record]))
    page, last, gone = await _page(gateway, caller, wanted, query, count, _cursor(position.place))
    url = f"{gateway.public_url}/fhir/{KIND}"
    links = [{"relation": "self", "url": url}]
    if last:
        place: Place = [last.recorded_at.isoformat(), str(last.id)]
        rest = _rest(position, wanted)
        links.append({"relation": "next", "url": onwards(gateway, caller, KIND, KIND, rest, place)})
    told = [subset(one, shape(KIND), query.summary, query.elements) for one in page]
    entries = [{"fullUrl": f"{url}/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in told]
    bundle = {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": [*entries, *gone]}
    return Served(wire.encode({name: value for name, value in bundle.items() if value}))


async def _page(
    gateway: Gateway, caller: Caller, wanted: Search, query: Query, count: int, before: tuple[datetime, int] | None
) -> tuple[list[Body], Found | None, list[Body]]:
    """The events of one page; the record after which the next one goes on, None where nothing is left; and what is told
    at the end of the list. What the log cannot look up is tested on the events, and so are the parameters of scopes."""
    page: list[Body] = []
    last: Found | None = None
    for size in _sizes(wanted, count, tested=bool(query.tests) or caller.narrowed):
        told = await log_pages.page(gateway.database, wanted, size, before)
        for number, one in enumerate(told.found):
            event = _event(gateway, one)
            if query.matches(event) and covers_body(gateway, caller, event):
                if len(page) == count:
                    return page, last, []
                page.append(event)
            last, before = one, one.cursor
            if number % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
        if len(told.found) < size:
            return page, None, _gone(wanted, told, counted=not caller.narrowed)
    return page, last, []


def _sizes(wanted: Search, count: int, *, tested: bool) -> list[int]:
    """How many records each statement brings: one more than the page holds, or as many as are tested. Nobody has very
    many of those that name a citizen."""
    if not tested:
        return [count + 1]
    return [WALK] if wanted.citizens or WALK <= BATCH else [BATCH, WALK - BATCH]


def _gone(wanted: Search, told: log_pages.Page, *, counted: bool) -> list[Body]:
    """At the end of a list: what the search would have reached, had its time not been over. How many there were of the
    citizens who are named is told where all would have been."""
    before = told.forgotten
    if before is None or (wanted.since and wanted.since >= before):
        return []
    text = f"Records from before {before.isoformat(timespec='seconds')} were deleted when their time was over."
    if wanted.citizens and counted:
        text += f" Of these citizens there were {told.gone}."
    issue = {"severity": "information", "code": "deleted", "details": {"text": text}}
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    return [{"resource": outcome, "search": {"mode": "outcome"}}]


async def read(gateway: Gateway, caller: Caller, identity: str) -> Served:
    """One AuditEvent by its id, the number of its record."""
    record = await _admitted(gateway, caller, "read", [("_id", identity)])
    number = int(identity) if identity.isascii() and identity.isdigit() and len(identity) < 18 else 0
    async with gateway.database.connection() as connection:
        found = await log_reading.get(connection, number)
    event = _event(gateway, found) if found else None
    there = event is not None and covers_body(gateway, caller, event)
    missed = replace(record, outcome=Outcome.MINOR, outcome_text="there is no such record")
    await on_record(gateway, record.of(found.record.citizen) if found and there else missed)
    if found is None or not there:
        raise NotFound
    return Served(wire.encode(event), "1", found.recorded_at)


async def _admitted(gateway: Gateway, caller: Caller, interaction: str, params: Params) -> AccessRecord:
    """The record of the auditor's own look, to be put on record under each citizen it is about. The refusal of
    somebody who may not look is on record at once."""
    asked = f"GET AuditEvent?{urlencode(list(params), safe='|/:,')}"
    record = record_of(gateway, caller, interaction, "AuditEvent", "", NOTHING, query=asked)
    if caller.role == "auditor" and caller.purposes:
        return replace(record, decision=Decision.PERMIT, outcome=Outcome.SUCCESS)
    await on_record(gateway, record)
    raise Forbidden("Only auditors read the access log") if caller.purposes else no_purpose()


async def _understood(gateway: Gateway, params: Params) -> tuple[Search, int, Query, list[str]]:
    """What is looked up, how many events a page has, what is tested on them, and who is named."""
    tested, looked_up = list[tuple[str, str]](), list[tuple[str, str]]()
    for one in params:
        (tested if _is_tested(gateway, *one) else looked_up).append(one)
    query = understand(KIND, gateway.search, tested, gateway.here)
    if query.wide or query.beyond:
        raise BadRequest("No chain is served for this type", where=KIND, hint="Search the other type by itself.")
    asked, count = _looked_up(gateway, looked_up), _size(looked_up)
    named = await _people(gateway, asked.pop("people", []))
    if named:
        asked["citizens"] = sorted(set.intersection(*named) or {NOBODY})
    asked["alike"] = [group for name, value in tested if name == "entity" and (group := _terms(gateway, value))]
    if query.ids:
        asked["ids"] = [int(one) for one in query.ids if one.isdigit() and len(one) < 18] or [0]
    return Search(**asked), count, query, sorted(set().union(*named))


def _size(params: Params) -> int:
    """How many events a page has. Raises BadRequest where their number is asked for."""
    told = once(params, "_count")
    count = min(_number("_count", told["_count"]), MOST) if told else PAGE
    if not count or "_summary" in dict(params):  # any other summary is of the events
        raise BadRequest(
            "AuditEvents are not counted", where="_summary" if count else "_count", hint="Follow next to its end."
        )
    return count


def _looked_up(gateway: Gateway, params: Params) -> dict[str, Any]:
    """The fields of Search that these parameters ask for, with `people` for whom they name. What is given twice has to
    hold twice."""
    asked: dict[str, Any] = {}
    for given, value in params:
        name = _BY_NUMBER.get(given, given)
        if name == "_sort":
            if value != "-date":  # they always are
                raise BadRequest("AuditEvents are told newest first alone", where=name, hint="Leave it out, or -date.")
        elif name in _TIMES:
            for bound, moment in _bounds(name, value).items():
                narrower = max if bound == "since" else min
                asked[bound] = narrower(moment, asked.get(bound, moment))
        elif name in _PEOPLE:
            asked.setdefault("people", []).append((name, value))
        elif name not in ("_count", "_summary"):
            field, values = _field(gateway, name, value)
            if field == "purposes" and field in asked:
                raise BadRequest("One of these purposes is asked for", where=name, hint="Put a comma between them.")
            asked[field] = [one for one in values if one in asked.get(field, values)] or [NOBODY]
    return asked


async def _people(gateway: Gateway, told: Params) -> list[set[str]]:
    """Of each parameter that names citizens, all their Patient ids. One statement, none where nobody is named."""
    groups = [(name, _patients(value) if name == "patient" else _numbers(name, value)) for name, value in told]
    numbers = {one for name, group in groups if name != "patient" for one in group}
    patients = {one for name, group in groups if name == "patient" for one in group}
    known = await resources.people_of(gateway.database, sorted(numbers), sorted(patients)) if groups else {}
    return [
        {one for each in group for one in known.get(each, {each if name == "patient" else NOBODY})}
        for name, group in groups
    ]


def _terms(gateway: Gateway, value: str) -> list[int]:
    """The terms of the records that a value of `entity` may be met by; none where terms do not tell of it."""
    found: list[int] = []
    for one in split(value, ","):
        kind, identity = literal(one, gateway.here.url)
        if not kind or kind == "Patient":
            return []
        found.append(term("resource", f"{kind}/{identity}"))
        found += [term("consent", identity)] if kind == "Consent" else []
    return found


def _is_tested(gateway: Gateway, name: str, value: str) -> bool:
    """Whether a parameter is tested on the events; the others are looked up in the log, as they were before R4's."""
    plain, _, modifier = name.partition(":")
    if plain in ("_summary", "_elements"):
        return value != "count"
    if name in _TIMES:
        return value[:2] in ("eq", "ne", "ap") or "," in value
    if name in _BY_NUMBER or "." in name or plain not in gateway.search[KIND] or plain in NOT_HELD:
        return False
    return bool(modifier) or (plain != "patient" and not (plain == "subtype" and "|" not in value))


def _field(gateway: Gateway, name: str, value: str) -> tuple[str, list[str]]:
    """The field of the log's search that a parameter asks for, and the values it may have."""
    if name not in _FIELDS:
        served = ", ".join(sorted([*_FIELDS, *parameters(gateway), "patient.identifier", *_SHAPING]))
        raise BadRequest(
            "This search parameter is not served", where=shown(name), hint=f"Served for AuditEvent: {served}."
        )
    if not value.strip(","):
        raise BadRequest("This takes a value", where=name)
    values = value.split(",")
    if name == "agent.identifier":  # on record as it was told, a CPR as the pseudonym of its one spelling
        values = sorted({person_key(key, gateway.ids) for one in values for key in (one, spelled(one))})
    return _FIELDS[name], values


def _numbers(name: str, value: str) -> list[str]:
    """These identifiers in their one spelling."""
    found = [spelled(one) for one in split(value, ",")]
    if not found:
        raise BadRequest("This takes a value", where=name)
    return found


def _patients(value: str) -> list[str]:
    """Patient ids; anything else in this place may be the number of a person, which must not come on record."""
    found = [one.removeprefix("Patient/") for one in value.split(",")]
    if not all(map(_PATIENT.fullmatch, found)):
        raise BadRequest("This is not the id of a Patient", where="patient")
    return found


def _bounds(name: str, value: str) -> dict[str, datetime]:
    found = _DATE.match(value.replace(" ", "+"))  # a + that was not written %2B arrives as a blank
    if found is None:
        raise BadRequest("This is not a date with an optional prefix", where=name, hint="For instance ge2026-03-01.")
    try:
        low, high = instant(found[2]), last_instant(found[2])
    except ValueError:
        raise BadRequest("This date does not exist", where=name) from None
    return {
        "ge": {"since": low}, "gt": {"since": high}, "sa": {"since": high},
        "le": {"until": high}, "lt": {"until": low}, "eb": {"until": low},
    }.get(found[1], {"since": low, "until": high})  # fmt: skip


def _number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and 0 < len(value) < 6):
        raise BadRequest("This must be a whole number", where=name)
    return int(value)


def _cursor(place: Place | None) -> tuple[datetime, int] | None:
    return (datetime.fromisoformat(str(place[0])), int(str(place[1]))) if place else None


def _rest(position: Position, wanted: Search) -> Position:
    """The request of the pages to come: for identifiers stand Patient ids and pseudonyms."""
    apart = {"patient", *_BY_NUMBER, *_BY_NUMBER.values()}
    kept = [(name, value) for name, value in position.params if name not in apart]
    told = (("patient", wanted.citizens), ("agent.identifier", wanted.users))
    return replace(position, params=[*kept, *((name, ",".join(values)) for name, values in told if values)])


def _event(gateway: Gateway, found: Found) -> Body:
    server = Server(gateway.log_key.origin, f"{gateway.public_url}/fhir")
    event = audit_event(found.record, str(found.id), server)
    updated = found.recorded_at.isoformat(timespec="milliseconds")
    return event | {"meta": {"lastUpdated": updated} | event["meta"]}

"""Audit: the look at the looks. AuditEvents for the auditor, whose own look is put on record first.

The auditor sees who looked at whom and why, never what a resource holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from gateway.domain.audit_event import Server, audit_event
from gateway.domain.caller import Caller
from gateway.domain.record import AccessRecord, Decision, Outcome, person_key
from gateway.domain.statement import Body
from gateway.domain.when import instant, last_instant
from gateway.errors import BadRequest, Forbidden, NotFound
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose
from gateway.store import log_forgetting, log_reading, resources, wire
from gateway.store.log import Connection
from gateway.store.log_reading import Found, Search

# Search parameter → field of the log's search. `date`, `patient` and `patient.identifier` are read apart.
_FIELDS = {
    "agent.identifier": "users", "organization": "organisations", "client": "clients",
    "decision": "decisions", "subtype": "interactions", "purpose": "purposes", "trace": "traces",
}  # fmt: skip
# What a search of AuditEvents takes, by its FHIR type; the CapabilityStatement says so.
PARAMETERS = {"date": "date", "patient": "reference"} | dict.fromkeys(
    ("client", "decision", "organization", "purpose", "subtype", "trace"), "token"
)
_DATE = re.compile(r"^(ge|gt|le|lt|sa|eb)?(\d{4}(?:-\d{2}(?:-\d{2}(?:T[0-9:.]+(?:Z|[+-]\d{2}:\d{2})?)?)?)?)$")
_PATIENT = re.compile(r"[0-9a-f]{32}")
_CURSOR = re.compile(r"([0-9T:.-]+\+00:00)_(\d{1,18})", re.ASCII)
_NOBODY = "nobody"  # whom an identifier leads to that leads to no citizen
PAGE = 100
MOST = 500


async def search(gateway: Gateway, caller: Caller, params: Sequence[tuple[str, str]]) -> Served:
    """A searchset of AuditEvents, newest first. Raises Forbidden unless the caller is an auditor with a purpose,
    BadRequest for an unknown parameter."""
    record = await _admitted(gateway, caller, "search-type", params)
    wanted, count, before = await _understood(gateway, params)
    await on_record(gateway, *([record.of(one.removesuffix(_NOBODY)) for one in wanted.citizens] or [record]))
    async with gateway.database.connection() as connection:
        found = await log_reading.find(connection, wanted, count + 1, before)
        gone = await _gone(connection, wanted) if len(found) <= count else []
    page = found[:count]
    links = [{"relation": "self", "url": f"{gateway.public_url}/fhir/AuditEvent"}]
    if len(found) > count and page:
        links.append({"relation": "next", "url": _next(gateway, params, wanted, page[-1])})
    entries = [{"resource": _event(gateway, one), "search": {"mode": "match"}} for one in page]
    bundle = {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": [*entries, *gone]}
    return Served(wire.encode({name: value for name, value in bundle.items() if value}))


async def _gone(connection: Connection, wanted: Search) -> list[Body]:
    """At the end of a list: what the search would have reached, had its time not been over."""
    before = await log_forgetting.forgotten_before(connection)
    if before is None or (wanted.since and wanted.since >= before):
        return []
    told = f"Records from before {before.isoformat(timespec='seconds')} were deleted when their time was over."
    if wanted.citizens:
        told += f" Of these citizens there were {await log_forgetting.gone_of(connection, wanted.citizens)}."
    issue = {"severity": "information", "code": "deleted", "details": {"text": told}}
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    return [{"resource": outcome, "search": {"mode": "outcome"}}]


async def read(gateway: Gateway, caller: Caller, identity: str) -> Served:
    """One AuditEvent by its id, the number of its record."""
    record = await _admitted(gateway, caller, "read", [("_id", identity)])
    number = int(identity) if identity.isascii() and identity.isdigit() and len(identity) < 18 else 0
    async with gateway.database.connection() as connection:
        found = await log_reading.get(connection, number)
    missed = replace(record, outcome=Outcome.MINOR, outcome_text="there is no such record")
    await on_record(gateway, record.of(found.record.citizen) if found else missed)
    if found is None:
        raise NotFound
    return Served(wire.encode(_event(gateway, found)), "1", found.recorded_at)


async def _admitted(
    gateway: Gateway, caller: Caller, interaction: str, params: Sequence[tuple[str, str]]
) -> AccessRecord:
    """The record of the auditor's own look, to be put on record under each citizen it is about. The refusal of
    somebody who may not look is on record at once."""
    asked = f"GET AuditEvent?{urlencode(list(params), safe='|/:,')}"
    record = record_of(gateway, caller, interaction, "AuditEvent", "", NOTHING, query=asked)
    if caller.role == "auditor" and caller.purposes:
        return replace(record, decision=Decision.PERMIT, outcome=Outcome.SUCCESS)
    await on_record(gateway, record)
    raise Forbidden("Only auditors read the access log") if caller.purposes else no_purpose()


async def _understood(
    gateway: Gateway, params: Sequence[tuple[str, str]]
) -> tuple[Search, int, tuple[datetime, int] | None]:
    asked: dict[str, Any] = {}  # the fields of Search
    count, before = PAGE, None
    for name, value in params:
        if name == "_count":
            count = min(_number(name, value), MOST)
        elif name == "_before":
            before = _cursor(value)
        elif name == "date":
            asked |= _bounds(value)
        else:
            field, values = await _field(gateway, name, value)
            asked.setdefault(field, []).extend(values)
    if citizens := asked.get("citizens"):
        asked["citizens"] = await resources.same_people(gateway.database, citizens)
    return Search(**asked), count, before


async def _field(gateway: Gateway, name: str, value: str) -> tuple[str, list[str]]:
    """The field of the log's search that a parameter asks for, and the values it may have."""
    if name == "patient.identifier":
        known = await resources.citizens_of(gateway.database, value.split(","))
        return "citizens", [citizen or "nobody" for _, citizen in known]
    if name == "patient":
        return "citizens", _patients(value)
    if name not in _FIELDS:
        served = ", ".join(sorted([*_FIELDS, "date", "patient", "patient.identifier", "_count"]))
        raise BadRequest("This search parameter is not served", hint=f"Served for AuditEvent: {served}.")
    people = name == "agent.identifier"
    return _FIELDS[name], [person_key(one, gateway.ids) if people else one for one in value.split(",")]


def _patients(value: str) -> list[str]:
    """Patient ids; anything else in this place may be the number of a person, which must not come on record."""
    found = [one.removeprefix("Patient/") for one in value.split(",")]
    if not all(map(_PATIENT.fullmatch, found)):
        raise BadRequest("This is not the id of a Patient", where="patient")
    return found


def _bounds(value: str) -> dict[str, datetime]:
    found = _DATE.match(value)
    if found is None:
        raise BadRequest("This is not a date with an optional prefix", where="date", hint="For instance ge2026-03-01.")
    try:
        low, high = instant(found[2]), last_instant(found[2])
    except ValueError:
        raise BadRequest("This date does not exist", where="date") from None
    return {
        "ge": {"since": low}, "gt": {"since": high}, "sa": {"since": high},
        "le": {"until": high}, "lt": {"until": low}, "eb": {"until": low},
    }.get(found[1], {"since": low, "until": high})  # fmt: skip


def _number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and 0 < len(value) < 6):
        raise BadRequest("This must be a whole number", where=name)
    return int(value)


def _cursor(value: str) -> tuple[datetime, int]:
    found = _CURSOR.fullmatch(value)
    try:
        return datetime.fromisoformat(found[1] if found else ""), int(found[2] if found else 0)
    except ValueError:
        raise BadRequest("This is not a link that was given out", where="_before") from None


def _next(gateway: Gateway, params: Sequence[tuple[str, str]], wanted: Search, last: Found) -> str:
    """The next page. No identifier stands in a URL: Patient ids and pseudonyms stand for them."""
    kept = [(name, value) for name, value in params if name not in ("_before", "patient") and "identifier" not in name]
    kept += [("patient", one) for one in wanted.citizens] + [("agent.identifier", one) for one in wanted.users]
    cursor = ("_before", f"{last.recorded_at.isoformat()}_{last.id}")
    return f"{gateway.public_url}/fhir/AuditEvent?{urlencode([*kept, cursor])}"


def _event(gateway: Gateway, found: Found) -> dict[str, object]:
    server = Server(gateway.log_key.origin, f"{gateway.public_url}/fhir")
    return audit_event(found.record, str(found.id), server)

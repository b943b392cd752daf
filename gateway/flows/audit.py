"""Audit: the look at the looks. AuditEvents for the auditor, whose own look is put on record first.

The auditor sees who looked at whom and why, never what a resource holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

import msgspec

from gateway.domain.audit_event import Server, audit_event
from gateway.domain.caller import Caller
from gateway.domain.record import AccessRecord, Decision, Outcome, person_key
from gateway.domain.when import instant, last_instant
from gateway.errors import BadRequest, Forbidden, NotFound
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway, Served
from gateway.store import log_reading, resources
from gateway.store.log_reading import Found, Search

# Search parameter → field of the log's search. `date` and `patient.identifier` are read apart.
_FIELDS = {
    "patient": "citizens", "agent.identifier": "users", "organization": "organisations", "client": "clients",
    "decision": "decisions", "subtype": "interactions", "purpose": "purposes", "trace": "traces",
}  # fmt: skip
# What a search of AuditEvents takes, by its FHIR type; the CapabilityStatement says so.
PARAMETERS = {"date": "date", "patient": "reference"} | dict.fromkeys(
    ("client", "decision", "organization", "purpose", "subtype", "trace"), "token"
)
_DATE = re.compile(r"^(ge|gt|le|lt|sa|eb)?(\d{4}(?:-\d{2}(?:-\d{2}(?:T[0-9:.]+(?:Z|[+-]\d{2}:\d{2})?)?)?)?)$")
PAGE = 100
MOST = 500


async def search(gateway: Gateway, caller: Caller, params: Sequence[tuple[str, str]]) -> Served:
    """A searchset of AuditEvents, newest first. Raises Forbidden unless the caller is an auditor, BadRequest for an
    unknown parameter."""
    await _admit(gateway, caller, "search-type", params)
    wanted, count, before = await _understood(gateway, params)
    async with gateway.database.connection() as connection:
        found = await log_reading.find(connection, wanted, count + 1, before)
    page = found[:count]
    links = [{"relation": "self", "url": f"{gateway.public_url}/fhir/AuditEvent"}]
    if len(found) > count and page:
        links.append({"relation": "next", "url": _next(gateway, params, wanted, page[-1])})
    entries = [{"resource": _event(gateway, one), "search": {"mode": "match"}} for one in page]
    bundle = {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}
    return Served(_encode({name: value for name, value in bundle.items() if value}))


async def read(gateway: Gateway, caller: Caller, identity: str) -> Served:
    """One AuditEvent by its id, the number of its record."""
    await _admit(gateway, caller, "read", [("_id", identity)])
    number = int(identity) if identity.isascii() and identity.isdigit() and len(identity) < 18 else 0
    async with gateway.database.connection() as connection:
        found = await log_reading.get(connection, number)
    if found is None:
        raise NotFound
    return Served(_encode(_event(gateway, found)), "1", found.recorded_at)


async def _admit(gateway: Gateway, caller: Caller, interaction: str, params: Sequence[tuple[str, str]]) -> None:
    """Put the auditor's own look on record, or the refusal of somebody who is none."""
    asked = f"GET AuditEvent?{urlencode(list(params), safe='|/:,')}"
    citizens = [value.rpartition("/")[2] for name, value in params if name == "patient"]
    is_auditor = caller.role == "auditor"
    record = record_of(gateway, caller, interaction, "AuditEvent", "", NOTHING, query=asked)
    if is_auditor:
        record = replace(record, decision=Decision.PERMIT, outcome=Outcome.SUCCESS)
    await on_record(gateway, *_about(record, citizens))
    if not is_auditor:
        raise Forbidden("Only auditors read the access log")


def _about(record: AccessRecord, citizens: Sequence[str]) -> list[AccessRecord]:
    return [record.of(citizen) for citizen in dict.fromkeys(citizens)] or [record]


async def _understood(
    gateway: Gateway, params: Sequence[tuple[str, str]]
) -> tuple[Search, int, tuple[datetime, int] | None]:
    fields: dict[str, list[str]] = {}
    bounds: dict[str, datetime] = {}
    count, before = PAGE, None
    for name, value in params:
        if name == "_count":
            count = min(_number(name, value), MOST)
        elif name == "_before":
            before = _cursor(value)
        elif name == "date":
            bounds |= _bounds(value)
        elif name == "patient.identifier":
            known = await resources.citizens_of(gateway.database, value.split(","))
            fields.setdefault("citizens", []).extend(citizen or "nobody" for _, citizen in known)
        elif name in _FIELDS:
            values = [one.rpartition("/")[2] if name == "patient" else one for one in value.split(",")]
            people = name == "agent.identifier"
            fields.setdefault(_FIELDS[name], []).extend(person_key(v, gateway.ids) if people else v for v in values)
        else:
            served = ", ".join(sorted([*_FIELDS, "date", "patient.identifier", "_count"]))
            raise BadRequest("This search parameter is not served", hint=f"Served for AuditEvent: {served}.")
    return Search(**fields, **bounds), count, before  # type: ignore[arg-type]


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
    time, _, number = value.partition("_")
    try:
        return datetime.fromisoformat(time), int(number)
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


_encode = msgspec.json.Encoder(decimal_format="number").encode

"""The FHIR REST doors: read, search, the joint plan, consent. http://hl7.org/fhir/R4/http.html

A flow decides, records and gives FHIR JSON; here it becomes an HTTP answer. A 304 is an answer too: it is only given
after the flow has decided and recorded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.errors import BadRequest, NotFound
from gateway.flows import audit, joint_plan, read, record_consent, search, write_message
from gateway.flows.parts import Served
from gateway.inbound import definitions, files, negotiate
from gateway.inbound.bodies import read_body, read_form
from gateway.inbound.door import Inbound
from gateway.translate.fhir import parse, write_json, write_xml

# Types whose reading is a look at a citizen; AuditEvent is the look at the looks.
CLINICAL = (
    "Patient", "CarePlan", "CareTeam", "Encounter", "Goal", "Condition", "Consent", "RelatedPerson", "Task",
    "Communication", "Appointment", "ServiceRequest", "DocumentReference", "Flag", "Account",
    "Observation", "ClinicalImpression", "Procedure",
)  # fmt: skip
READABLE = (*CLINICAL, "AuditEvent")
SINGLE = (*READABLE, "Binary", *definitions.KINDS)
"""What is read by its id: a file is found by its Communication, never searched for."""
SEARCHED = (*READABLE, *definitions.KINDS)
CONSENT_BYTES = 262_144
"""The largest Consent taken: every look at the citizen reads it."""
OF_ANSWER = ("_format", "_pretty")  # parameters about the answer's form, not its content
_VERSION = re.compile(r"[1-9]\d{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Form:
    """How the answer is to be written; settled before anything is looked at."""

    wanted: str
    pretty: bool


async def read_one(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /fhir/{kind}/{id}"""
    kind, identity = request.path_params["kind"], request.path_params["id"]
    if kind == "Binary":
        return await files.read_one(inbound, request, caller, identity)
    form = _only_form(request)
    if kind in definitions.KINDS:
        return answer(request, form, definitions.read(inbound, kind, identity))
    if kind == "AuditEvent":
        return answer(request, form, await audit.read(inbound.gateway, caller, identity))
    return answer(request, form, await read.read(inbound.gateway, caller, kind, identity))


async def read_version(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /fhir/{kind}/{id}/_history/{version}"""
    form = _only_form(request)
    kind, identity, version = (request.path_params[name] for name in ("kind", "id", "version"))
    number = int(version) if _VERSION.fullmatch(version) else 0
    if not number:
        raise NotFound
    return answer(request, form, await read.read(inbound.gateway, caller, kind, identity, number))


async def search_by_url(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /fhir/{kind}?…"""
    return await _search(inbound, request, caller, query(request))


async def search_by_form(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /fhir/{kind}/_search, which keeps identifiers out of URLs; parameters of the URL count too."""
    return await _search(inbound, request, caller, [*query(request), *await read_form(request)])


async def _search(inbound: Inbound, request: Request, caller: Caller, params: list[tuple[str, str]]) -> Response:
    form = form_of(request, params)
    kind = request.path_params["kind"]
    wanted = [(name, value) for name, value in params if name not in OF_ANSWER]
    if kind in definitions.KINDS:
        return answer(request, form, definitions.search(inbound, kind, wanted))
    if kind == "AuditEvent":
        return answer(request, form, await audit.search(inbound.gateway, caller, wanted))
    return answer(request, form, await search.search(inbound.gateway, caller, kind, wanted))


async def joint(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /fhir/Patient/{id}/$joint-plan: a collection Bundle, composed for this caller."""
    form = _only_form(request)
    return answer(request, form, await joint_plan.joint_plan(inbound.gateway, caller, request.path_params["id"]))


async def create(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /fhir/Consent, which is kept; POST /fhir/Communication, which is sent as well."""
    form = _only_form(request)
    if request.path_params["kind"] == "Communication":
        raw = await _resource(inbound, request, inbound.message_bytes)
        return answer(request, form, await write_message.write_message(inbound.gateway, caller, raw), written=True)
    raw = await _resource(inbound, request)
    return answer(request, form, await record_consent.record_consent(inbound.gateway, caller, raw), written=True)


async def update_consent(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """PUT /fhir/Consent/{id}; If-Match is checked when given."""
    form = _only_form(request)
    raw = await _resource(inbound, request)
    identity, if_match = request.path_params["id"], request.headers.get("if-match", "")
    made = await record_consent.record_consent(inbound.gateway, caller, raw, identity, if_match)
    return answer(request, form, made, written=True)


async def _resource(inbound: Inbound, request: Request, limit: int = CONSENT_BYTES) -> bytes:
    """The resource of the body as FHIR JSON."""
    content_type = request.headers.get("content-type", "")
    sent = negotiate.sent(content_type)
    raw = await read_body(request, min(inbound.message_bytes, limit))
    return raw if sent == negotiate.JSON else write_json(parse(raw, content_type))


def answer(request: Request, form: Form, served: Served, *, written: bool = False) -> Response:
    """The HTTP answer: format, ETag, Last-Modified, where it is, and 304 when the caller has it already."""
    headers = {"Vary": "Accept, Authorization"}
    if served.version:
        headers["ETag"] = f'W/"{served.version}"'  # weak: JSON and XML share it
    if served.updated:
        headers["Last-Modified"] = format_datetime(served.updated.astimezone(UTC), usegmt=True)
    if served.location:
        headers["Location" if served.created else "Content-Location"] = served.location
    if not written and _has_it(request, served):
        return Response(b"", 304, headers)
    status = 201 if served.created else 200
    if written and ("return=minimal" in request.headers.get("prefer", "") or not served.body):
        return Response(b"", status, headers)
    return Response(_written(served.body, form), status, headers, f"{form.wanted}; charset=utf-8")


def _written(body: bytes, form: Form) -> bytes:
    if form.wanted == negotiate.XML:
        return write_xml(parse(body, negotiate.JSON))
    return msgspec.json.format(body, indent=2) if form.pretty else body


def _has_it(request: Request, served: Served) -> bool:
    """RFC 9110 13.1.2, 13.1.3: If-None-Match (weak comparison) goes before If-Modified-Since."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")}
        return bool(served.version) and (served.version in known or "*" in known)
    since = request.headers.get("if-modified-since")
    if since is None or served.updated is None:
        return False
    return (date := _http_date(since)) is not None and served.updated.replace(microsecond=0) <= date


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def query(request: Request) -> list[tuple[str, str]]:
    """The URL's parameters. Bytes that are no UTF-8 are refused, not replaced."""
    raw: bytes = request.scope["query_string"]
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise BadRequest("The query cannot be read", hint="Percent-encode it as UTF-8.") from None


def _only_form(request: Request) -> Form:
    """The form, where no other parameter may stand: interactions on one resource."""
    if not request.scope["query_string"]:
        return form_of(request, ())
    params = query(request)
    if any(name not in OF_ANSWER for name, _ in params):
        raise BadRequest("Only _format and _pretty may stand here", where="the query")
    return form_of(request, params)


def form_of(request: Request, params: Sequence[tuple[str, str]]) -> Form:
    """How the answer is to be written, by `_format`, `_pretty` and Accept. Raises NotAcceptable."""
    given = dict(params)
    wanted = negotiate.wanted(request.headers.get("accept", ""), given.get("_format", ""))
    return Form(wanted, given.get("_pretty") == "true")

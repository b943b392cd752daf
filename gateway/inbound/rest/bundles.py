"""POST /fhir: batch and transaction. http://hl7.org/fhir/R4/http.html#transaction

Every entry goes through the door that it would have come through alone: scopes, decision and access record are its
own, and no header of the whole request but Prefer reaches it. The entries of a batch know nothing of each other; the
writes of a transaction are one commit, about however many citizens, and its reads are answered within it, from what
stands then.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Message

from gateway.domain.caller import Caller
from gateway.domain.when import instant
from gateway.errors import BadRequest, GatewayError, NotAllowed, Refused, TooLarge, Unavailable
from gateway.flows.parts import Gateway, Served
from gateway.flows.writing import Asked, Entry, transact
from gateway.inbound import negotiate, outcome
from gateway.inbound.bodies import read_body
from gateway.inbound.door import Bearer, Endpoint, Inbound, check_scopes
from gateway.inbound.rest.answering import OF_ANSWER, Form, answer, only_form, preferred
from gateway.inbound.rest.kinds import TOGETHER
from gateway.inbound.rest.writing import change_of, criteria_of, most_bytes
from gateway.translate.fhir import parse, write_json
from gateway.translate.fhir.outcome import failed, validated

Json = dict[str, Any]

MOST_ENTRIES = 200
_MOST_ANSWERED = 33_554_432  # bytes of all answers together
_URL = re.compile(r"[A-Z][A-Za-z]{2,63}(/[A-Za-z0-9._$-]+|/\*)*", re.ASCII)
_READS = ("GET", "HEAD")
_METHODS = (*_READS, "POST", "PUT", "PATCH", "DELETE")
_OF_ENTRY = frozenset({"fullUrl", "resource", "request", "search", "response", "link", "id", "extension"})
_CONDITIONS = {
    "ifMatch": "If-Match", "ifNoneMatch": "If-None-Match", "ifModifiedSince": "If-Modified-Since",
    "ifNoneExist": "If-None-Exist",
}  # fmt: skip
_WRITES = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_METHOD = {interaction: method for method, interaction in _WRITES.items()}
_ALONE = frozenset({"$process-message", "$export"})
"""What comes alone, not in a Bundle; so is a file read."""


@dataclass(frozen=True, slots=True)
class Part:
    """One entry as it was sent: the request that it is, and where it stands."""

    place: str
    method: str
    path: str  # without our address: `Goal/9f…`
    query: str
    conditions: dict[str, str]
    name: str  # fullUrl
    content: bytes
    content_type: str
    resource: Json


async def bundle(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /fhir"""
    form, content_type = only_form(request), request.headers.get("content-type", "")
    negotiate.sent(content_type)
    raw = await read_body(request, inbound.message_bytes)
    sent = parse(raw, content_type)
    kind = sent.get("type")
    if sent.get("resourceType") != "Bundle" or kind not in ("batch", "transaction"):
        raise BadRequest("A Bundle of type batch or transaction was expected", where="Bundle.type")
    entries = sent.get("entry", [])
    if not isinstance(entries, list):
        raise BadRequest("Entries are a list", where="Bundle.entry")
    if len(entries) > MOST_ENTRIES:
        raise TooLarge("There are too many entries", where="Bundle.entry", hint=f"At most {MOST_ENTRIES} are taken.")
    inbound.check.further(caller, max(0, len(entries) - 1))
    if kind == "batch":
        return _answer(
            request, form, "batch-response", [one async for one in _batch(inbound, request, caller, entries)]
        )
    parts = [_part(inbound, one, number) for number, one in enumerate(entries)]
    answers = await _transaction(inbound, request, caller, parts, sent)
    return _answer(request, form, "transaction-response", answers)


async def _batch(inbound: Inbound, request: Request, caller: Caller, entries: Sequence[Any]) -> AsyncIterator[Json]:
    """The answer to each entry, in their order."""
    told = 0
    for number, entry in enumerate(entries):
        try:
            one = await _read(request, caller, _part(inbound, entry, number), told)
        except GatewayError as error:
            one = _refused(error)
        told += len(one.get("resource", b""))
        yield one


async def _transaction(
    inbound: Inbound, request: Request, caller: Caller, parts: Sequence[Part], sent: Json
) -> list[Json]:
    """The writes together, and what is read then, all of it or nothing. Raises what is wrong with an entry, with its
    place."""
    is_writing = any(part.method not in _READS for part in parts)
    for part in parts:
        _, path = _door(request, part)  # what nobody answers is refused before anything is written
        if part.method in _READS and path.get("kind") == "AuditEvent" and is_writing:
            raise Refused("The log is not read among writes", where=part.place, hint="Read it in a batch.")
    writes = {
        number: await _write(inbound, request, caller, part)
        for number, part in enumerate(parts)
        if part.method not in _READS
    }
    answers: dict[int, Json] = {}

    async def read(gateway: Gateway, *, strict: bool) -> None:
        told, inside = 0, replace(inbound, gateway=gateway)
        for number, part in enumerate(parts):
            if number not in writes:
                answers[number] = await _read(request, caller, part, told, inside if strict else None)
                told += len(answers[number].get("resource", b""))

    stands = await transact(inbound.gateway, caller, list(writes.values()), write_json(sent), _number(sent), read)
    answers |= {
        number: _written(request, writes[number].asked, served) for number, served in zip(writes, stands, strict=True)
    }
    return [answers[number] for number in range(len(parts))]


async def _read(request: Request, caller: Caller, part: Part, told: int, inside: Inbound | None = None) -> Json:
    """One entry by its own door, unless as many bytes were `told` as one answer holds. Never raises, but `inside` a
    transaction, where one that fails is the end of all: then with its place."""
    try:
        if told > _MOST_ANSWERED:
            raise TooLarge("The answer is too large", where=part.place, hint="Send it by itself.")
        return await _alone(request, caller, part, inside)
    except Unavailable:
        raise
    except GatewayError as error:
        if inside is None:
            return _refused(error)
        raise _placed(error, f"{part.place}.request") from None


def _number(sent: Json) -> str:
    """Bundle.identifier, "" where it has none. Raises BadRequest for one that does not name it: it would be carried out
    each time that it comes."""
    if "identifier" not in sent:
        return ""
    identifier = sent["identifier"]
    told = [identifier.get(name) for name in ("system", "value")] if isinstance(identifier, dict) else [None]
    if not all(isinstance(one, str) and one for one in told):
        hint = "Give system and value, or leave it out."
        raise BadRequest("This is no number of a transaction", where="Bundle.identifier", hint=hint)
    return "|".join(map(str, told))


async def _write(inbound: Inbound, request: Request, caller: Caller, part: Part) -> Entry:
    """A write of a transaction, whose scopes hold. Raises Forbidden, Refused, BadRequest with the place."""
    try:
        endpoint, path = _door(request, part)
        kind = path.get("kind", "")
        admitted = await endpoint.admitted(caller, kind)
        if endpoint.door.interaction.partition("-")[0] not in _WRITES.values() or kind not in TOGETHER:
            raise Refused("This is no write of a transaction", hint="Send it in a batch, or alone.")
        if len(part.content) > most_bytes(inbound, kind):
            raise TooLarge("This resource is larger than one is taken alone")
        asked = _asked(part, kind, path.get("id", ""))
        if kind == "Binary":  # it changes its document, unless that comes with it
            is_here = "DocumentReference/" in str(part.resource.get("securityContext"))
            needs = ("DocumentReference.u",) if is_here else ()
            await check_scopes(inbound.gateway, caller, needs, "POST /fhir/{kind}", "create", kind)
        if asked.interaction == "create" and asked.criteria is not None:  # a search
            await check_scopes(inbound.gateway, caller, ("s",), f"POST /fhir/{kind}", "create", kind)
        return Entry(part.place, asked, admitted, part.name)
    except GatewayError as error:
        raise _placed(error, part.place) from None


def _placed(error: GatewayError, place: str) -> GatewayError:
    """The same failure, with its place in the Bundle; which header or parameter it was is told in words."""
    within = f"At {error.where}. " if error.where and not error.where.startswith("Bundle.") else ""
    error.hint = f"{within}{error.hint}".strip()
    error.seen_from(lambda where: where if where.startswith(place) else place)
    return error


def _asked(part: Part, kind: str, identity: str) -> Asked:
    interaction = _WRITES[part.method]
    none, tag = part.conditions.get("If-None-Exist"), part.conditions.get("If-Match")
    if "If-None-Match" in part.conditions or (tag if interaction == "create" else none) is not None:
        raise BadRequest("A create takes ifNoneExist, every other write ifMatch")
    if not (part.query or identity or interaction == "create"):
        raise BadRequest("Name the resource, by its id or by a search")
    if part.query and (identity or interaction == "create"):  # as at the door of its own
        raise BadRequest("No parameter may stand here", hint="A create under a condition has it in ifNoneExist.")
    criteria = criteria_of(part.query, "the URL") if part.query else None
    if none is not None and interaction == "create":
        criteria = criteria_of(none.removeprefix(f"{kind}?").removeprefix("?"), "ifNoneExist")
    change = change_of(part.content, part.content_type) if interaction == "patch" else None
    kept = interaction in ("create", "update") or part.resource.get("resourceType") == "Parameters"  # a patch
    body = part.resource if kept else {}
    return Asked(interaction, kind, identity, body, part.content, tag or "", criteria, change)


def _part(inbound: Inbound, entry: Any, number: int) -> Part:
    """The request that an entry is. Raises BadRequest, NotAllowed with the place."""
    place = f"Bundle.entry[{number}]"
    asked = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(asked, dict) or not all(isinstance(value, str) for value in asked.values()):
        raise BadRequest("An entry has a request, in texts", where=f"{place}.request")
    _check_members(entry, asked, place)
    method, url = asked.get("method", ""), asked.get("url", "")
    path, _, query = url.removeprefix(f"{inbound.public_url}/fhir/").partition("?")
    if method not in _METHODS:
        raise NotAllowed("This method is not offered in a Bundle", where=f"{place}.request.method")
    if not _URL.fullmatch(path) or ".." in path or not query.isascii():
        raise BadRequest("This is no URL of a resource here", where=f"{place}.request.url")
    if {name for name, _ in parse_qsl(query, keep_blank_values=True)} & set(OF_ANSWER):
        raise BadRequest("The format is that of the whole answer", where=f"{place}.request.url")
    resource, name = entry.get("resource", {}), entry.get("fullUrl", "")
    if not isinstance(resource, dict) or not isinstance(name, str):
        raise BadRequest("An entry holds a resource", where=f"{place}.resource")
    content, content_type = _content(resource, method, place)
    conditions = {header: asked[name] for name, header in _CONDITIONS.items() if name in asked}
    if since := conditions.get("If-Modified-Since"):
        conditions["If-Modified-Since"] = _http_date(since)
    if not all(value.isprintable() and value.isascii() for value in conditions.values()):
        raise BadRequest("A condition is written in printable characters", where=f"{place}.request")
    return Part(place, method, path, query, conditions, name, content, content_type, resource)


def _check_members(entry: Json, asked: Json, place: str) -> None:
    """Raises BadRequest for what R4 does not have there, or nobody here understands (a modifierExtension): a misspelt
    condition would be passed over."""
    for told, known, where in (
        (entry, _OF_ENTRY, place), (asked, {"method", "url", "id", *_CONDITIONS}, f"{place}.request"),
    ):  # fmt: skip
        if any(name.removeprefix("_") not in known for name in told):
            hint = f"Known are {', '.join(sorted(known))}."
            raise BadRequest("A member is not known here", where=where, hint=hint)


def _http_date(text: str) -> str:
    """What is an instant in a Bundle is a date of HTTP at the door; anything else is left as it is."""
    try:
        return format_datetime(instant(text).astimezone(UTC), usegmt=True)
    except (ValueError, OverflowError):
        return text


def _content(resource: Json, method: str, place: str) -> tuple[bytes, str]:
    """What the request carries; a JSON Patch travels as a Binary."""
    if not resource:
        return b"", ""
    if method == "PATCH" and resource.get("resourceType") == "Binary":
        try:
            return b64decode(str(resource.get("data", "")), validate=True), str(resource.get("contentType", ""))
        except (NotBase64, ValueError):
            raise BadRequest("This is no base64", where=f"{place}.resource.data") from None
    return write_json(resource), negotiate.JSON


def _door(request: Request, part: Part) -> tuple[Endpoint, dict[str, str]]:
    """The door that the entry would have come through, and what its path says. Raises NotAllowed, Refused."""
    scope = {"type": "http", "method": part.method, "path": f"/fhir/{part.path}", "root_path": "", "headers": []}
    for route in request.app.router.routes:
        match, found = route.matches(scope)
        endpoint = getattr(route, "endpoint", None)
        if match is Match.FULL and isinstance(endpoint, Endpoint) and endpoint.takes(found["path_params"]):
            door, path = endpoint.door, found["path_params"]
            is_file = path.get("kind", "") == "Binary" and part.method in _READS
            if not isinstance(door, Bearer) or door.interaction in _ALONE or is_file:
                raise Refused(
                    "This is not offered in a Bundle", where=f"{part.place}.request.url", hint="Send it alone."
                )
            return endpoint, path
    raise NotAllowed(where=f"{part.place}.request")


async def _alone(request: Request, caller: Caller, part: Part, inside: Inbound | None = None) -> Json:
    """One entry, answered by its own door, with other parts than that has where they are given. Raises GatewayError
    where no door answers it; and then what is wrong with it."""
    endpoint, path = _door(request, part)
    headers = {"accept": negotiate.JSON, "prefer": f"return={_preferred(request, part.method, path.get('kind', ''))}"}
    headers |= {"content-type": part.content_type} if part.content else {}
    headers |= {name.lower(): value for name, value in part.conditions.items()}
    scope: dict[str, Any] = dict(request.scope) | {
        "method": part.method, "path": f"/fhir/{part.path}", "raw_path": f"/fhir/{part.path}".encode(),
        "query_string": part.query.encode(), "path_params": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": part.content, "more_body": False}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    inner = Request(scope, receive, send)
    response = await (endpoint.inside(inner, caller, inside) if inside else endpoint.within(inner, caller))
    await response(scope, receive, send)
    body = b"" if part.method == "HEAD" else b"".join(one.get("body", b"") for one in sent[1:])
    return _told(sent[0]["status"], response.headers, body, outcome=_asks_outcome(request) and part.method in _WRITES)


def _preferred(request: Request, method: str, kind: str) -> str:
    """What the answer is to hold: little, where nothing is said. The secret of a Subscription is told once."""
    plain = "representation" if (method, kind) == ("POST", "Subscription") else "minimal"
    return preferred(request) or plain


def _asks_outcome(request: Request) -> bool:
    return preferred(request) == "OperationOutcome"


def _told(status: int, headers: Any, body: bytes, *, outcome: bool = False) -> Json:
    """Bundle.entry.response, and the resource or, of what failed and where a write is told so, the `outcome`."""
    told: Json = {"status": str(status)}
    if place := headers.get("location") or headers.get("content-location"):  # what a condition has found, too
        told["location"] = place
    if "etag" in headers:
        told["etag"] = headers["etag"]
    if "last-modified" in headers:
        moment = parsedate_to_datetime(headers["last-modified"])
        told["lastModified"] = moment.isoformat()
    if not body:
        return {"response": told}
    if outcome or status >= 400:
        return {"response": told | {"outcome": msgspec.Raw(body)}}
    return {"resource": msgspec.Raw(body), "response": told}


def _written(request: Request, asked: Asked, served: Served) -> Json:
    """How a write of a transaction is told: its resource where Prefer asks for it."""
    status = 201 if served.created else 204 if asked.interaction == "delete" else 200
    form = Form(negotiate.JSON, pretty=False)
    headers = answer(request, form, served, written=True).headers
    if _asks_outcome(request):
        return _told(status, headers, msgspec.json.encode(validated(())), outcome=True)
    whole = _preferred(request, _METHOD[asked.interaction], asked.kind) == "representation"
    return _told(status, headers, served.body if whole else b"")


def _refused(error: GatewayError) -> Json:
    return _told(error.status, outcome.headers(error), msgspec.json.encode(failed(error)))


def _answer(request: Request, form: Form, kind: str, entries: Sequence[Json]) -> Response:
    head = {"resourceType": "Bundle", "type": kind}
    body = msgspec.json.encode(head | ({"entry": list(entries)} if entries else {}))
    return answer(request, form, Served(body))

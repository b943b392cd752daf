"""Create, update, patch and delete, by id and by condition. http://hl7.org/fhir/R4/http.html#create

The flow decides, keeps and records; here a request becomes an `Asked`, and what came of it an HTTP answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.errors import BadRequest, Refused, Unreadable
from gateway.flows import write_message
from gateway.flows.parts import Served
from gateway.flows.writing import Asked, in_directory, in_subscriptions, write
from gateway.inbound import files, negotiate
from gateway.inbound.bodies import read_body
from gateway.inbound.door import Inbound, check_scopes
from gateway.inbound.negotiate import UnsupportedMedia, media_type
from gateway.inbound.rest.answering import OF_ANSWER, Form, answer, form_of, only_form, preferred, query
from gateway.inbound.rest.kinds import DIRECTORY
from gateway.translate.fhir import parse, write_json, written_in
from gateway.translate.fhir.outcome import validated
from gateway.translate.fhir.patching import fhirpath_patch, json_patch

Json = dict[str, Any]

JSON_PATCH = "application/json-patch+json"
_PATCHES = (
    f"Send a JSON Patch (a list of operations) as {JSON_PATCH}, or a FHIRPath Patch (a Parameters resource) as"
    f" {negotiate.JSON} or {negotiate.XML}."
)
CONSENT_BYTES = 262_144
"""The largest Consent taken: every look at the citizen reads it."""
_BYTES = 2_097_152
_WITH_FILES = ("DocumentReference", "Communication", "Binary")
_MOST_CRITERIA = 20


async def create(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /fhir/{kind}; with If-None-Exist only where the search in it finds nothing. A Communication is sent too."""
    kind, form = request.path_params["kind"], only_form(request)
    _check_passed_over(request, "if-match", "if-none-match")
    if kind == "Binary":
        return await files.create(inbound, request, caller)
    if kind == "Communication":
        if "if-none-exist" in request.headers:
            raise BadRequest("A message is sent each time", where="If-None-Exist")
        raw = await _resource(inbound, request, most_bytes(inbound, kind))
        return written(request, form, await write_message.write_message(inbound.gateway, caller, raw))
    raw = await _resource(inbound, request, most_bytes(inbound, kind))
    criteria = await _if_none_exist(inbound, request, caller, kind)
    asked = Asked("create", kind, body=parse(raw), raw=raw, criteria=criteria, reason=_reason(request))
    return written(request, form, await done(inbound, caller, asked))


async def update(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """PUT /fhir/{kind}/{id}, with If-Match."""
    kind, identity = request.path_params["kind"], request.path_params["id"]
    form, raw = only_form(request), await _resource(inbound, request, most_bytes(inbound, kind))
    tag = _tag(request)
    asked = Asked("update", kind, identity, parse(raw), raw, tag, reason=_reason(request))
    return written(request, form, await done(inbound, caller, asked))


async def update_where(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """PUT /fhir/{kind}?…: of the one that the search finds, else a create."""
    kind, (form, criteria) = request.path_params["kind"], _criteria(request)
    raw, tag = await _resource(inbound, request, most_bytes(inbound, kind)), _tag(request)
    asked = Asked("update", kind, "", parse(raw), raw, tag, criteria, reason=_reason(request))
    return written(request, form, await done(inbound, caller, asked))


async def patch(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """PATCH /fhir/{kind}/{id}, with If-Match: JSON Patch, or FHIRPath Patch in JSON or XML."""
    return await _patched(inbound, request, caller, only_form(request), request.path_params["id"], None)


async def patch_where(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """PATCH /fhir/{kind}?…: the one that the search finds."""
    form, criteria = _criteria(request)
    return await _patched(inbound, request, caller, form, "", criteria)


async def delete(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """DELETE /fhir/{kind}/{id}: its source takes it back."""
    only_form(request)
    return await _deleted(inbound, request, caller, request.path_params["id"], None)


async def delete_where(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """DELETE /fhir/{kind}?…: the one that the search finds."""
    _, criteria = _criteria(request)
    return await _deleted(inbound, request, caller, "", criteria)


def _tag(request: Request) -> str:
    """The versions that a change is about. Raises BadRequest."""
    _check_passed_over(request, "if-none-match", "if-none-exist")
    return ", ".join(request.headers.getlist("if-match"))


def _check_passed_over(request: Request, *names: str) -> None:
    """Raises BadRequest for a condition that this write does not take: it would be passed over."""
    for name in names:
        if name in request.headers:
            told = "A create takes If-None-Exist, every other write If-Match"
            raise BadRequest(told, where=name.title(), hint="Leave it out.")


def written(request: Request, form: Form, served: Served) -> Response:
    """The answer to a write, as long as Prefer wants it. http://hl7.org/fhir/R4/http.html#ops"""
    if preferred(request) == "OperationOutcome":
        told = answer(request, form, Served(msgspec.json.encode(validated(()))), written=True)
        head = answer(request, form, served, written=True)
        told.status_code = head.status_code
        for name in ("ETag", "Last-Modified", "Location", "Content-Location"):
            if name in head.headers:
                told.headers[name] = head.headers[name]
        return told
    return answer(request, form, served, written=True)


async def _patched(
    inbound: Inbound, request: Request, caller: Caller, form: Form, identity: str,
    criteria: list[tuple[str, str]] | None,
) -> Response:  # fmt: skip
    kind = request.path_params["kind"]
    raw = await read_body(request, min(inbound.message_bytes, _BYTES))
    change, tag = change_of(raw, request.headers.get("content-type", "")), _tag(request)
    asked = Asked("patch", kind, identity, {}, raw, tag, criteria, change, _reason(request))
    return written(request, form, await done(inbound, caller, asked))


async def _deleted(
    inbound: Inbound, request: Request, caller: Caller, identity: str, criteria: list[tuple[str, str]] | None
) -> Response:
    kind, tag = request.path_params["kind"], _tag(request)
    await done(inbound, caller, Asked("delete", kind, identity, if_match=tag, criteria=criteria))
    return Response(b"", 204, {"Vary": "Accept, Authorization"})


async def done(inbound: Inbound, caller: Caller, asked: Asked) -> Served:
    """The write, carried out where resources of its type are kept."""
    if asked.kind in DIRECTORY:
        return await in_directory.write(inbound.gateway, caller, asked)
    if asked.kind == "Subscription":
        return await in_subscriptions.write(inbound.gateway, caller, asked)
    return await write(inbound.gateway, caller, asked)


def change_of(raw: bytes, content_type: str) -> Callable[[Json], Json]:
    """What a patch makes of a resource. Raises what is wrong with it, with what is taken."""
    try:
        return _change(raw, content_type)
    except Refused as error:
        error.hint = error.hint or _PATCHES
        raise


def _change(raw: bytes, content_type: str) -> Callable[[Json], Json]:
    if media_type(content_type).name == JSON_PATCH:
        operations = json_patch.read(raw)
        return lambda body: json_patch.patched(body, operations)
    try:
        negotiate.sent(content_type)
    except UnsupportedMedia:
        raise UnsupportedMedia("This is no patch", where="Content-Type", hint=_PATCHES) from None
    parameters = parse(raw, content_type)
    if parameters["resourceType"] != "Parameters":
        raise BadRequest("This is no patch", where="resourceType")
    return lambda body: fhirpath_patch.patched(body, parameters)


def most_bytes(inbound: Inbound, kind: str) -> int:
    """How large a resource of this type is taken; some are files or hold them."""
    if kind in _WITH_FILES:
        return inbound.message_bytes
    return CONSENT_BYTES if kind == "Consent" else _BYTES


async def _if_none_exist(inbound: Inbound, request: Request, caller: Caller, kind: str) -> list[tuple[str, str]] | None:
    """The condition of a create: it is a search, and takes the scope of one."""
    told = request.headers.getlist("if-none-exist")
    if not told:
        return None
    if len(told) > 1:
        raise BadRequest("There are two conditions", where="If-None-Exist", hint="Give one, in one header.")
    text = told[0]
    await check_scopes(inbound.gateway, caller, ("s",), "POST /fhir/{kind}", "create", kind)
    return criteria_of(text.removeprefix(f"{kind}?").removeprefix("?"), "If-None-Exist")


def criteria_of(text: str, where: str) -> list[tuple[str, str]]:
    """The search parameters of a condition. Raises BadRequest."""
    try:
        found = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_CRITERIA)
    except ValueError:
        found = []
    if not found:
        raise BadRequest("The condition cannot be read", where=where, hint="Percent-encode it as UTF-8.")
    return found


def _criteria(request: Request) -> tuple[Form, list[tuple[str, str]]]:
    """The condition in the query. Without one the write would be about everything, or nothing."""
    params = query(request)
    wanted = [(name, value) for name, value in params if name not in OF_ANSWER]
    if not wanted:
        raise BadRequest("Name the resource, by its id or by a search", where="the query")
    return form_of(request, params), wanted


def _reason(request: Request) -> str:
    """Why labels are lowered: the first reason of the Provenance in X-Provenance (FHIR R4 Provenance 6.3.5)."""
    text = request.headers.get("x-provenance")
    if not text:
        return ""
    try:
        first = json.loads(text)["reason"][0]
        told = (first.get("text") or first["coding"][0]["code"]).strip()[:500]
        told.encode()  # half a character is none
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        told = ""
    if not told or "\0" in told:
        hint = 'For instance {"resourceType": "Provenance", "reason": [{"text": "..."}]}.'
        raise BadRequest("X-Provenance is a Provenance with a reason, as JSON", where="X-Provenance", hint=hint)
    return str(told)


async def _resource(inbound: Inbound, request: Request, limit: int) -> bytes:
    """The resource of the body as FHIR JSON."""
    content_type = request.headers.get("content-type", "")
    sent = negotiate.sent(content_type)
    raw = await read_body(request, min(inbound.message_bytes, limit))
    if sent == negotiate.JSON and written_in(raw) == "xml":  # what stands between may have looked at it as JSON
        raise Unreadable("The content is not what Content-Type says", where="Content-Type")
    return raw if sent == negotiate.JSON else write_json(parse(raw, content_type))

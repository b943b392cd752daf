"""What a flow served as an HTTP answer: format, ETag, Last-Modified, where it is, and 304 when the caller has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.searching.query import once, understand
from gateway.domain.searching.subset import subset
from gateway.errors import BadRequest
from gateway.flows.parts import Served
from gateway.flows.search.page import shape
from gateway.flows.search.paging import OF_ANSWER
from gateway.inbound import negotiate
from gateway.translate.fhir import parse, write_json, write_xml

__all__ = ["OF_ANSWER", "OF_PART", "Form", "answer", "form_of", "form_of_one", "form_of_part", "only_form", "query"]

OF_PART = ("_summary", "_elements")  # parameters about how much of one resource is told


@dataclass(frozen=True, slots=True)
class Form:
    """How the answer is to be written, and how much of it; settled before anything is looked at, and nothing that is
    decided or put on record hangs on it."""

    wanted: str
    pretty: bool
    summary: str = ""
    elements: tuple[str, ...] = ()


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
    if written and (preferred(request) == "minimal" or not served.body):
        return Response(b"", status, headers)
    return Response(_written(served.body, form), status, headers, f"{form.wanted}; charset=utf-8")


def _written(body: bytes, form: Form) -> bytes:
    if form.summary or form.elements:
        whole = parse(body, negotiate.JSON)
        body = write_json(subset(whole, shape(whole["resourceType"]), form.summary, form.elements))
    if form.wanted == negotiate.XML:
        return write_xml(parse(body, negotiate.JSON), pretty=form.pretty)
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
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def preferred(request: Request) -> str:
    """What the answer to a write is to hold, by Prefer (`return`, RFC 7240 4.2): the first word counts."""
    for one in ",".join(request.headers.getlist("prefer")).replace(";", ",").split(","):
        name, _, value = one.partition("=")
        if name.strip().lower() == "return":
            return value.strip().strip('"')
    return ""


def query(request: Request) -> list[tuple[str, str]]:
    """The URL's parameters. Bytes that are no UTF-8 are refused, not replaced."""
    raw: bytes = request.scope["query_string"]
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise BadRequest("The query cannot be read", hint="Percent-encode it as UTF-8.") from None


def only_form(request: Request) -> Form:
    """The form, where no other parameter may stand: interactions on one resource."""
    if not request.scope["query_string"]:
        return form_of(request, ())
    params = query(request)
    if any(name not in OF_ANSWER for name, _ in params):
        raise BadRequest("Only _format and _pretty may stand here", where="the query")
    return form_of(request, params)


def form_of_one(request: Request) -> Form:
    """The form in which one resource is read, with `_summary` and `_elements`. R4 3.1.0.1.6. Raises BadRequest."""
    if not request.scope["query_string"]:
        return form_of(request, ())
    params = query(request)
    if any(name not in (*OF_ANSWER, *OF_PART) for name, _ in params):
        raise BadRequest("Only _format, _pretty, _summary and _elements may stand here", where="the query")
    return form_of_part(request, params)


def form_of_part(request: Request, params: Sequence[tuple[str, str]]) -> Form:
    """The form by these parameters, with how much is told by `_summary` and `_elements`. Raises BadRequest."""
    part = understand("", {}, [one for one in params if one[0] in OF_PART])
    if part.only_counts:
        raise BadRequest("A read counts nothing", where="_summary", hint="Served: true, text, data, false.")
    return replace(form_of(request, params), summary=part.summary, elements=part.elements)


def form_of(request: Request, params: Sequence[tuple[str, str]]) -> Form:
    """How the answer is to be written, by `_format`, `_pretty` and Accept. Raises NotAcceptable,
    BadRequest for what is told in two ways."""
    given = once(params, *OF_ANSWER)
    wanted = negotiate.wanted(request.headers.get("accept", ""), given.get("_format", ""))
    return Form(wanted, given.get("_pretty") == "true")

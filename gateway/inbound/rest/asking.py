"""What an operation is asked by: parameters of its body, and moments that have been."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request

from gateway.domain.consent.span import span
from gateway.errors import BadRequest
from gateway.inbound import negotiate
from gateway.inbound.bodies import FORM, FORM_BYTES, read_body, read_form
from gateway.translate.fhir import parse


async def given(request: Request) -> list[tuple[str, str]]:
    """The parameters of the body: a form, or a Parameters resource; none where there is no body."""
    content_type = request.headers.get("content-type", "")
    if negotiate.media_type(content_type).name == FORM:
        return await read_form(request)
    raw = await read_body(request, FORM_BYTES)
    if not raw:
        return []
    body = parse(raw, negotiate.sent(content_type))
    told = body.get("parameter", []) if body.get("resourceType") == "Parameters" else None
    if not isinstance(told, list):
        raise BadRequest("The body is no Parameters resource")
    return [(str(one.get("name", "")), _value(one)) for one in told if isinstance(one, dict)]


def _value(parameter: dict[str, Any]) -> str:
    found = [value for name, value in parameter.items() if name.startswith("value")]
    if len(found) != 1 or isinstance(found[0], dict | list):
        raise BadRequest("A parameter has one plain value", where="Parameters.parameter")
    return str(found[0])


def moment_of(now: datetime, text: str, where: str) -> datetime:
    """A dateTime that has been; of a day, month or year its end. Nothing of the future is known. Raises BadRequest."""
    moment = span(text)
    if moment is None or moment.low > now:
        hint = "For instance 2026-03-14, or 2026-03-14T09:15:00+01:00; nothing of the future is known."
        raise BadRequest("This is no date or dateTime that has been", where=where, hint=hint)
    return min(moment.high, now)

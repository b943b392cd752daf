"""In and out: a ticket of the caller's own system becomes a session, by a form; and the front page of each role.

No token and nobody's number stands in any address. A ticket with `patient` opens the plan of that citizen; one without
opens the pages of the caller's role.
"""

from __future__ import annotations

import re

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.errors import BadRequest, Forbidden, Unauthenticated
from gateway.inbound.bodies import read_form
from gateway.inbound.console.frame import (
    COOKIE,
    CSP,
    check_same_site,
    plain_page,
    secure,
)
from gateway.inbound.console.login import left
from gateway.inbound.console.navigation import needs_of, pages_of
from gateway.inbound.console.tickets import SESSION_SECONDS, TICKET_SECONDS, WORK_SECONDS, Visit
from gateway.inbound.door import Inbound, check_scopes
from gateway.inbound.rest.kinds import CLINICAL

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_PLAN = tuple(f"{kind}.r" for kind in CLINICAL)  # the joint plan shows parts of all these types


async def ticket(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /console/tickets (patient=<id>): a link that opens the plan of one citizen for the caller's user, once.
    Without `patient`: the pages of the caller's role, if it has any (navigation.py)."""
    fields = await read_form(request) if _has_body(request) else []
    form = dict(fields)
    if len(fields) > 1 or form.keys() - {"patient"} or not (not form or _ID.fullmatch(form["patient"])):
        raise BadRequest("Send patient, the id of a Patient, and nothing else; or nothing")
    needs = _PLAN if form else needs_of(caller.role)
    await check_scopes(inbound.gateway, caller, needs, "POST /console/tickets", "operation", whole=not form)
    if not form and not (pages_of(caller.role) and caller.user):
        raise Forbidden("Pages without a citizen are for a person with subject_id, in a role that has pages")
    made = await inbound.tickets.make(caller, form.get("patient", ""))
    body = {"url": f"{inbound.public_url}/console/login?ticket={made}", "expires_in": TICKET_SECONDS}
    return Response(msgspec.json.encode(body), 201, media_type="application/json")


def _has_body(request: Request) -> bool:
    """Whether anything is sent, with its length told or in chunks (RFC 9112 6)."""
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


async def login_form(inbound: Inbound, request: Request) -> Response:
    """GET /console/login: the form. A link may fill it in; only sending it uses the ticket."""
    return plain_page(
        request, "login.html", ticket=request.query_params.get("ticket", "")[:100],
        sign_in=inbound.entry.sign_in is not None,
    )  # fmt: skip


async def login(inbound: Inbound, request: Request) -> Response:
    """POST /console/login: a ticket becomes a session."""
    check_same_site(request)
    given = dict(await read_form(request)).get("ticket", "").strip()
    exchanged = await inbound.tickets.exchange(given)
    if exchanged is None:
        raise Unauthenticated
    secret, visit = exchanged
    response = Response(b"", 303, {"Location": _front(visit), "Content-Security-Policy": CSP})
    await inbound.tickets.end(request.cookies.get(COOKIE, ""))
    seconds = SESSION_SECONDS if visit.patient else WORK_SECONDS
    response.set_cookie(
        COOKIE, secret, seconds, path="/console", secure=secure(inbound), httponly=True, samesite="strict"
    )
    return response


async def front(inbound: Inbound, request: Request) -> Response:
    """GET /console: where this session begins; without one, to log in, or how to get one."""
    visit = await inbound.tickets.session(request.cookies.get(COOKIE, ""))
    outside = "/console/signin" if inbound.entry.sign_in else "/console/login"
    where = _front(visit) if visit else outside
    return Response(b"", 303, {"Location": where, "Content-Security-Policy": CSP})


def _front(visit: Visit) -> str:
    return f"/console/plan/{visit.patient}" if visit.patient else pages_of(visit.caller.role)[0].path


async def logout(inbound: Inbound, request: Request) -> Response:
    """POST /console/logout: the session ends. It asks for no token: whoever is made to leave loses nothing."""
    check_same_site(request)
    secret = request.cookies.get(COOKIE, "")
    where = await left(inbound, request, await inbound.tickets.session(secret))
    await inbound.tickets.end(secret)
    response = plain_page(request, "left.html", where=where)
    response.delete_cookie(COOKIE, path="/console", secure=secure(inbound), httponly=True, samesite="strict")
    return response

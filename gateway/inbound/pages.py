"""The console: the joint plan as a Danish page, for a person whose system opened it with a ticket.

No citizen's number and no token stands in any URL: a ticket is exchanged for a session by a form, and the plan's
address holds the Patient id, which nobody can guess or turn back. Every view goes through the joint plan's flow,
so it is decided and recorded like any other look.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.errors import BadRequest, Forbidden, GatewayError, NotFound, Unauthenticated
from gateway.flows.joint_plan import joint_plan
from gateway.inbound import outcome
from gateway.inbound.bodies import read_form
from gateway.inbound.door import Inbound
from gateway.inbound.plan_view import plan_view
from gateway.inbound.shell import CLIENT, TRACE
from gateway.inbound.tickets import SESSION_SECONDS, TICKET_SECONDS
from gateway.translate.terms.wording import worded

COOKIE = "faellesplan"
_FOLDER = Path(__file__).parent / "templates"
_CSP = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_HTML = "text/html; charset=utf-8"
_TOLD = {
    401: ("Adgangen er udløbet", "Åbn planen igen fra dit fagsystem. En billet gælder kun én gang og i kort tid."),
    403: ("Ingen adgang", "Dit fagsystem har ikke angivet et formål, som giver adgang."),
    404: ("Ikke noget at vise", "Der er ikke noget her, som du kan se."),
    503: ("Prøv igen om lidt", "Opslaget kunne ikke registreres, og derfor vises der ikke noget."),
}
_OTHERWISE = ("Det gik ikke", "Forespørgslen kunne ikke besvares.")

_decode = msgspec.json.Decoder(float_hook=Decimal).decode  # what was measured is shown with every digit it has

_pages = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


async def ticket(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /console/tickets (patient=<id>): a link that opens the plan of one citizen for the caller's user, once."""
    form = dict(await read_form(request))
    if form.keys() != {"patient"} or not _ID.fullmatch(form["patient"]):
        raise BadRequest("Send patient, the id of a Patient, and nothing else")
    made = inbound.tickets.make(caller, form["patient"])
    body = {"url": f"{inbound.public_url}/console/login?ticket={made}", "expires_in": TICKET_SECONDS}
    return Response(msgspec.json.encode(body), 201, media_type="application/json")


async def login_form(inbound: Inbound, request: Request) -> Response:
    """GET /console/login: the form. A link may fill it in; only sending it uses the ticket."""
    return _page("login.html", ticket=request.query_params.get("ticket", "")[:100])


async def login(inbound: Inbound, request: Request) -> Response:
    """POST /console/login: a ticket becomes a session."""
    _check_same_site(request)
    given = dict(await read_form(request)).get("ticket", "").strip()
    exchanged = inbound.tickets.exchange(given)
    if exchanged is None:
        raise Unauthenticated
    secret, visit = exchanged
    response = Response(b"", 303, {"Location": f"/console/plan/{visit.patient}", "Content-Security-Policy": _CSP})
    response.set_cookie(
        COOKIE, secret, SESSION_SECONDS, path="/console", secure=_secure(inbound), httponly=True, samesite="strict"
    )
    return response


async def logout(inbound: Inbound, request: Request) -> Response:
    """POST /console/logout: the session ends."""
    _check_same_site(request)
    inbound.tickets.end(request.cookies.get(COOKIE, ""))
    response = _page("told.html", heading="Planen er lukket", text="Åbn den igen fra dit fagsystem.")
    response.delete_cookie(COOKIE, path="/console", secure=_secure(inbound), httponly=True, samesite="strict")
    return response


async def plan(inbound: Inbound, request: Request) -> Response:
    """GET /console/plan/{id}: the joint plan as this session's user may see it; every view is a recorded look."""
    visit = inbound.tickets.session(request.cookies.get(COOKIE, ""))
    if visit is None:
        raise Unauthenticated
    patient = request.path_params["id"]
    if patient != visit.patient:
        raise NotFound
    request.scope[CLIENT] = visit.caller.client
    caller = replace(visit.caller, trace=request.scope[TRACE])
    served = await joint_plan(inbound.gateway, caller, patient)
    reader = ", ".join(filter(None, (caller.user_name, caller.user_role, caller.organisation_name)))
    bundle = worded(inbound.gateway.terms, _decode(served.body))
    shown = plan_view(bundle, inbound.gateway.clock())
    return _page("plan.html", plan=shown, reader=reader or caller.client_name)


async def stylesheet(inbound: Inbound, request: Request) -> Response:
    """GET /console/console.css"""
    return Response(_stylesheet(), media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def tell(request: Request, error: GatewayError) -> Response:
    """A failure as a page, in words that say nothing of what is there."""
    heading, text = _TOLD.get(error.status, _OTHERWISE)
    page = _page("told.html", error.status, heading=heading, text=text)
    page.headers.update(outcome.headers(error))
    return page


def _page(name: str, status: int = 200, **values: object) -> Response:
    body = _pages.get_template(name).render(**values)
    return Response(body, status, {"Content-Security-Policy": _CSP}, _HTML)


def _check_same_site(request: Request) -> None:
    """Forms come from our own pages; browsers say so (Fetch Metadata)."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden


def _secure(inbound: Inbound) -> bool:
    return inbound.public_url.startswith("https:")


@lru_cache(maxsize=1)
def _stylesheet() -> bytes:
    return (_FOLDER / "console.css").read_bytes()

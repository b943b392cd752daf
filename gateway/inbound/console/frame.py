"""What every page of the console shares: the session, who may come in, CSRF, the language, the layout, failures.

A page is a function of `Here`, one request of a running session (the package's docstring says how one is added).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.domain.when import DANISH
from gateway.errors import Forbidden, GatewayError, Unauthenticated
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway
from gateway.inbound import outcome
from gateway.inbound.bodies import read_form
from gateway.inbound.console.dates import moment
from gateway.inbound.console.navigation import pages_of
from gateway.inbound.console.texts import LANGUAGES, Ours, Texts, texts
from gateway.inbound.console.tickets import Visit
from gateway.inbound.door import Inbound, OpenAnswer
from gateway.inbound.shell import CLIENT, ROUTE, TRACE

COOKIE = "faellesplan"
LANGUAGE_COOKIE = "faellesplan-sprog"
CSP = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
CSRF = "csrf"
_FOLDER = Path(__file__).parent / "templates"
_HTML = "text/html; charset=utf-8"
_TOLD = (401, 403, 404, 429, 503)

_pages = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
_pages.tests["ours"] = lambda text: isinstance(text, Ours)
_hidden: Callable[[str, str], str] = vars(_pages.get_template("fields.html").module)["hidden"]


@dataclass(frozen=True, slots=True)
class Here:
    """One request of a running session. `fields` are those of its form, in order; empty unless it is a POST."""

    inbound: Inbound
    request: Request
    visit: Visit
    caller: Caller  # with the trace of this request
    t: Texts
    fields: Sequence[tuple[str, str]] = ()

    @property
    def gateway(self) -> Gateway:
        """What flows take."""
        return self.inbound.gateway

    @property
    def form(self) -> Mapping[str, str]:
        """The fields of the form, without the blanks around them; of a repeated one the last."""
        return {name: value.strip() for name, value in self.fields}

    @property
    def first(self) -> int:
        """From which place on a long list is shown (`?from=`, 0 is the first)."""
        told = self.request.query_params.get("from", "")
        return int(told) if told.isascii() and told.isdigit() and len(told) < 7 else 0

    def reason(self, code: str, at: datetime) -> str:
        """Why an override was made, in the words of its table on the Danish day of a time."""
        return self.gateway.policy.reason(code, at.astimezone(DANISH).date().isoformat())

    def moment(self, told: object) -> str:
        """A date or time in Danish time, as people write it in the language of the page."""
        return moment(told, self.t.language)

    def page(self, template: str, status: int = 200, **values: object) -> Response:
        """The page, in the frame."""
        return _page(self.request, template, status, visit=self.visit, moment=self.moment, **values)

    def go(self, path: str) -> Response:
        """Another page instead (303): what was sent is not sent again by reloading."""
        return Response(b"", 303, {"Location": path, "Content-Security-Policy": CSP})


Page = Callable[[Here], Awaitable[Response]]


def inside(page: Page, *roles: str) -> OpenAnswer:
    """The door of a page that takes a session of one of these roles, and of a POST the session's own form."""

    async def answer(inbound: Inbound, request: Request) -> Response:
        here = await _entered(inbound, request, roles)
        response = await page(here)
        await inbound.tickets.remember(here.visit)
        return response

    return answer


async def _entered(inbound: Inbound, request: Request, roles: Sequence[str]) -> Here:
    visit = await inbound.tickets.session(request.cookies.get(COOKIE, ""))
    if visit is None:
        raise Unauthenticated
    request.scope[CLIENT] = visit.caller.client
    caller = replace(visit.caller, trace=request.scope[TRACE])
    if caller.role not in roles:
        asked = f"{request.method} {request.scope[ROUTE]}"
        await on_record(inbound.gateway, record_of(inbound.gateway, caller, "operation", "", "", NOTHING, query=asked))
        raise Forbidden
    here = Here(inbound, request, visit, caller, language(request))
    return replace(here, fields=await sent(request)) if request.method == "POST" else here


async def sent(request: Request) -> list[tuple[str, str]]:
    """The fields of a form of ours. Raises Forbidden for one that another page sent, or without its session's token."""
    check_same_site(request)
    fields = await read_form(request)
    given = dict(fields).get(CSRF, "")
    if not hmac.compare_digest(given.encode(errors="replace"), _csrf(request).encode()):
        raise Forbidden
    return [(name, value) for name, value in fields if name != CSRF]


def check_same_site(request: Request) -> None:
    """Forms come from our own pages; browsers say so (Fetch Metadata)."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden


def secure(inbound: Inbound) -> bool:
    """Whether cookies travel by https alone."""
    return inbound.public_url.startswith("https:")


def language(request: Request) -> Texts:
    """The texts in the language that this browser chose."""
    return texts(request.cookies.get(LANGUAGE_COOKIE, ""))


def tell(request: Request, error: GatewayError, kind: str = "") -> Response:
    """A failure as a page, in words that say nothing of what is there; in those of a `kind` where it is told."""
    t, kind = language(request), kind or (str(error.status) if error.status in _TOLD else "other")
    text = t(f"told.text_{kind}", trace=request.scope[TRACE])
    page = plain_page(request, "told.html", error.status, heading=t(f"told.heading_{kind}"), text=text)
    page.headers.update(outcome.headers(error))
    return page


def plain_page(request: Request, template: str, status: int = 200, **values: object) -> Response:
    """A page without a session: no menu, nothing of anybody."""
    return _page(request, template, status, visit=None, **values)


def _page(request: Request, template: str, status: int, *, visit: Visit | None, **values: object) -> Response:
    body = _pages.get_template(template).render(
        t=values.pop("t", language(request)), languages=LANGUAGES, csrf=partial(_hidden, CSRF, _csrf(request)),
        visit=visit, path=request.url.path, **values,
        menu=pages_of(visit.caller.role, of_one=bool(visit.patient)) if visit else (),
    )  # fmt: skip
    return Response(body, status, {"Content-Security-Policy": CSP}, _HTML)


def _csrf(request: Request) -> str:
    """The token of this browser's session: whoever does not know the cookie cannot know it."""
    return sha256(b"csrf\0" + request.cookies.get(COOKIE, "").encode(errors="replace")).hexdigest()


async def stylesheet(inbound: Inbound, request: Request) -> Response:
    """GET /console/console.css"""
    return Response(_stylesheet(), media_type="text/css", headers={"Cache-Control": "max-age=3600"})


_OURS = re.compile(r"/console(?:/[A-Za-z0-9._-]+)*")


async def switch_language(inbound: Inbound, request: Request) -> Response:
    """POST /console/language (language, back): the page again, in another language. It needs no session."""
    chosen = dict(await sent(request))
    back = chosen.get("back", "")
    response = Response(b"", 303, {"Location": back if _OURS.fullmatch(back) else "/console"})
    if (name := chosen.get("language")) in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, name, 31_536_000, path="/console", secure=secure(inbound), httponly=True, samesite="strict"
        )
    return response


@lru_cache(maxsize=1)
def _stylesheet() -> bytes:
    return (_FOLDER / "console.css").read_bytes()

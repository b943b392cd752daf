"""In by OpenID Connect: to the issuer, and back with a code that becomes a session; and out, there too.

The answer to a login is a page that goes on by itself: a browser that comes from another site would not show its
strict cookie to where it is redirected at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.errors import Forbidden, NotFound, Unauthenticated
from gateway.flows.logins import record_login
from gateway.inbound.console.frame import COOKIE, CSP, LANGUAGE_COOKIE, plain_page, secure, tell
from gateway.inbound.console.navigation import needs_of, pages_of
from gateway.inbound.console.texts import LANGUAGES
from gateway.inbound.console.tickets import WORK_SECONDS, Visit
from gateway.inbound.door import Inbound
from gateway.inbound.proxies import peer
from gateway.inbound.scopes import allows
from gateway.inbound.shell import CLIENT, TRACE
from gateway.inbound.sign_in import pending
from gateway.inbound.sign_in.id_token import BadIdToken, Expected, verified
from gateway.inbound.sign_in.parties import NotLetIn, Party
from gateway.inbound.sign_in.pending import Pending

_BEGUN = "faellesplan-login"


async def start(inbound: Inbound, request: Request) -> Response:
    """GET /console/signin: to the issuer, with what has to come back."""
    party = _party(inbound)
    begun = pending.begun(inbound.gateway, party.issuer)
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    asked = {
        "response_type": "code", "client_id": party.client_id, "redirect_uri": _return(inbound), "scope": "openid",
        "state": begun.state, "nonce": begun.nonce, "code_challenge": begun.challenge, "code_challenge_method": "S256",
        "ui_locales": chosen if chosen in LANGUAGES else next(iter(LANGUAGES)),
    }  # fmt: skip
    where = await party.authorize_url()
    response = Response(
        b"",
        303,
        {"Location": f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}", "Content-Security-Policy": CSP},
    )
    response.set_cookie(
        _name(inbound), begun.cookie, pending.SECONDS, path="/", secure=secure(inbound), httponly=True, samesite="lax"
    )
    return response


async def callback(inbound: Inbound, request: Request) -> Response:
    """GET /console/callback (code, state, iss; or error): a session under a new secret; the old one ends."""
    party = _party(inbound)
    begun = pending.found(inbound.gateway, party.issuer, request.cookies.get(_name(inbound), ""))
    try:
        given = dict(request.query_params)
        caller, token = await _known(inbound, party, begun, given, len(request.query_params.multi_items()))
    except (NotLetIn, BadIdToken) as error:
        await inbound.entry.sign_in_limits.failure(peer(request.scope), party.client_id)
        await _record(inbound, request, None, str(error))
        return tell(request, Unauthenticated(), "login")
    if not pages_of(caller.role) or not _covers(caller):
        await _record(inbound, request, caller, "there are no pages for this role and these scopes")
        raise Forbidden
    await inbound.tickets.end(request.cookies.get(COOKIE, ""))
    await _record(inbound, request, caller, "")
    secret, _ = await inbound.tickets.begin(Visit(caller, "", party.issuer, token))
    response = plain_page(request, "entered.html", where=pages_of(caller.role)[0].path)
    response.set_cookie(
        COOKIE, secret, WORK_SECONDS, path="/console", secure=secure(inbound), httponly=True, samesite="strict"
    )
    response.delete_cookie(_name(inbound), path="/", secure=secure(inbound), httponly=True, samesite="lax")
    request.scope[CLIENT] = caller.client
    return response


async def _known(
    inbound: Inbound, party: Party, begun: Pending | None, given: Mapping[str, str], count: int
) -> tuple[Caller, str]:
    """Who has come back, and the issuer's word for it. Raises NotLetIn, BadIdToken, and Unavailable."""
    # 1. The answer to this browser's own question, of the issuer that was asked.
    if begun is None or count != len(given) or not begun.answers(given.get("state", "")):
        raise NotLetIn("it is no answer to a login of this browser")
    if given.get("iss", "" if await party.names_itself() else party.issuer) != party.issuer:
        raise NotLetIn("another issuer has answered")
    if not given.get("code"):
        raise NotLetIn("the issuer has let nobody in")

    # 2. What it says, in exchange for the code.
    token = await party.id_token(given["code"], begun.verifier, _return(inbound))
    expected = Expected(party.issuer, party.client_id, begun.nonce, party.algorithms)
    claims = await verified(token, expected, party.keys, inbound.gateway.clock().timestamp())

    # 3. As whom that lets somebody in here.
    return party.caller(claims), token


def _covers(caller: Caller) -> bool:
    """Whether the client's scopes reach to the pages of its role, as they have to for a link to them."""
    needs = (need.split(".") for need in needs_of(caller.role))
    return bool(caller.scopes) and all(allows(caller.scopes, kind, letter, whole=True) for kind, letter in needs)


async def jwks(inbound: Inbound, request: Request) -> Response:
    """GET /console/jwks.json: the key that the console is known by at another issuer, which may fetch it here."""
    party = inbound.entry.sign_in
    told = party.jwks() if party else {"keys": []}
    return Response(msgspec.json.encode(told), media_type="application/json")


async def left(inbound: Inbound, request: Request, visit: Visit | None) -> str:
    """Where somebody who leaves goes on to, to leave there too; "" where there is nothing. The leaving is on record."""
    party = inbound.entry.sign_in
    if visit is None:
        return ""
    await _record(inbound, request, visit.caller, "", logout=True)
    if party is None or visit.issuer != party.issuer or not (where := await party.leave_url()):
        return ""
    told = {
        "id_token_hint": visit.hint, "client_id": party.client_id,
        "post_logout_redirect_uri": f"{inbound.public_url}/console/login",
    }  # fmt: skip
    return f"{where}{'&' if '?' in where else '?'}{urlencode(told)}"


async def _record(inbound: Inbound, request: Request, caller: Caller | None, why: str, *, logout: bool = False) -> None:
    known = replace(caller, override=None) if caller else None
    client = "" if caller or inbound.entry.sign_in is None else inbound.entry.sign_in.client_id
    await record_login(
        inbound.gateway,
        known,
        why,
        client=client,
        trace=request.scope[TRACE],
        address=peer(request.scope),
        logout=logout,
    )


def _party(inbound: Inbound) -> Party:
    if inbound.entry.sign_in is None:
        raise NotFound
    return inbound.entry.sign_in


def _return(inbound: Inbound) -> str:
    return f"{inbound.public_url}/console/callback"


def _name(inbound: Inbound) -> str:
    return f"__Host-{_BEGUN}" if secure(inbound) else _BEGUN

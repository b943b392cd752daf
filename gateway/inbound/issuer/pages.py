"""The doors of the built-in provider: the login form (Danish, English by `ui_locales`), and what it says of itself.

The form holds the authorization request that it answers, which is checked again when it comes back, and a token that
belongs to a cookie of this browser: nobody logs anybody in from another page.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import Forbidden, NotFound
from gateway.inbound.bodies import read_form
from gateway.inbound.console.frame import CSP, check_same_site, plain_page, secure
from gateway.inbound.console.texts import DEFAULT, LANGUAGES, Texts, texts
from gateway.inbound.door import Inbound
from gateway.inbound.issuer.provider import Asking, Provider, Refused, Typed
from gateway.inbound.keys import OWN_ALGORITHM
from gateway.inbound.oauth import METHOD
from gateway.inbound.proxies import peer
from gateway.inbound.shell import TRACE

_OWN = ("user", "password", "code", "form")
_COOKIE = "faellesplan-form"
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_JSON = "application/json"
_KEPT = {"Cache-Control": "max-age=300"}


async def authorize(inbound: Inbound, request: Request) -> Response:
    """GET /oauth/authorize (RFC 6749 4.1.1, OpenID Connect Core 3.1.2): the login form."""
    asked = _provider(inbound).asked(list(request.query_params.multi_items()))
    return _form(inbound, request, asked) if isinstance(asked, Asking) else _refused(request, asked)


async def log_in(inbound: Inbound, request: Request) -> Response:
    """POST /oauth/authorize (user, password, one-time code, and the request that the form holds): back with a code."""
    check_same_site(request)
    provider = _provider(inbound)
    fields = await read_form(request)
    mine = {name: value for name, value in fields if name in _OWN}
    if not _is_of(inbound, request.cookies.get(_name(inbound), ""), mine.get("form", "")):
        raise Forbidden
    asked = provider.asked([one for one in fields if one[0] not in _OWN])
    if isinstance(asked, Refused):
        return _refused(request, asked)
    typed = Typed(mine.get("user", ""), mine.get("password", ""), mine.get("code", ""))
    gone = await provider.login(asked, typed, request.scope[TRACE], peer(request.scope))
    if isinstance(gone, Refused):
        return _refused(request, gone) if gone.location else _form(inbound, request, asked, wrong=True)
    return _to(gone)


async def configuration(inbound: Inbound, request: Request) -> Response:
    """GET /.well-known/openid-configuration (OpenID Connect Discovery 1.0, section 3)"""
    provider = _provider(inbound)
    return Response(msgspec.json.encode(_told(provider)), 200, _KEPT, _JSON)


def _told(provider: Provider) -> dict[str, Any]:
    url = provider.issuer
    return {
        "issuer": url,
        "authorization_endpoint": provider.authorize_url,
        "token_endpoint": f"{url}/oauth/token",
        "jwks_uri": f"{url}/.well-known/jwks.json",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [OWN_ALGORITHM],
        "token_endpoint_auth_methods_supported": [METHOD],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid"],
        "claims_supported": ["iss", "sub", "aud", "azp", "exp", "iat", "auth_time", "nonce", "amr", "at_hash", "name"],
        "ui_locales_supported": list(LANGUAGES),
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def _provider(inbound: Inbound) -> Provider:
    if inbound.entry.provider is None:
        raise NotFound
    return inbound.entry.provider


def _form(inbound: Inbound, request: Request, asking: Asking, *, wrong: bool = False) -> Response:
    held = request.cookies.get(_name(inbound), "")
    secret = held if _SECRET.fullmatch(held) else secrets.token_urlsafe(32)  # the form of another tab stays good
    t = _language(asking.fields)
    page = plain_page(
        request, "sign_in.html", 401 if wrong else 200, t=t, wrong=wrong, token=_token(inbound, secret),
        fields=[one for one in asking.fields.items() if one[0] != "ui_locales"],
        who=asking.relying.client.name if asking.relying.client else t("frame.product"),
    )  # fmt: skip
    page.headers["Content-Security-Policy"] = _policy(asking.redirect_uri)
    page.set_cookie(_name(inbound), secret, 1800, path="/", secure=secure(inbound), httponly=True, samesite="strict")
    return page


def _policy(redirect_uri: str) -> str:
    """Browsers hold a form's redirects against form-action too: those back to the client have to be allowed."""
    parts = urlsplit(redirect_uri)
    return CSP.replace("form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}")


def _language(fields: Mapping[str, str]) -> Texts:
    wanted = (one.partition("-")[0] for one in fields.get("ui_locales", "").split())
    return texts(next((one for one in wanted if one in LANGUAGES), DEFAULT))


def _refused(request: Request, refused: Refused) -> Response:
    if refused.location:
        return _to(refused.location)
    t = texts(DEFAULT)
    return plain_page(request, "told.html", 400, heading=t("told.heading_other"), text=t("sign_in.not_sound"), t=t)


def _to(location: str) -> Response:
    return Response(b"", 303, {"Location": location, "Content-Security-Policy": CSP})


def _name(inbound: Inbound) -> str:
    return f"__Host-{_COOKIE}" if secure(inbound) else _COOKIE


def _token(inbound: Inbound, secret: str) -> str:
    return inbound.gateway.fingerprint(b"login-form", secret.encode(errors="replace")).hex()


def _is_of(inbound: Inbound, secret: str, token: str) -> bool:
    return bool(secret) and hmac.compare_digest(_token(inbound, secret).encode(), token.encode(errors="replace"))

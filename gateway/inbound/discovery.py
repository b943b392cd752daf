"""What a client finds out before it has a token, and the endpoint where it gets one."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import BadRequest
from gateway.inbound.bodies import read_form
from gateway.inbound.door import Inbound
from gateway.inbound.keys import CLIENT_ALGORITHMS
from gateway.inbound.oauth import CODE, GRANTS, METHOD
from gateway.inbound.tokens.proofs import ALGORITHMS as PROOF_ALGORITHMS

_JSON = "application/json"
_KEPT = {"Cache-Control": "max-age=300"}  # shorter than a retired key stays valid


async def token(inbound: Inbound, request: Request) -> Response:
    """POST /oauth/token (oauth.py). Parameters in the URL are refused: URLs are logged everywhere."""
    return _told(inbound, *await inbound.entry.endpoint.answer(await _form(request), request.scope))


async def revoke(inbound: Inbound, request: Request) -> Response:
    """POST /oauth/revoke (RFC 7009)."""
    url = f"{inbound.public_url}/oauth/revoke"
    return _told(inbound, *await inbound.entry.standing.revoke(await _form(request), request.scope, url))


async def introspect(inbound: Inbound, request: Request) -> Response:
    """POST /oauth/introspect (RFC 7662)."""
    url = f"{inbound.public_url}/oauth/introspect"
    return _told(inbound, *await inbound.entry.standing.introspect(await _form(request), request.scope, url))


async def _form(request: Request) -> list[tuple[str, str]]:
    if request.scope["query_string"]:
        raise BadRequest("Send the parameters in the body")
    return await read_form(request)


def _told(inbound: Inbound, status: int, body: dict[str, Any]) -> Response:
    nonce = inbound.entry.proofs.nonce()
    headers = {"Pragma": "no-cache", **({"DPoP-Nonce": nonce} if nonce else {})}
    return Response(msgspec.json.encode(body), status, headers, _JSON)


async def smart_configuration(inbound: Inbound, request: Request) -> Response:
    """GET /.well-known/smart-configuration"""
    return Response(msgspec.json.encode(_configuration(inbound)), 200, _KEPT, _JSON)


def _logins(inbound: Inbound) -> str:
    return inbound.entry.provider.authorize_url if inbound.entry.provider else ""


def _configuration(inbound: Inbound) -> dict[str, Any]:
    return configuration(inbound.public_url, _logins(inbound), certificates=inbound.entry.certificates.seen)


def configuration(url: str, authorize_url: str = "", *, certificates: bool = False) -> dict[str, Any]:
    """http://hl7.org/fhir/smart-app-launch/STU2/conformance.html, for a server of backend services; with the built-in
    provider also for registered apps that people log in to."""
    logins = {"authorization_endpoint": authorize_url} if authorize_url else {}
    return {
        "issuer": url,
        "jwks_uri": f"{url}/.well-known/jwks.json",
        **logins,
        "token_endpoint": f"{url}/oauth/token",
        "token_endpoint_auth_methods_supported": [METHOD],
        "token_endpoint_auth_signing_alg_values_supported": list(CLIENT_ALGORITHMS),
        "grant_types_supported": [*GRANTS, *([CODE] if logins else [])],
        "scopes_supported": [
            *(["openid"] if logins else []),
            "system/*.rs",
            "user/*.rs",
            "patient/*.rs",
            "system/Bundle.c",
            "system/Consent.cu",
        ],
        "response_types_supported": ["code"] if logins else [],
        "revocation_endpoint": f"{url}/oauth/revoke",
        "introspection_endpoint": f"{url}/oauth/introspect",
        **{
            f"{name}_endpoint_auth_{what}": told
            for name in ("revocation", "introspection")
            for what, told in _AUTHENTICATION.items()
        },
        "dpop_signing_alg_values_supported": list(PROOF_ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": certificates,
        "capabilities": [
            *(["launch-standalone", "permission-user"] if logins else []),
            "client-confidential-asymmetric",
            "permission-v2",
            "permission-v1",
        ],
        "code_challenge_methods_supported": ["S256"],
    }


_AUTHENTICATION = {"methods_supported": [METHOD], "signing_alg_values_supported": list(CLIENT_ALGORITHMS)}


async def jwks(inbound: Inbound, request: Request) -> Response:
    """GET /.well-known/jwks.json: the keys that access tokens are signed with."""
    return Response(msgspec.json.encode(inbound.tokens.jwks()), 200, _KEPT, _JSON)

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
from gateway.inbound.oauth import METHOD

_JSON = "application/json"
_KEPT = {"Cache-Control": "max-age=300"}  # shorter than a retired key stays valid


async def token(inbound: Inbound, request: Request) -> Response:
    """POST /oauth/token (oauth.py). Parameters in the URL are refused: URLs are logged everywhere."""
    if request.scope["query_string"]:
        raise BadRequest("Send the parameters in the body")
    status, body = await inbound.endpoint.answer(await read_form(request), request.scope)
    return Response(msgspec.json.encode(body), status, {"Pragma": "no-cache"}, _JSON)


async def smart_configuration(inbound: Inbound, request: Request) -> Response:
    """GET /.well-known/smart-configuration"""
    return Response(msgspec.json.encode(configuration(inbound.public_url)), 200, _KEPT, _JSON)


def configuration(url: str) -> dict[str, Any]:
    """http://hl7.org/fhir/smart-app-launch/STU2/conformance.html, for a server of backend services only."""
    return {
        "issuer": url,
        "jwks_uri": f"{url}/.well-known/jwks.json",
        "token_endpoint": f"{url}/oauth/token",
        "token_endpoint_auth_methods_supported": [METHOD],
        "token_endpoint_auth_signing_alg_values_supported": list(CLIENT_ALGORITHMS),
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": ["system/*.rs", "system/Bundle.c", "system/Consent.cu"],
        "capabilities": ["client-confidential-asymmetric", "permission-v2", "permission-v1"],
        "code_challenge_methods_supported": ["S256"],
    }


async def jwks(inbound: Inbound, request: Request) -> Response:
    """GET /.well-known/jwks.json: the keys that access tokens are signed with."""
    return Response(msgspec.json.encode(inbound.tokens.jwks()), 200, _KEPT, _JSON)

"""Authlib's authorization code grant with PKCE (RFC 7636) and OpenID Connect, on what was awaited before it is asked.

Codes are kept and taken by codes.py: what Authlib saves is noted on the request, and what it asks for was taken
already. PKCE with S256, state and (for OpenID) nonce are not optional here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin, InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode

from gateway.inbound.clients import Client
from gateway.inbound.issuer.codes import Code
from gateway.inbound.issuer.users import User

GRANT = AuthorizationCodeGrant.GRANT_TYPE
IN_PERSON = "checked"
"""How a client has proved itself when Authlib is asked: that was checked before."""
_LONGEST = 1000


class LoginRequest(OAuth2Request):
    """An authorization request, or one that redeems its code."""

    def __init__(self, method: str, url: str, fields: dict[str, str]) -> None:
        super().__init__(method, url)
        self.payload = BasicOAuth2Payload(fields)
        self.scope: str = ""
        self.taken: Code | None = None  # what the code stands for that is to be redeemed
        self.made: Code | None = None  # what a new code is to stand for
        self.known: Relying | None = None  # who redeems it
        self.bound: Mapping[str, str] = {}  # what its access token is bound to

    @property
    def form(self) -> dict[str, str]:
        return dict(self.payload.data)


class Relying(ClientMixin):
    """Who relies on a login: the console, or a registered client with addresses to return to."""

    def __init__(self, id: str, redirect_uris: tuple[str, ...], client: Client | None = None) -> None:
        self.id = id
        self.redirect_uris = redirect_uris
        self.client = client

    def get_client_id(self) -> str:
        return self.id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == GRANT

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == IN_PERSON and endpoint == "token"


class CodeGrant(AuthorizationCodeGrant):
    """The grant, with codes that are kept elsewhere. `users` knows who logs in here."""

    TOKEN_ENDPOINT_AUTH_METHODS = [IN_PERSON]  # noqa: RUF012 - Authlib's way

    def generate_authorization_code(self) -> str:
        return ""  # codes.keep makes it

    def save_authorization_code(self, code: str, request: LoginRequest) -> None:
        fields = request.payload.data
        request.made = Code(
            client=request.client.get_client_id(), redirect_uri=fields["redirect_uri"], scope=request.scope,
            user=request.user.id, nonce=fields.get("nonce", ""), code_challenge=fields["code_challenge"],
            code_challenge_method=fields["code_challenge_method"], auth_time=self.server.now(),
            amr=request.user.amr,
        )  # fmt: skip

    def query_authorization_code(self, code: str, client: Relying) -> Code | None:
        taken: Code | None = self.request.taken
        return taken if taken and taken.client == client.id else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """It was taken for good."""

    def generate_token(self, user: Any = None, **_: object) -> dict[str, Any]:
        made: dict[str, Any] = self.server.tokens(self.request, user)
        return made

    def authenticate_user(self, authorization_code: Code) -> User | None:
        found: User | None = self.server.users.get(authorization_code.user)
        return found


class Challenge(CodeChallenge):
    """S256, always."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012 - Authlib's way

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        fields = grant.request.payload.data
        if not fields.get("code_challenge") or not fields.get("code_challenge_method"):
            raise InvalidRequestError("code_challenge and code_challenge_method S256 are needed")
        if not fields.get("state") or any(len(fields.get(one, "")) > _LONGEST for one in ("state", "nonce", "scope")):
            raise InvalidRequestError("state is needed, and nothing is longer than 1000 characters")
        super().validate_code_challenge(grant, redirect_uri)


class IdToken(OpenIDCode):
    """The id_token, as `signed` makes it."""

    def __init__(self, signed: Callable[[User, Code, str], str]) -> None:
        super().__init__(require_nonce=True)
        self._signed = signed

    def exists_nonce(self, nonce: str, request: LoginRequest) -> bool:
        """A nonce is the client's own matter: the code that it comes back with is good once."""
        return False

    def encode_id_token(self, token: dict[str, Any], request: LoginRequest) -> str:
        assert request.taken is not None  # noqa: S101 - for mypy: Authlib asks when the code was found
        return self._signed(request.user, request.taken, token["access_token"])

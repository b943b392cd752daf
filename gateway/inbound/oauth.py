"""The token endpoint: SMART Backend Services on Authlib's server core.

Authlib's core is synchronous and knows no database, and here it needs none: clients are in memory, tokens carry
themselves. What must be durable, that an assertion is used once and that the request was recorded, is awaited
around it, before anything leaves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    ClientMixin,
    InsecureTransportError,
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Request,
    UnsupportedGrantTypeError,
)
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from gateway.errors import SettingsError
from gateway.inbound import metrics
from gateway.inbound.access_token import Tokens
from gateway.inbound.acting import NotRegistered, acting
from gateway.inbound.assertion import ASSERTION_TYPE, BadAssertion, Verified, verify
from gateway.inbound.clients import Client, Clients
from gateway.inbound.scopes import narrow

METHOD = "private_key_jwt"
Remember = Callable[[str, str, datetime], Awaitable[bool]]
Record = Callable[[str, bool, str], Awaitable[None]]
Outcome = tuple[int, dict[str, Any]]


class TokenEndpoint:
    """POST /oauth/token.

    `remember(client, jti, expires)` is false when this client used this jti before; `record(client, granted,
    reason)` writes down that a token was asked for. Both must be durable when they come back.
    """

    def __init__(
        self,
        clients: Clients,
        tokens: Tokens,
        token_url: str,
        clock: Callable[[], datetime],
        remember: Remember,
        record: Record,
    ) -> None:
        try:
            InsecureTransportError.check(token_url)
        except InsecureTransportError:
            hint = "Only a loopback address may do without TLS."
            raise SettingsError("The public URL must begin with https", hint=hint) from None
        self._url = token_url
        self._server = _Server(clients, tokens, (token_url, tokens.issuer), clock)
        self._remember = remember
        self._record = record

    async def answer(self, form: Sequence[tuple[str, str]]) -> Outcome:
        """Status and JSON body for the parameters of one request. Raises Unavailable when nothing can be recorded."""
        request = _Request(self._url, dict(form))
        try:
            _check_form(form)
        except OAuth2Error as error:
            status, body = _told(error)
        else:
            status, body = self._server.create_token_response(request)
        verified = request.verified
        if verified and not await self._remember(verified.client.id, verified.jti, verified.expires):
            status, body = _told(InvalidClientError("this assertion was used before"))
        granted = status == 200
        await self._record(request.claimed, granted, "" if granted else body.get("error_description") or body["error"])
        metrics.TOKENS.labels("granted" if granted else body["error"]).inc()
        return status, body


def _check_form(form: Sequence[tuple[str, str]]) -> None:
    """Each parameter once, one kind of credential, one kind of grant."""
    names = [name for name, _ in form]
    if len(names) != len(set(names)):
        raise InvalidRequestError("a parameter stands twice")
    if "client_secret" in names:
        raise InvalidRequestError("client_secret is not used here")
    given = dict(form)
    if given.get("grant_type") != ClientCredentialsGrant.GRANT_TYPE:
        error = UnsupportedGrantTypeError("")
        error.get_error_description = lambda: "grant_type must be client_credentials"  # Authlib's would echo the value
        raise error
    if given.get("client_assertion_type") != ASSERTION_TYPE or not given.get("client_assertion"):
        raise InvalidClientError("a client_assertion of type jwt-bearer is needed")


def _told(error: OAuth2Error) -> Outcome:
    return error.status_code, dict(error.get_body())


class _Request(OAuth2Request):
    """One token request, as Authlib sees it, and what was found out on the way."""

    def __init__(self, url: str, form: dict[str, str]) -> None:
        super().__init__("POST", url)
        self.payload = BasicOAuth2Payload(form)
        self.verified: Verified | None = None
        self.claimed = ""  # the registered client that the request is from, or claims to be from

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data


class _Registered(ClientMixin):
    """A client of ours for one request, as Authlib sees it."""

    def __init__(self, verified: Verified) -> None:
        self.verified = verified

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == METHOD and endpoint == "token"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == ClientCredentialsGrant.GRANT_TYPE


class _Grant(ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = [METHOD]  # noqa: RUF012 - Authlib's way


class _Server(AuthorizationServer):
    """Authlib's core with our registry, our assertion check and our tokens."""

    def __init__(
        self,
        clients: Clients,
        tokens: Tokens,
        audiences: tuple[str, ...],
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__()
        self._clients, self._tokens, self._audiences, self._clock = clients, tokens, audiences, clock
        self.register_client_auth_method(METHOD, self._authenticate)
        self.register_grant(_Grant)
        self.register_token_generator("default", self._token)

    def query_client(self, client_id: str) -> Client | None:
        return self._clients.get(client_id)

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Tokens carry themselves; there is nothing to keep."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: _Request) -> _Request:
        return request

    def handle_response(self, status: int, body: Any, headers: object) -> Outcome:
        return status, dict(body)

    def _authenticate(self, _: object, request: _Request) -> _Registered:
        form = request.form
        try:
            verified = verify(form["client_assertion"], self._clients, self._audiences, self._clock())
        except BadAssertion as error:
            request.claimed = error.client
            raise InvalidClientError(str(error)) from None
        request.verified, request.claimed = verified, verified.client.id
        if form.get("client_id", verified.client.id) != verified.client.id:
            raise InvalidClientError("client_id is another than that of the assertion")
        return _Registered(verified)

    def _token(self, *, client: _Registered, scope: str | None, **_: object) -> dict[str, Any]:
        """Authlib does not narrow the scope; this does."""
        registered = client.verified.client
        given = narrow(scope or "", registered.scopes)
        if not given:
            raise InvalidScopeError("none of the scopes asked for is registered for this client")
        try:
            who = acting(client.verified.extensions, registered)
        except NotRegistered as error:
            raise InvalidGrantError(str(error)) from None
        return {
            "access_token": self._tokens.issue(registered, who, given),
            "token_type": "bearer",
            "expires_in": self._tokens.seconds,
            "scope": " ".join(map(str, given)),
        }

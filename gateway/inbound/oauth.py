"""The token endpoint: SMART Backend Services, and token exchange (RFC 8693), on Authlib's server core.

Authlib's core is synchronous and knows no database, and here it needs none: clients are in memory, tokens carry
themselves. What has to be awaited is done before it is asked: whose assertion this is, whether it was used before,
what another issuer says of the person, which key the token is to be bound to. That the request was recorded is
awaited after it, before anything leaves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
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
from starlette.types import Scope as AsgiScope

from gateway.errors import SettingsError
from gateway.inbound import metrics
from gateway.inbound.access_token import LONGEST, Tokens
from gateway.inbound.acting import Acting, NotRegistered, acting, check_reason, levels_of
from gateway.inbound.assertion import ASSERTION_TYPE, BadAssertion, Verified
from gateway.inbound.clients import Client, Clients
from gateway.inbound.keys import PublicKey
from gateway.inbound.proxies import peer
from gateway.inbound.scopes import Served, narrow
from gateway.inbound.tokens.client_check import ClientCheck, Remember
from gateway.inbound.tokens.held import KEY, Holders
from gateway.inbound.tokens.key_sets import KeySets
from gateway.inbound.tokens.limits import RateLimits
from gateway.inbound.tokens.proofs import UnfitProof
from gateway.inbound.tokens.stateless import Stateless

METHOD = "private_key_jwt"
CODE = "authorization_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type
GRANTS = (ClientCredentialsGrant.GRANT_TYPE, EXCHANGE)
_TOO_MANY = "these are more scopes than a token holds"
_UNBOUND: Mapping[str, str] = {}
Record = Callable[[str, bool, str], Awaitable[None]]
Outcome = tuple[int, dict[str, Any]]


class NotExchanged(ValueError):
    """The subject token is not one to exchange. The text says which rule failed, in ASCII and without values."""

    error = "invalid_grant"


class NotForHere(NotExchanged):
    """A token is asked for that is good elsewhere (RFC 8693 2.2.2)."""

    error = "invalid_target"


@dataclass(frozen=True, slots=True)
class Presenter:
    """Who presents a subject token: a client that has proved itself with this key, and the thumbprint of the TLS
    certificate that it has shown ("" for none)."""

    client: Client
    key: PublicKey
    certificate: str = ""


Exchanged = Callable[[Mapping[str, str], Presenter], Awaitable[tuple[Acting, Mapping[str, str]]]]
"""Who a subject token says is in front of a client, and what the new token is bound to by it. Raises NotExchanged."""

Redeem = Callable[[Mapping[str, str], Client, Mapping[str, str]], Awaitable[Outcome]]
"""What a client gets for the code of a login, and what its token is bound to."""


async def exchanges_nothing(form: Mapping[str, str], presenter: Presenter) -> tuple[Acting, Mapping[str, str]]:
    """The exchange of a gateway without registered issuers."""
    raise NotExchanged("no issuer of subject tokens is registered here")


class TokenEndpoint:
    """POST /oauth/token.

    `remember(client, jti, expires)` is false when this client used this jti before; `record(client, granted,
    reason)` writes down that a token was asked for. Both must be durable when they come back. `grounds(role)` are the
    codes of the reasons that this role may override for now; None: no code is looked at here.
    """

    def __init__(
        self, clients: Clients, tokens: Tokens, token_url: str, clock: Callable[[], datetime], remember: Remember,
        record: Record, *, key_sets: KeySets | None = None, holders: Holders | None = None,
        limits: RateLimits | None = None, search: Served | None = None, exchanged: Exchanged = exchanges_nothing,
        redeem: Redeem | None = None, grounds: Callable[[str], Collection[str]] | None = None,
    ) -> None:  # fmt: skip
        try:
            InsecureTransportError.check(token_url)
        except InsecureTransportError:
            hint = "Only a loopback address may do without TLS. Where it is empty, it is made of GATEWAY_HTTP_HOST."
            raise SettingsError("The public URL must begin with https", where="GATEWAY_PUBLIC_URL", hint=hint) from None
        self._url = token_url
        self._audiences = (token_url, tokens.issuer)
        self._check = ClientCheck(clients, clock, remember, key_sets)
        self._holders = holders
        self._limits = limits
        self._grounds = grounds
        self._exchanged = exchanged
        self._redeem = redeem
        self.grants = (*GRANTS, CODE) if redeem else GRANTS
        self._server = _Server(clients, tokens, search)
        self._record = record

    async def answer(self, form: Sequence[tuple[str, str]], scope: AsgiScope | None = None) -> Outcome:
        """Status and JSON body for the parameters of one request; `scope` is that of ASGI, for what else it shows.
        Raises Unavailable when nothing can be recorded, and TooMany."""
        request = _Request(self._url, dict(form))
        try:
            _check_form(form, self.grants)
            await self._prepare(request, scope)
        except OAuth2Error as error:
            status, body = _told(error)
        else:
            status, body = await self._made(request)
        granted = status == 200
        if not granted and request.verified is None and self._limits and scope:
            await self._limits.failure(peer(scope), request.claimed)
        await self._record(request.claimed, granted, "" if granted else body.get("error_description") or body["error"])
        metrics.TOKENS.labels("granted" if granted else body["error"]).inc()
        return status, body

    async def _made(self, request: _Request) -> Outcome:
        if self._redeem and request.verified and request.form["grant_type"] == CODE:
            return await self._redeem(request.form, request.verified.client, request.bound)
        made: Outcome = self._server.create_token_response(request)
        return made

    async def _prepare(self, request: _Request, scope: AsgiScope | None) -> None:
        """Everything that has to be awaited, in the order in which it is believed. Raises OAuth2Error, TooMany."""
        before = partial(self._limits.spare, peer(scope)) if self._limits and scope else None
        try:
            verified = await self._check.verified(request.form["client_assertion"], self._audiences, before)
        except BadAssertion as error:
            request.claimed = error.client
            raise InvalidClientError(str(error)) from None
        client, held = verified.client, _UNBOUND
        request.verified, request.claimed = verified, client.id
        if self._limits:
            await self._limits.call(client.id, client.limits)
        if request.form.get("client_id", client.id) != client.id:
            raise InvalidClientError("client_id is another than that of the assertion")
        try:
            if request.form["grant_type"] == EXCHANGE:
                shown = self._holders.certificates.thumbprint(scope) if self._holders and scope else ""
                presenter = Presenter(client, verified.key, shown)
                request.acting, held = await self._exchanged(request.form, presenter)
            elif request.form["grant_type"] != CODE:  # there it is told by the code
                request.acting = acting(verified.extensions, client)
                if self._grounds:
                    check_reason(request.acting, self._grounds(client.role))
        except (NotRegistered, NotExchanged) as error:
            refusal = InvalidGrantError(str(error))
            refusal.error = getattr(error, "error", refusal.error)
            raise refusal from None
        request.bound = {**held, **await self._binding(client, scope)}

    async def _binding(self, client: Client, scope: AsgiScope | None) -> dict[str, str]:
        if scope is None or self._holders is None:
            if client.bound:
                raise InvalidRequestError("this client's tokens are bound to its key or certificate")
            return {}
        try:
            return await self._holders.binding(client.bound, scope)
        except UnfitProof as error:
            refusal = InvalidRequestError(str(error))
            refusal.error = error.error
            raise refusal from None


def _check_form(form: Sequence[tuple[str, str]], grants: Sequence[str]) -> None:
    """Each parameter once, one kind of credential, one kind of grant."""
    names = [name for name, _ in form]
    if len(names) != len(set(names)):
        raise InvalidRequestError("a parameter stands twice")
    if "client_secret" in names:
        raise InvalidRequestError("client_secret is not used here")
    given = dict(form)
    if given.get("grant_type") not in grants:
        error = UnsupportedGrantTypeError("")
        told = f"grant_type must be {' or '.join(grants)}"
        error.get_error_description = lambda: told  # Authlib's would echo the value
        raise error
    if given.get("client_assertion_type") != ASSERTION_TYPE or not given.get("client_assertion"):
        raise InvalidClientError("a client_assertion of type jwt-bearer is needed")


def _told(error: OAuth2Error) -> Outcome:
    return error.status_code, dict(error.get_body())


class _Request(OAuth2Request):
    """One token request, as Authlib sees it, and what was found out before it was asked."""

    def __init__(self, url: str, form: dict[str, str]) -> None:
        super().__init__("POST", url)
        self.payload = BasicOAuth2Payload(form)
        self.verified: Verified | None = None
        self.claimed = ""  # the registered client that the request is from, or claims to be from
        self.acting = Acting()
        self.bound: dict[str, str] = {}

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data


class _Registered(ClientMixin):
    """A client of ours for one request, as Authlib sees it."""

    def __init__(self, request: _Request, verified: Verified) -> None:
        self.request = request
        self.client = verified.client

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == METHOD and endpoint == "token"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in GRANTS


class _Grant(ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = [METHOD]  # noqa: RUF012 - Authlib's way


class _Exchange(_Grant):
    """The same, for a client with a subject token: what that says was read before Authlib is asked."""

    GRANT_TYPE = EXCHANGE


class _Server(Stateless):
    """Authlib's core with our registry and our tokens."""

    def __init__(self, clients: Clients, tokens: Tokens, search: Served | None) -> None:
        super().__init__()
        self._clients, self._tokens, self._search = clients, tokens, search
        self.register_client_auth_method(METHOD, self._authenticate)
        self.register_grant(_Grant)
        self.register_grant(_Exchange)
        self.register_token_generator("default", self._token)

    def query_client(self, client_id: str) -> Client | None:
        return self._clients.get(client_id)

    def handle_response(self, status: int, body: Any, headers: object) -> Outcome:
        return status, dict(body)

    def _authenticate(self, _: object, request: _Request) -> _Registered:
        if request.verified is None:
            raise InvalidClientError("a client_assertion of type jwt-bearer is needed")
        return _Registered(request, request.verified)

    def _token(self, *, client: _Registered, scope: str | None, **_: object) -> dict[str, Any]:
        """Authlib does not narrow the scope; this does."""
        registered, who, bound = client.client, client.request.acting, client.request.bound
        if len(scope or "") > LONGEST:
            raise InvalidScopeError(_TOO_MANY)
        given = narrow(scope or "", registered.scopes, levels=levels_of(registered, who), served=self._search)
        if not given:
            raise InvalidScopeError("none of the scopes asked for is registered for this client")
        exchanged = client.request.form["grant_type"] == EXCHANGE
        token = self._tokens.issue(registered, who, given, bound)
        if len(token) > LONGEST:
            raise InvalidScopeError(_TOO_MANY)
        return {
            "access_token": token,
            "token_type": "DPoP" if KEY in bound else "bearer",
            "expires_in": self._tokens.seconds,
            "scope": " ".join(map(str, given)),
            **({"issued_token_type": ACCESS_TOKEN_TYPE} if exchanged else {}),
        }

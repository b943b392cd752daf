"""The built-in OpenID provider (OpenID Connect Core 1.0, code flow), on Authlib's server core.

It knows the console, in this process, and registered clients with `redirect_uris`. There is no session here: each
login asks for the password, and for a one-time code where the user has a secret for it. Who logs in acts as the
registered client that the user's file names, with no more than that has. Guessing is braked per user and per address;
who is unknown, and whose code is wrong, is told what a wrong password is told, as late.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc6749.errors import AccessDeniedError, UnauthorizedClientError

from gateway.domain.caller import Caller
from gateway.errors import TooMany
from gateway.flows.logins import record_login
from gateway.flows.parts import Gateway
from gateway.flows.tokens import remember_assertion
from gateway.inbound.access_token import Tokens, caller_of
from gateway.inbound.acting import Acting, levels_of
from gateway.inbound.claims import base64url
from gateway.inbound.clients import Client, Clients, Limits
from gateway.inbound.issuer import codes, totp
from gateway.inbound.issuer.codes import Code
from gateway.inbound.issuer.grant import IN_PERSON, Challenge, CodeGrant, IdToken, LoginRequest, Relying
from gateway.inbound.issuer.passwords import Passwords
from gateway.inbound.issuer.users import User, Users
from gateway.inbound.scopes import narrow
from gateway.inbound.tokens.held import KEY
from gateway.inbound.tokens.limits import RateLimits, origin
from gateway.inbound.tokens.revoked import Revoked
from gateway.inbound.tokens.stateless import Stateless

CONSOLE = "faellesplan-console"
ID_TOKEN_SECONDS = 300
PER_USER = Limits(per_second=1 / 30, burst=5)
PER_ADDRESS = Limits(per_second=0.5, burst=60)
PER_CODE = Limits(per_second=1 / 600, burst=5)
"""Wrong codes of one user behind the right password: beyond them none is taken, and that is not told."""
_WRONG, _GOOD, _BOTH = (
    "unknown user or wrong password",
    "the password was right",
    "password and one-time code were right",
)
_NO_CODE = "the password was right, the one-time code was wrong, missing or used before"
Outcome = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Asking:
    """A sound authorization request: its fields as they came, and where an answer goes."""

    fields: Mapping[str, str]
    relying: Relying
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person has typed into the form: none of it is shown or kept."""

    user: str = field(repr=False)
    password: str = field(repr=False)
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that is refused: `location` is where the browser takes the error, "" where nobody can be told."""

    error: str
    text: str
    location: str = ""


class Provider:
    """The endpoints. `issuer` is our public URL."""

    def __init__(self, gateway: Gateway, clients: Clients, tokens: Tokens, users: Users, revoked: Revoked) -> None:
        self.issuer = gateway.public_url
        self.authorize_url = f"{self.issuer}/oauth/authorize"
        self.users = users
        self._gateway = gateway
        self._clients = clients
        self._tokens = tokens
        self._passwords = Passwords()
        self._revoked = revoked
        self._limits = RateLimits(self._record_burst, lambda: gateway.clock().timestamp())
        self._codes = RateLimits(self._record_burst, lambda: gateway.clock().timestamp())
        self._server = _Server(self, clients, users)

    def asked(self, given: Sequence[tuple[str, str]]) -> Asking | Refused:
        """Whether this authorization request is sound: a client of ours, an address of its own to the letter, code
        flow, PKCE, state, nonce."""
        fields = dict(given)
        if len(fields) != len(given):
            return Refused("invalid_request", "a parameter stands twice")
        try:
            grant = self._server.get_consent_grant(LoginRequest("GET", self.authorize_url, fields), None)
            self._check_audience(fields)
        except OAuth2Error as error:
            return self._refused(error, fields)
        return Asking(fields, grant.request.client, fields["redirect_uri"])

    async def login(self, asking: Asking, typed: Typed, trace: str, address: str) -> str | Refused:
        """Where the browser goes with its code. Refused without a location for a wrong password or one-time code: it
        may be tried again. Raises TooMany, and Unavailable when it cannot be recorded."""
        name = typed.user.strip().lower()[:64]
        await self._limits.call(origin(address), PER_ADDRESS, "address")
        await self._limits.call(name, PER_USER, "user")
        user = self.users.get(name)
        good = await self._passwords.holds(typed.password, user.password if user else None)
        caller = self.caller(user.id) if user else None
        if user is None or not good or caller is None or not await self._second(user, typed.code):
            why = _NO_CODE if good and caller else _WRONG
            await self._record(caller, why, asking.relying.id, trace, address)
            return Refused("access_denied", _WRONG)
        if not _may(asking.relying.client, user, caller):
            await self._record(caller, "the user is none of this client's", asking.relying.id, trace, address)
            return self._refused(AccessDeniedError(redirect_uri=asking.redirect_uri), asking.fields)
        request = LoginRequest("POST", self.authorize_url, dict(asking.fields))
        _, location = self._server.answer(request, user)
        if request.made is None:
            return Refused("invalid_request", "the request is not sound any more", location)
        code = await codes.keep(self._gateway, request.made)
        await self._record(caller, "", asking.relying.id, trace, address, _BOTH if user.totp else _GOOD)
        told = [("code", code), ("state", asking.fields["state"]), ("iss", self.issuer)]
        return str(add_params_to_uri(asking.redirect_uri, told))

    async def _second(self, user: User, code: str) -> bool:
        """The second factor of a user who has one, once."""
        if not user.totp:
            return True
        step = totp.step_of(user.totp, code, self._gateway.clock())
        if step is not None and self._codes.has(user.id, PER_CODE):
            return await remember_assertion(self._gateway, f"totp:{user.id}", str(step), totp.over(step))
        with contextlib.suppress(TooMany):
            await self._codes.call(user.id, PER_CODE)
        return False

    async def redeem(self, form: Mapping[str, str], client: Client | None, bound: Mapping[str, str]) -> Outcome:
        """What a code is exchanged for. `client` has proved itself; None is the console, in this process. A code that
        comes again is somebody else's: the token that was given for it ends (RFC 6749 4.1.2)."""
        shown = form.get("code", "")
        request = LoginRequest("POST", f"{self.issuer}/oauth/token", dict(form))
        request.known = self._server.relying(client.id) if client else self._server.relying(CONSOLE)
        request.taken = await codes.take(self._gateway, shown)
        if request.taken is None and await codes.end(self._gateway, shown, self._tokens.seconds):
            self._revoked.due = 0.0  # here at once, elsewhere within a second
        request.bound = bound
        status, body = self._server.create_token_response(request)
        return status, body

    def caller(self, name: str) -> Caller | None:
        """Whom a user acts as, by the registration of now; None for a user who is not there, or whose client is not."""
        user = self.users.get(name)
        client = self._clients.get(user.client) if user else None
        if user is None or client is None or user.purpose not in client.purposes:
            return None
        who = self._acting(user)
        scopes = narrow(" ".join(map(str, client.scopes)), client.scopes, levels=levels_of(client, who))
        return caller_of(client, who, tuple(map(str, scopes)), self._gateway.clock().timestamp())

    def tokens(self, code: Code, relying: Relying, user: User, bound: Mapping[str, str], shown: str) -> dict[str, Any]:
        """The access token of a login: for a registered client what it is registered for; the console needs none, so
        its own opens nothing. Its number follows from the code as it was `shown`."""
        who, number = self._acting(user), codes.number(self._gateway, shown)
        client = relying.client or self._clients.get(user.client)
        if client is None or not _may(relying.client, user, self.caller(user.id)):
            raise UnauthorizedClientError("the user is none of this client's")
        given = narrow(
            code.scope, relying.client.scopes if relying.client else (), levels=levels_of(client, who),
            served=self._gateway.search,
        )  # fmt: skip
        openid = ["openid"] if "openid" in code.scope.split() else []
        return {
            "access_token": self._tokens.issue(client, who, given, bound, number),
            "token_type": "DPoP" if KEY in bound else "bearer",
            "expires_in": self._tokens.seconds,
            "scope": " ".join([*openid, *map(str, given)]),
        }

    def id_token(self, user: User, code: Code, access_token: str) -> str:
        """OpenID Connect Core 2, signed with the gateway's key."""
        now = self.now()
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": self.issuer, "sub": user.id, "aud": code.client, "azp": code.client, "iat": now,
            "exp": now + ID_TOKEN_SECONDS, "auth_time": code.auth_time, "nonce": code.nonce, "amr": code.get_amr(),
            "at_hash": base64url(half), "name": user.name,
        }  # fmt: skip
        return self._tokens.signed({name: value for name, value in claims.items() if value}, "JWT")

    def now(self) -> int:
        """Seconds."""
        return int(self._gateway.clock().timestamp())

    def _acting(self, user: User) -> Acting:
        return Acting(
            user=f"{self.issuer}|{user.id}", user_name=user.name, user_role=user.title, purposes=(user.purpose,)
        )

    def _check_audience(self, fields: Mapping[str, str]) -> None:
        if fields.get("aud", self._tokens.audience) != self._tokens.audience:
            error = InvalidRequestError("aud is not our FHIR address")
            error.redirect_uri = fields["redirect_uri"]
            raise error

    def _refused(self, error: OAuth2Error, fields: Mapping[str, str]) -> Refused:
        text = error.get_error_description() or error.error
        if not error.redirect_uri:
            return Refused(error.error, text)
        told = [("error", error.error), ("error_description", text), ("iss", self.issuer)]
        told += [("state", fields["state"])] if fields.get("state") else []
        return Refused(error.error, text, add_params_to_uri(error.redirect_uri, told))

    async def _record(
        self, caller: Caller | None, why: str, client: str, trace: str, address: str, note: str = ""
    ) -> None:
        await record_login(self._gateway, caller, why, client=client, trace=trace, address=address, note=note)

    async def _record_burst(self, _: str, granted: bool, reason: str) -> None:
        await record_login(self._gateway, None, reason, client=CONSOLE)


def _may(client: Client | None, user: User, caller: Caller | None) -> bool:
    """Whether a login of this user is any of the client's business: one of the same organisation and role, which may
    give the user's purpose. The console takes them all."""
    if caller is None or client is None:
        return caller is not None
    same = (client.organisation, client.role) == (caller.organisation, caller.role)
    return same and user.purpose in client.purposes


class _Server(Stateless):
    """Authlib's core with our clients, codes and tokens."""

    def __init__(self, provider: Provider, clients: Clients, users: Users) -> None:
        super().__init__()
        self.users = users
        self._provider = provider
        self._clients = clients
        self._console = Relying(CONSOLE, (f"{provider.issuer}/console/callback",))
        self.register_client_auth_method(IN_PERSON, lambda _, request: request.known)
        self.register_grant(CodeGrant, [Challenge(required=True), IdToken(provider.id_token)])

    def now(self) -> int:
        return self._provider.now()

    def relying(self, name: str) -> Relying | None:
        """The console, or a registered client that people log in to."""
        if name == CONSOLE:
            return self._console
        client = self._clients.get(name)
        return Relying(client.id, client.redirect_uris, client) if client and client.redirect_uris else None

    def answer(self, request: LoginRequest, user: User) -> tuple[int, str]:
        """The answer to an authorization request of a person who is known by now: status and Location."""
        grant = self.get_authorization_grant(request)
        status, headers = self.create_authorization_response(request, user, grant)
        return status, headers.get("Location", "")

    def query_client(self, client_id: str) -> Relying | None:
        return self.relying(client_id)

    def handle_response(self, status: int, body: Any, headers: Any) -> tuple[int, dict[str, Any]]:
        return status, dict(headers or ()) if status == 302 else dict(body)

    def tokens(self, request: LoginRequest, user: User) -> dict[str, Any]:
        assert request.taken is not None  # noqa: S101 - for mypy: Authlib asks when client and code were found
        assert request.known is not None  # noqa: S101
        return self._provider.tokens(request.taken, request.known, user, request.bound, request.form["code"])

"""Everything that stands between a request and a caller, joined once at start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from gateway.domain.when import DANISH
from gateway.flows import tokens as flows
from gateway.flows.parts import Gateway
from gateway.inbound.access_token import Tokens
from gateway.inbound.clients import Clients
from gateway.inbound.issuer.provider import Provider
from gateway.inbound.issuer.users import Users
from gateway.inbound.oauth import TokenEndpoint
from gateway.inbound.proxies import Proxies
from gateway.inbound.sign_in.parties import BuiltIn, External, Party, Registration
from gateway.inbound.token_check import TokenCheck
from gateway.inbound.tokens.certificates import Certificates
from gateway.inbound.tokens.client_check import ClientCheck
from gateway.inbound.tokens.exchange import Exchange
from gateway.inbound.tokens.foreign import ForeignTokens, Introspect
from gateway.inbound.tokens.held import Holders
from gateway.inbound.tokens.issuers import Issuers, issuer_key
from gateway.inbound.tokens.key_sets import Fetch, KeySets, fetches_nothing
from gateway.inbound.tokens.limits import RateLimits
from gateway.inbound.tokens.proofs import Proofs
from gateway.inbound.tokens.revoked import Revoked
from gateway.inbound.tokens.standing import TokenStanding
from gateway.translate.saml.encrypted import Unlock


@dataclass(frozen=True, slots=True)
class Admission:
    """What an operator sets of it. `fetch` gets key sets from where they are published."""

    proxies: Proxies = field(default_factory=Proxies)
    certificates: Certificates = field(default_factory=Certificates)
    issuers: Issuers = field(default_factory=Issuers)
    users: Users = field(default_factory=Users)  # of the built-in provider
    sign_in: Registration | None = None  # at another issuer, to which the console sends people
    fetch: Fetch = fetches_nothing
    introspect: Introspect | None = None
    dpop_nonces: bool = False
    unlock: Unlock | None = None  # opens assertions that are encrypted for us


@dataclass(frozen=True, slots=True)
class Entry:
    """The parts that the doors ask."""

    check: TokenCheck
    endpoint: TokenEndpoint
    standing: TokenStanding
    proofs: Proofs
    provider: Provider | None  # the built-in one, where it has users and no other is
    sign_in: Party | None  # where the console sends people to log in
    sign_in_limits: RateLimits
    certificates: Certificates


def entry_of(gateway: Gateway, clients: Clients, tokens: Tokens, admission: Admission) -> Entry:
    """The parts for one node. Raises SettingsError for a public URL without TLS."""
    url, clock = gateway.public_url, gateway.clock
    token_url = f"{url}/oauth/token"
    remember, record = partial(flows.remember_assertion, gateway), partial(flows.record_token, gateway)
    nonce_key = gateway.fingerprint(b"dpop-nonce") if admission.dpop_nonces else b""
    proofs = Proofs(clock, remember, nonce_key)
    holders = Holders(url, proofs, admission.certificates)
    limits = RateLimits(record)
    key_sets = KeySets(admission.fetch, clock)
    revoked = Revoked(partial(flows.revoked, gateway))
    foreign = _foreign(admission, clients, tokens, clock)
    exchange = Exchange(admission.issuers, foreign, token_url, clock, remember, admission.unlock)
    provider, party = _sign_in(gateway, clients, tokens, admission, revoked)
    endpoint = TokenEndpoint(
        clients, tokens, token_url, clock, remember, record, key_sets=key_sets, holders=holders, limits=limits,
        search=gateway.search, exchanged=exchange.acting,
        redeem=provider.redeem if provider else None,
        grounds=lambda role: gateway.policy.grounds_of(role, clock().astimezone(DANISH).date().isoformat()),
    )  # fmt: skip
    check = TokenCheck(
        tokens, clients, clock, revoked=revoked, holders=holders, limits=limits,
        foreign=foreign.read if admission.issuers else None,
    )  # fmt: skip
    standing = TokenStanding(
        ClientCheck(clients, clock, remember, key_sets), tokens, (token_url, url), revoked, check.forget_revoked,
        partial(flows.revoke_token, gateway), record, limits,
    )  # fmt: skip
    return Entry(check, endpoint, standing, proofs, provider, party, RateLimits(record), admission.certificates)


def _sign_in(
    gateway: Gateway, clients: Clients, tokens: Tokens, admission: Admission, revoked: Revoked
) -> tuple[Provider | None, Party | None]:
    """Where people log in. Raises SettingsError for a registration at another issuer that cannot work."""
    registration = admission.sign_in
    if registration is not None:
        issuer = admission.issuers.get(registration.issuer, "jwt")
        return None, External(registration, issuer, gateway, clients, admission.fetch)
    if not len(admission.users):
        return None, None
    provider = Provider(gateway, clients, tokens, admission.users, revoked)
    return provider, BuiltIn(provider, tokens)


def _foreign(admission: Admission, clients: Clients, tokens: Tokens, clock: Callable[[], datetime]) -> ForeignTokens:
    key_sets = KeySets(admission.fetch, clock, issuer_key)
    return ForeignTokens(admission.issuers, clients, tokens.audience, key_sets, clock, admission.introspect)

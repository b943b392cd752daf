"""Tickets and sessions of the console: how a person's browser gets in without a token in any URL or script.

A ticket is made for one caller and one citizen, is good once and for a short time, and is exchanged for a session
by a form. Both live in the database, so every node knows them: what is kept is the SHA-256 of each secret, and what it
stands for under lock. Whoever is not registered any more has no session either.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from gateway.domain.caller import Caller
from gateway.domain.limits import still_open
from gateway.domain.scope import LEVELS
from gateway.flows import visits
from gateway.flows.parts import Gateway
from gateway.inbound.clients import Clients
from gateway.inbound.console.held import Held
from gateway.inbound.issuer.provider import Provider
from gateway.inbound.scopes import narrow

TICKET_SECONDS = 600
SESSION_SECONDS = 900
IDLE_SECONDS = 1800
"""The session of somebody who works here (auditor, operator) ends so long after its last page."""
WORK_SECONDS = 8 * 3600
"""… and so long after it began, whatever was done in it."""

_TICKET, _PLAN, _WORK = "ticket", "plan", "work"


@dataclass(frozen=True, slots=True)
class Visit:
    """Whom a ticket or a session stands for, and the citizen it was made for; "" for the pages of the caller's role.

    `held` is what a session remembers of what was entered in its forms. `issuer` is who said who the person is, ""
    where the person's own system did, and `hint` the token it said so with, by which the person leaves there too.
    """

    caller: Caller
    patient: str
    issuer: str = ""
    hint: str = field(default="", repr=False)
    secret: str = field(default="", compare=False, repr=False)
    held: Held = field(default_factory=Held, compare=False, repr=False)

    def hold(self, thing: object) -> str:
        """Keep this for the rest of the session; gives the opaque id that may stand in an address."""
        return self.held.add(thing)


class Tickets:
    """Makes tickets, exchanges each once, and knows the running sessions."""

    def __init__(self, gateway: Gateway, clients: Clients, provider: Provider | None = None) -> None:
        self._gateway = gateway
        self._clients = clients
        self._provider = provider

    async def make(self, caller: Caller, patient: str) -> str:
        """A ticket for this caller to see this citizen's plan (Patient id)."""
        return await self._keep(_TICKET, Visit(caller, patient), TICKET_SECONDS)

    async def exchange(self, ticket: str) -> tuple[str, Visit] | None:
        """A new session and what it is for; None for a ticket that is used, too old or unknown."""
        raw = await visits.take(self._gateway, _TICKET, ticket)
        return None if raw is None else await self.begin(_understood(raw))

    async def begin(self, visit: Visit) -> tuple[str, Visit]:
        """A new session, under a secret that nobody knew before."""
        if visit.patient:
            secret = await self._keep(_PLAN, visit, SESSION_SECONDS)
        else:
            secret = await self._keep(_WORK, visit, IDLE_SECONDS, WORK_SECONDS)
        return secret, replace(visit, secret=secret)

    async def session(self, secret: str) -> Visit | None:
        """What a running session is for, with no more than its system is registered for by now."""
        kept = await visits.find(self._gateway, _WORK, secret, IDLE_SECONDS)
        kept = kept or await visits.find(self._gateway, _PLAN, secret)
        if kept is None:
            return None
        visit = _understood(kept.content)
        caller = self._registered(visit.caller) if self._still_a_user(visit) else None
        return replace(visit, caller=caller, secret=secret, held=Held(kept.held)) if caller else None

    async def remember(self, visit: Visit) -> None:
        """Keep what a request has added to what its session holds."""
        if visit.held.new:
            await visits.hold(self._gateway, visit.secret, visit.held.new)

    async def end(self, secret: str) -> None:
        """Ends a session."""
        for sort in (_WORK, _PLAN):
            await visits.take(self._gateway, sort, secret)

    async def _keep(self, sort: str, visit: Visit, seconds: int, most: int = 0) -> str:
        told = {"caller": visit.caller, "patient": visit.patient, "issuer": visit.issuer, "hint": visit.hint}
        return await visits.keep(self._gateway, sort, visit.caller.client, msgspec.json.encode(told), seconds, most)

    def _still_a_user(self, visit: Visit) -> bool:
        """Whoever logged in by the built-in provider is one of its users, as the same client, or nobody any more."""
        if visit.issuer != self._gateway.public_url or not visit.issuer:
            return True
        name = visit.caller.user.removeprefix(f"{visit.issuer}|")
        found = self._provider.caller(name) if self._provider else None
        return found is not None and found.client == visit.caller.client

    def _registered(self, caller: Caller) -> Caller | None:
        client = self._clients.get(caller.client)
        was = (caller.organisation, caller.sector, caller.role)
        if client is None or (client.organisation, client.sector, client.role) != was:
            return None
        scopes = tuple(map(str, narrow(" ".join(caller.scopes), client.scopes, levels=LEVELS)))
        cases = still_open(caller.cases, client.cases)
        if not scopes or cases is None or not set(caller.purposes) <= set(client.purposes):
            return None
        now = replace(caller, scopes=scopes, sends=client.sends, member_of=client.member_of, rights=client.rights)
        return replace(now, cases=cases)


def _understood(raw: bytes) -> Visit:
    told: dict[str, Any] = msgspec.json.decode(raw)
    caller = msgspec.convert(told["caller"], Caller)
    return Visit(caller, told["patient"], told["issuer"], told["hint"])

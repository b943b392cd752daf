"""What outlives a token (a subscription, an export, a session of the console) opens no case that the token did not, and
none that its client has lost."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.caller import Caller
from gateway.domain.limits import CaseAccess
from gateway.inbound.clients import Clients
from gateway.inbound.console.tickets import Tickets, Visit
from gateway.inbound.rest.subscribing import standing
from tests.inbound.http_world import http, run
from tests.inbound.oauth_client import hospital
from tests.inbound.test_console_sessions import CALLER

BROAD, NARROW, OTHER = (CaseAccess("*", (kle,), 2) for kle in ("27", "27.57", "32"))


def narrowed(*cases: CaseAccess) -> Caller:
    return replace(CALLER, cases=cases)


def test_cases_are_those_of_the_token_and_of_the_client(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            secret, _ = await here.inbound.tickets.begin(Visit(narrowed(NARROW), "p"))
            for registered, left in (
                ((BROAD,), (NARROW,)),
                ((), (NARROW,)),
                ((OTHER,), None),
                ((OTHER, BROAD), (NARROW,)),
            ):
                clients = Clients([hospital(cases=registered)])
                told = standing(clients)(narrowed(NARROW))
                visit = await Tickets(here.gateway, clients).session(secret)
                for caller in (told, visit.caller if visit else None):
                    assert (caller.cases if caller else None) == left, registered
            whole = standing(Clients([hospital(cases=(BROAD,))]))(narrowed())
            assert whole is not None
            assert whole.cases == (BROAD,)

    run(test)

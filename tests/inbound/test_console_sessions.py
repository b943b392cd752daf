"""Tickets and sessions by themselves: they end, are known to every node, and nobody can read them in the database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest

from gateway.domain.caller import Caller, Override
from gateway.domain.explained import Question
from gateway.domain.identifier import Identifier
from gateway.flows.tokens import revoke_client, revoke_token
from gateway.flows.visits import MOST_HELD
from gateway.inbound.clients import Clients
from gateway.inbound.console import held
from gateway.inbound.console.held import Held
from gateway.inbound.console.tickets import (
    IDLE_SECONDS,
    SESSION_SECONDS,
    TICKET_SECONDS,
    WORK_SECONDS,
    Tickets,
    Visit,
)
from gateway.inbound.console.why import Asked as WhyAsked
from gateway.inbound.scopes import Scope
from tests.inbound.http_world import http, run
from tests.inbound.oauth_client import hospital

EPJ = hospital()
CALLER = Caller(
    EPJ.id, EPJ.name, EPJ.organisation, EPJ.organisation_name, EPJ.sector, EPJ.role, "s|u", "Karla Bo", "", ("TREAT",),
    ("system/CarePlan.rs", "system/Patient.rs"), EPJ.sends, EPJ.member_of,
)  # fmt: skip


def test_tickets_and_sessions_end(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            tickets, clock = here.inbound.tickets, here.world.clock
            old = await tickets.make(CALLER, "p")
            clock.forward(TICKET_SECONDS)
            assert await tickets.exchange(old) is None
            ticket = await tickets.make(CALLER, "p")
            assert await tickets.session(ticket) is None, "a ticket is no session"
            entered = await tickets.exchange(ticket)
            assert entered is not None
            secret, visit = entered
            assert (visit.caller, visit.patient) == (CALLER, "p")
            assert await tickets.exchange(ticket) is None, "it is used"
            assert await tickets.exchange(secret) is None, "a session is no ticket"
            assert await tickets.session(secret) == visit
            clock.forward(SESSION_SECONDS - 1)
            assert await tickets.session(secret) == visit
            clock.forward(1)
            assert await tickets.session(secret) is None, "the page of a plan is not renewed by being read"

    run(test)


def test_work_goes_on_while_it_is_done_and_ends_with_the_day(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            tickets, clock = here.inbound.tickets, here.world.clock
            idle, _ = await tickets.begin(Visit(CALLER, ""))
            busy, _ = await tickets.begin(Visit(CALLER, ""))
            for passed in range(0, WORK_SECONDS, IDLE_SECONDS - 1):
                assert await tickets.session(busy), passed
                clock.forward(IDLE_SECONDS - 1)
            assert await tickets.session(idle) is None
            assert await tickets.session(busy) is None

    run(test)


def test_of_two_that_bring_one_ticket_one_comes_in(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            ticket = await here.inbound.tickets.make(CALLER, "p")
            entered = await asyncio.gather(*(here.inbound.tickets.exchange(ticket) for _ in range(4)))
            assert sum(one is not None for one in entered) == 1

    run(test)


def test_every_node_knows_a_session_and_what_it_holds(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            first, second = here.inbound.tickets, Tickets(here.gateway, here.world.clients)
            secret, visit = await first.begin(Visit(CALLER, ""))
            asked = WhyAsked(Question(CALLER, here.world.clock(), "a" * 32, (("Goal", "b"),)), "Karla", ("TREAT",))
            key, plain = visit.hold(asked), visit.hold({"one": ["two", 3]})
            await first.remember(visit)
            there = await second.session(secret)
            assert there is not None
            assert there.held.get(key) == asked
            assert there.held.get(plain) == {"one": ["two", 3]}
            assert there.held.get("0" * 24) is None
            await second.end(secret)
            assert await first.session(secret) is None
            assert await here.gateway.database.fetchval("SELECT count(*) FROM console_held") == 0

    run(test)


def test_two_tabs_hold_side_by_side_and_the_oldest_makes_room(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            tickets = here.inbound.tickets
            secret, _ = await tickets.begin(Visit(CALLER, ""))
            left, right = await tickets.session(secret), await tickets.session(secret)
            assert left is not None
            assert right is not None
            one, other = left.hold("left"), right.hold("right")
            await tickets.remember(left)
            await tickets.remember(right)
            found = await tickets.session(secret)
            assert found is not None
            assert (found.held.get(one), found.held.get(other)) == ("left", "right")
            for number in range(MOST_HELD - 1):
                found.hold(number)
            await tickets.remember(found)
            later = await tickets.session(secret)
            assert later is not None
            assert later.held.get(one) is None
            assert later.held.get(other) == "right"

    run(test)


def test_the_database_holds_neither_secrets_nor_people(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            ticket = await here.inbound.tickets.make(CALLER, "p")
            secret, visit = await here.inbound.tickets.begin(Visit(CALLER, ""))
            visit.hold("Karla Bo")
            await here.inbound.tickets.remember(visit)
            rows = await here.gateway.database.fetch(
                "SELECT v::text || coalesce(h::text, '') AS row, digest, v.content"
                " FROM console_visit v LEFT JOIN console_held h USING (digest)"
            )
            assert len(rows) == 2
            for row in rows:
                told = str(row["row"]).encode() + row["content"] + row["digest"]
                assert not any(word in told for word in (ticket.encode(), secret.encode(), b"Karla"))

    run(test)


@pytest.mark.parametrize(
    "changed",
    [{"role": "auditor"}, {"sector": "other"}, {"purposes": ("HCOMPL",)}, {"scopes": (Scope("Goal", "r"),)}, None],
)
def test_who_is_registered_as_such_no_more_has_no_session(database_url: str, changed: dict[str, object] | None) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            secret, _ = await here.inbound.tickets.begin(Visit(CALLER, ""))
            later = Clients([replace(EPJ, **changed)] if changed else [])  # type: ignore[arg-type]
            assert await Tickets(here.gateway, later).session(secret) is None
            assert await here.inbound.tickets.session(secret)

    run(test)


def test_who_is_registered_for_less_has_less(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            secret, _ = await here.inbound.tickets.begin(Visit(CALLER, ""))
            later = Clients([replace(EPJ, scopes=(Scope("Patient", "r"),), sends=(), member_of=())])
            found = await Tickets(here.gateway, later).session(secret)
            assert found is not None
            assert (found.caller.scopes, found.caller.sends, found.caller.member_of) == (("system/Patient.r",), (), ())

    run(test)


def test_a_client_that_is_revoked_has_no_session(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            secret, _ = await here.inbound.tickets.begin(Visit(CALLER, ""))
            await revoke_client(here.gateway, CALLER.client)
            assert await here.inbound.tickets.session(secret) is None

    run(test)


# What is held, by itself


@dataclass(frozen=True, slots=True)
class Foreign:
    word: str


def test_only_classes_of_ours_are_held() -> None:
    with pytest.raises(TypeError):
        Held().add(Foreign("x"))
    for name in ("tests.inbound.test_console_sessions:Foreign", "os:system", "gateway.settings:read", "gateway.no:X"):
        assert Held({"k": f'["{name}", {{"word": "x"}}]'.encode()}).get("k") is None


def test_what_has_other_fields_by_now_was_never_held() -> None:
    caller = Held()
    key = caller.add(Override("code", "text"))
    assert Held(caller.new).get(key) == Override("code", "text")
    assert Held({"k": caller.new[key].replace(b'"code":"code"', b'"was":1')}).get("k") is None
    identifier = Held()
    assert Held(identifier.new).get(identifier.add(Identifier("s", "v"))) is None, "new ones are kept by a flow"
    assert held.Held(identifier.new).get(next(iter(identifier.new))) == Identifier("s", "v")


def test_a_session_ends_with_the_token_that_opened_it(database_url: str) -> None:
    """Who logs out of the own system revokes its token: the page that it opened is open no more, nor is a ticket good
    that was made of it. What another token opened stays."""

    async def test() -> None:
        async with http(database_url) as here:
            tickets, now = here.inbound.tickets, here.world.clock()
            mine, other = (replace(CALLER, token=name) for name in ("jti-1", "jti-2"))
            ticket = await tickets.make(mine, "p")
            sessions = [(await tickets.begin(Visit(who, where)))[0] for who in (mine, other) for where in ("p", "")]
            await revoke_token(here.gateway, "another", "jti-1", now, now)
            assert all([await tickets.session(one) for one in sessions])
            await revoke_token(here.gateway, CALLER.client, "jti-1", now, now)
            assert [await tickets.session(one) is not None for one in sessions] == [False, False, True, True]
            assert await tickets.exchange(ticket) is None

    run(test)

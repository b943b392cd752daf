"""Logging in to the console with the built-in provider: the whole way, and what an attacker does on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.domain.record import AccessRecord, from_bytes
from gateway.inbound.console.tickets import WORK_SECONDS
from gateway.inbound.issuer import passwords
from gateway.inbound.issuer.provider import PER_ADDRESS, PER_USER
from gateway.inbound.issuer.users import Users
from gateway.inbound.scopes import Scope
from gateway.inbound.sign_in import pending
from tests.conftest import fresh_database
from tests.inbound.http_world import Http, http, run
from tests.inbound.login_world import (
    CALLBACK,
    DPO,
    OPERATOR,
    PASSWORD,
    browser,
    enter,
    fields_of,
    form,
    query,
    send,
    users,
    world,
)
from tests.inbound.oauth_client import ISSUER, hospital

LOGIN, SESSION = "__Host-faellesplan-login", "faellesplan"


@pytest.fixture(scope="module")
def database_url(postgres: str) -> Iterator[str]:
    """One database for all tests here."""
    with fresh_database(postgres) as url:
        yield url


async def records(here: Http) -> list[AccessRecord]:
    rows = await here.gateway.database.fetch(
        "SELECT body FROM access_record WHERE id > $1 ORDER BY id", here.world.started
    )
    made = [from_bytes(row["body"]) for row in rows]
    return [one for one in made if one.interaction in ("login", "logout")]


def test_from_the_front_door_to_the_first_page_and_out_again(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            entered = await enter(here.web, "karla.bo")
            assert entered.status_code == 200
            assert '<meta http-equiv="refresh" content="0; url=/console/search">' in entered.text
            (cookie,) = [one for one in entered.headers.get_list("set-cookie") if one.startswith(SESSION + "=")]
            for word in ("HttpOnly", "SameSite=strict", "Secure", "Path=/console", f"Max-Age={WORK_SECONDS}"):
                assert word in cookie
            page = await here.web.get("/console/search")
            assert page.status_code == 200
            assert (await here.web.get("/console")).headers["location"] == "/console/search"
            left = await here.web.post("/console/logout")
            assert "Siden er lukket" in left.text
            assert (await here.web.get("/console/search")).status_code == 401
            known, came, went = await records(here)
            assert (known.outcome_text, known.client) == ("the password was right", "faellesplan-console")
            assert (came.interaction, came.decision.value, came.user) == ("login", "permit", f"{ISSUER}|karla.bo")
            assert (came.user_name, came.user_role, came.purposes) == (
                "Karla Bo",
                "databeskyttelsesrådgiver",
                ("HCOMPL",),
            )
            assert (went.interaction, went.user) == ("logout", f"{ISSUER}|karla.bo")

    run(test)


def test_each_role_begins_at_its_own_page(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            assert "url=/console/status" in (await enter(here.web, "ove")).text
            assert (await here.web.get("/console/search")).status_code == 403

    run(test)


def test_who_has_no_pages_is_not_let_in(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            answer = await enter(here.web, "nina")
            assert answer.status_code == 403
            assert SESSION not in here.web.cookies
            assert [(one.decision.value, one.user) for one in await records(here)] == [
                ("permit", f"{ISSUER}|nina"),
                ("deny", f"{ISSUER}|nina"),
            ]

    run(test)


@pytest.mark.parametrize(("role", "scopes"), [
    ("hospital", (Scope("Goal", "rs"),)), ("social", (Scope("Task", "s"),)), ("citizen", (Scope("Patient", "rs"),)),
])  # fmt: skip
def test_a_login_takes_the_scopes_that_a_link_takes(database_url: str, role: str, scopes: tuple[Scope, ...]) -> None:
    async def test() -> None:
        async with world(database_url, replace(DPO, role=role, scopes=scopes)) as here:
            assert (await enter(here.web, "karla.bo")).status_code == 403
            assert SESSION not in here.web.cookies

    run(test)


def test_an_auditor_whose_client_may_not_search_the_log_is_not_let_in(database_url: str) -> None:
    async def test() -> None:
        narrow = Scope("AuditEvent", "rs", (("subtype", "read"),))
        for scope in (Scope("CodeSystem", "rs"), Scope("AuditEvent", "r"), narrow):
            async with world(database_url, replace(DPO, scopes=(scope,))) as here:
                assert (await enter(here.web, "karla.bo")).status_code == 403
                assert SESSION not in here.web.cookies

    run(test)


def test_the_form_is_danish_and_english_by_its_button(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            page = await form(here.web)
            assert 'lang="da"' in page.text
            assert "Adgangskode" in page.text
            (switch,) = re.findall(r'<form method="get" action="/oauth/authorize".*?</form>', page.text, re.DOTALL)
            held = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', switch))
            english = await here.web.get("/oauth/authorize", params=held)
            assert held["ui_locales"] == "en"
            assert "Password" in english.text
            wrong = await send(here.web, english, "karla.bo", "wrong password")
            assert "User name, password or one-time code is wrong." in wrong.text
            assert (await send(here.web, wrong, "karla.bo")).status_code == 303

    run(test)


def test_without_users_there_is_nothing_to_log_in_to(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            assert (await here.web.get("/console")).headers["location"] == "/console/login"
            for path in (
                "/console/signin",
                "/console/callback",
                "/oauth/authorize",
                "/.well-known/openid-configuration",
            ):
                assert (await here.web.get(path)).status_code == 404, path
            assert "authorization_endpoint" not in (await here.web.get("/.well-known/smart-configuration")).json()

    run(test)


# --- what is wrong ----------------------------------------------------------------------------------------------


def test_a_wrong_password_and_a_user_who_is_not_there_are_told_alike(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            page = await form(here.web)
            tries = (("karla.bo", "not her password"), ("nobody", PASSWORD), ("gone", PASSWORD), ("0108589995", "x"))
            told = [await send(here.web, page, user, word) for user, word in tries]
            pages = {re.sub(r'name="form" value="\w+"', "", one.text) for one in told}
            assert (len(pages), {one.status_code for one in told}) == (1, {401})
            made = await records(here)
            assert {(one.decision.value, one.outcome_text) for one in made} == {
                ("deny", "unknown user or wrong password")
            }
            assert len(made) == 4
            assert not any(b"0108589995" in one.to_bytes() or b"nobody" in one.to_bytes() for one in made)

    run(test)


def test_who_is_unknown_is_checked_as_long(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, int, int]] = []
    real = passwords._scrypt

    def counted(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
        calls.append((n, r, p))
        return real(password, salt, n, r, p)

    async def test() -> None:
        async with world(database_url) as here:
            page = await form(here.web)
            monkeypatch.setattr(passwords, "_scrypt", counted)
            for user in ("karla.bo", "nobody", "gone"):
                before = len(calls)
                await send(here.web, page, user, "wrong password")
                assert len(calls) == before + 1, user
            assert len(set(calls)) == 1, "with the same parameters"

    run(test)


def test_guessing_is_braked_for_each_user_known_or_not(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            page = await form(here.web)
            for user in ("karla.bo", "nobody"):
                tried = [(await send(here.web, page, user, f"guess number {n}")).status_code for n in range(7)]
                assert tried == [401] * int(PER_USER.burst) + [429] * 2, user
            assert (await send(here.web, page, "karla.bo")).status_code == 429, "the right one has to wait too"
            assert (await send(here.web, page, "ove")).status_code == 303, "others do not"
            told = [one.outcome_text for one in await records(here)]
            assert sum("more calls than allowed" in one for one in told) == 2, "one record for a burst"

    run(test)


def test_guessing_is_braked_for_each_address(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.inbound.issuer.provider.PER_ADDRESS", replace(PER_ADDRESS, burst=4))

    async def test() -> None:
        async with world(database_url) as here:
            page = await form(here.web)
            tried = [(await send(here.web, page, f"user{n}", "some password")).status_code for n in range(6)]
            assert tried == [401] * 4 + [429] * 2

    run(test)


# --- what attackers do ------------------------------------------------------------------------------------------


def test_an_answer_that_this_browser_did_not_ask_for(database_url: str) -> None:
    """Login CSRF: the attacker's own code, sent to the victim's browser."""

    async def test() -> None:
        async with world(database_url) as here, browser(here) as victim:
            sent = await send(here.web, await form(here.web), "karla.bo")
            assert (await victim.get(sent.headers["location"])).status_code == 401
            await form(victim)
            assert (await victim.get(sent.headers["location"])).status_code == 401
            assert SESSION not in victim.cookies
            assert [one.outcome_text for one in await records(here)][1:] == [
                "it is no answer to a login of this browser"
            ] * 2

    run(test)


@pytest.mark.parametrize("changed", [
    {"state": ""}, {"state": "x" * 43}, {"iss": "https://evil.example"}, {"iss": ""}, {"code": ""}, {"code": "made-up"},
])  # fmt: skip
def test_an_answer_that_was_changed_on_its_way(database_url: str, changed: dict[str, str]) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            sent = await send(here.web, await form(here.web), "karla.bo")
            given = {**query(sent.headers["location"]), **changed}
            for params in (given, {name: value for name, value in given.items() if value}):
                assert (await here.web.get(CALLBACK, params=params)).status_code == 401
            assert SESSION not in here.web.cookies

    run(test)


def test_an_answer_that_comes_twice_too_late_or_with_a_repeated_parameter(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            sent = await send(here.web, await form(here.web), "karla.bo")
            where, cookie = sent.headers["location"], here.web.cookies[LOGIN]
            assert (await here.web.get(where + "&state=x")).status_code == 401
            assert (await here.web.get(where)).status_code == 200
            assert LOGIN not in here.web.cookies
            here.web.cookies.set(LOGIN, cookie, domain="gateway.example")
            assert (await here.web.get(where)).status_code == 401, "the code is used"
            here.web.cookies.clear()
            sent = await send(here.web, await form(here.web), "karla.bo")
            here.world.clock.forward(61)
            assert (await here.web.get(sent.headers["location"])).status_code == 401, "a code is good for a minute"
            here.web.cookies.clear()
            await form(here.web)
            here.world.clock.forward(pending.SECONDS)
            begun = pending.found(here.gateway, ISSUER, here.web.cookies[LOGIN])
            assert begun is None

    run(test)


def test_a_login_has_a_new_session_and_ends_the_old_one(database_url: str) -> None:
    """Session fixation: whoever knew the old cookie knows nothing of the new one."""

    async def test() -> None:
        async with world(database_url) as here:
            here.web.cookies.set(SESSION, "planted", domain="gateway.example", path="/console")
            await enter(here.web, "karla.bo")
            values = [one.value for one in here.web.cookies.jar if one.name == SESSION]
            assert "planted" not in values
            (first,) = values
            assert await here.inbound.tickets.session("planted") is None
            await enter_again(here)
            (second,) = [one.value for one in here.web.cookies.jar if one.name == SESSION]
            assert first != second
            assert await here.inbound.tickets.session(first) is None
            assert await here.inbound.tickets.session(second)

    async def enter_again(here: Http) -> None:
        there = await here.web.get("/console/signin")
        sent = await send(here.web, await here.web.get(there.headers["location"]), "ove")
        await here.web.get(sent.headers["location"])

    run(test)


def test_the_cookie_of_a_login_under_way(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            started = await here.web.get("/console/signin")
            cookie = started.headers["set-cookie"]
            for word in (LOGIN, "HttpOnly", "Secure", "Path=/", "SameSite=lax", f"Max-Age={pending.SECONDS}"):
                assert word in cookie
            assert "Domain" not in cookie
            sent = query(started.headers["location"])
            again = query((await here.web.get("/console/signin")).headers["location"])
            for name in ("state", "nonce", "code_challenge"):
                assert sent[name] != again[name]
                assert len(sent[name]) == 43
                assert sent[name] not in cookie
            assert sent["code_challenge_method"] == "S256"

    run(test)


def test_nobody_is_logged_in_by_another_page(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here, browser(here) as other:
            page = await form(here.web)
            stranger = await send(other, page, "karla.bo")
            assert stranger.status_code == 403, "the form belongs to another browser"
            held = {**fields_of(page.text), "user": "karla.bo", "password": PASSWORD}
            for site in ("cross-site", "same-site"):
                sent = await here.web.post("/oauth/authorize", data=held, headers={"Sec-Fetch-Site": site})
                assert sent.status_code == 403
            assert (await here.web.post("/oauth/authorize", data={**held, "form": ""})).status_code == 403

    run(test)


def test_nobody_is_logged_out_by_another_page(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            await enter(here.web, "karla.bo")
            for site in ("cross-site", "same-site"):
                assert (await here.web.post("/console/logout", headers={"Sec-Fetch-Site": site})).status_code == 403
            assert (await here.web.get("/console/logout")).status_code == 405
            assert (await here.web.get("/console/search")).status_code == 200

    run(test)


def test_a_user_who_is_taken_out_has_no_session(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            await enter(here.web, "karla.bo")
            provider = here.inbound.entry.provider
            assert provider is not None
            provider.users = Users([one for one in (users().get("ove"),) if one])
            assert (await here.web.get("/console/search")).status_code == 401

    run(test)


def test_an_override_is_not_offered(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url, replace(DPO, purposes=("HCOMPL", "BTG")), OPERATOR, hospital()) as here:
            await enter(here.web, "karla.bo")
            (secret,) = [one.value for one in here.web.cookies.jar if one.name == SESSION]
            visit = await here.inbound.tickets.session(secret)
            assert visit is not None
            assert (visit.caller.purposes, visit.caller.override) == (("HCOMPL",), None)

    run(test)

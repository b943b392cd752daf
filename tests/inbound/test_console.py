"""The console: a person's browser gets in with a ticket, sees what the flow allows, and every view is a look."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.caller import Caller
from gateway.domain.identifier import Identifier
from gateway.flows.joint_plan import told_plan
from gateway.flows.parts import Served
from gateway.inbound.console import plan as pages
from gateway.inbound.console.texts import texts
from gateway.inbound.console.tickets import SESSION_SECONDS, TICKET_SECONDS
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, NUMBER, ORDER, arrive, headers
from tests.inbound.test_console_frame import token_of

CALLER = Caller(
    "epj", "EPJ", Identifier("s", "v"), "Region Test", "region", "hospital", "u", "Karla Bo", "", ("TREAT",), ()
)


async def enter(here: Http, patient: str, client: str = "social", purpose: str = "HOPERAT") -> Any:
    """From a system's token to the plan on the screen, as a browser does it."""
    bearer = await headers(here, client, purpose)
    made = await here.web.post("/console/tickets", headers=bearer, data={"patient": patient})
    assert made.status_code == 201, made.text
    form = await here.web.get(made.json()["url"])
    (ticket,) = re.findall(r'name="ticket" value="([^"]+)"', form.text)
    return await here.web.post("/console/login", data={"ticket": ticket})


def test_from_ticket_to_plan(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            entered = await enter(here, patient)
            assert (entered.status_code, entered.headers["location"]) == (303, f"/console/plan/{patient}")
            cookie = entered.headers["set-cookie"]
            for word in ("HttpOnly", "SameSite=strict", "Secure", "Path=/console", f"Max-Age={SESSION_SECONDS}"):
                assert word in cookie
            before = await here.gateway.database.fetchval("SELECT count(*) FROM access_record")
            page = await here.web.get(entered.headers["location"])
            assert page.status_code == 200
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            assert "<h1>Fælles plan for " in page.text
            assert "Noget kan være udeladt." in page.text
            assert "Karla Bo" in page.text
            assert "Herberg" in page.text
            for heading in ("Tovholder", "Indsatser", "Mål", "Ophold", "Tilstande", "Team"):
                assert f">{heading}</h2>" in page.text
            assert await here.gateway.database.fetchval("SELECT count(*) FROM access_record") == before + 1

    run(test)


def test_codes_that_came_without_words_are_words_on_the_page(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            bare = ORDER.replace(b'"display": "Boligsituation"', b'"version": "1"')
            assert bare != ORDER
            patient = await arrive(here, bare)
            entered = await enter(here, patient)
            page = await here.web.get(entered.headers["location"])
            assert "Boligsituation" in page.text
            assert "35c56275-0093-4901-9fd8-d06fdb5cb8f3" not in page.text

    run(test)


def test_a_measure_is_shown_with_every_digit_it_has(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def measured(*asked: Any) -> tuple[Served, dict[str, str]]:
        served, tellers = await told_plan(*asked)
        quantity = b'"valueQuantity":{"value":1.50,"unit":"gange pr. uge"},"was":'
        return replace(served, body=served.body.replace(b'"valueCodeableConcept":', quantity)), tellers

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            entered = await enter(here, await arrive(here))
            page = await here.web.get(entered.headers["location"])
            assert "1,50 gange pr. uge" in page.text

    monkeypatch.setattr(pages, "told_plan", measured)
    run(test)


def test_the_page_runs_nothing_and_loads_nothing_from_elsewhere(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            page = await here.web.get((await enter(here, patient)).headers["location"])
            policy = page.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'")
            assert "script-src" not in policy
            assert "unsafe" not in policy
            assert not re.search(r"<script|\bon\w+=|style=|javascript:|https?://", page.text)
            assert set(re.findall(r'(?:href|src|action)="([^"]+)"', page.text)) == {
                "data:,",
                "#content",
                "/console/console.css",
                "/console/language",
                "/console/logout",
            }
            assert (await here.web.get("/console/console.css")).headers["content-type"] == "text/css; charset=utf-8"

    run(test)


def test_the_plan_is_read_in_english_too(database_url: str) -> None:
    """Our own words and the dates; what a source said stays as it said it."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            where = (await enter(here, patient)).headers["location"]
            danish = (await here.web.get(where)).text
            form = {"language": "en", "back": where, "csrf": token_of(danish)}
            switched = await here.web.post("/console/language", data=form)
            assert switched.headers["location"] == where
            english = (await here.web.get(where)).text
            assert '<html lang="en">' in english
            for heading, word in (("Indsatser", "Interventions"), ("Mål", "Goals"), ("Ophold", "Stays")):
                assert f">{heading}</h2>" in danish
                assert f">{word}</h2>" in english
                assert f">{heading}<" not in english
            assert "Something may be left out." in english
            assert not re.search(r" kl\. |\d\. (januar|februar|marts|april|maj|juni|juli|august|oktober)", english)
            marked = set(re.findall(r'<(?:strong|em|span) lang="da">([^<]*)<', english))
            plain = set(re.findall(r"<(?:strong|em|span)>([^<]*)<", english))
            assert {"Home visit", "running"} <= plain, "our own words are in the language of the page"
            assert {"Alkoholmisbrug", "Birgit Tangmose"} <= marked, "and what a source said is in Danish"
            assert not {one for one in marked if one in texts("en").known.values()}

    run(test)


def test_no_number_of_a_citizen_in_any_address(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            entered = await enter(here, patient)
            assert NUMBER not in str(entered.headers)
            assert (await here.web.get(f"/console/plan/{NUMBER}")).status_code == 404
            assert NUMBER not in patient

    run(test)


def test_two_readers_see_two_pages(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            social = await here.web.get((await enter(here, patient)).headers["location"])
            epj = await here.web.get((await enter(here, patient, "epj", "TREAT")).headers["location"])
            assert (social.status_code, epj.status_code) == (200, 200)
            assert "Herberg, § 110" in social.text
            assert "Herberg, § 110" not in epj.text, "social matters need consent"
            assert "kilde: Københavns Kommune" in social.text
            assert "kilde: Københavns Kommune" not in epj.text, "nor that the municipality told anything"
            for page in (social, epj):
                assert "Noget kan være udeladt." in page.text

    run(test)


def test_a_reader_who_may_see_nothing(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            for identity in (patient, "f" * 32):
                entered = await enter(here, identity, "jobcenter", "HOPERAT")
                page = await here.web.get(entered.headers["location"])
                assert page.status_code == 404
                assert "Der er ikke noget her, som du kan se." in page.text

    run(test)


def test_without_a_session(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            for cookies in ({}, {"Cookie": "faellesplan="}, {"Cookie": "faellesplan=made-up"}):
                page = await here.web.get(f"/console/plan/{patient}", headers=cookies)
                assert page.status_code == 401
                assert "Adgangen er udløbet" in page.text
            bearer = await headers(here, "social", "HOPERAT")
            assert (await here.web.get(f"/console/plan/{patient}", headers=bearer)).status_code == 401

    run(test)


def test_a_session_is_for_one_citizen_and_ends(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            await enter(here, patient)
            assert (await here.web.get(f"/console/plan/{patient}")).status_code == 200
            assert (await here.web.get("/console/plan/" + "e" * 32)).status_code == 404
            left = await here.web.post("/console/logout")
            assert "Siden er lukket" in left.text
            assert "Max-Age=0" in left.headers["set-cookie"]
            assert (await here.web.get(f"/console/plan/{patient}")).status_code == 401
            await enter(here, patient)
            here.world.clock.forward(SESSION_SECONDS)
            assert (await here.web.get(f"/console/plan/{patient}")).status_code == 401

    run(test)


def test_a_ticket_is_used_once_and_only_by_the_form(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            ticket = await here.inbound.tickets.make(CALLER, "a" * 32)
            for _ in range(3):  # a link that is looked at, or fetched ahead, uses nothing up
                assert (await here.web.get("/console/login", params={"ticket": ticket})).status_code == 200
            first = await here.web.post("/console/login", data={"ticket": ticket})
            second = await here.web.post("/console/login", data={"ticket": ticket})
            assert (first.status_code, second.status_code) == (303, 401)
            assert "set-cookie" not in second.headers
            for body in ({"ticket": ""}, {"ticket": "x" * 5000}, {"ticket": "æ"}):
                assert (await here.web.post("/console/login", data=body)).status_code == 401

    run(test)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_forms_of_other_sites(database_url: str, site: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            ticket = await here.inbound.tickets.make(CALLER, "a" * 32)
            foreign = {"Sec-Fetch-Site": site}
            assert (await here.web.post("/console/login", data={"ticket": ticket}, headers=foreign)).status_code == 403
            assert (await here.web.post("/console/logout", headers=foreign)).status_code == 403
            own = {"Sec-Fetch-Site": "same-origin"}
            assert (await here.web.post("/console/login", data={"ticket": ticket}, headers=own)).status_code == 303

    run(test)


def test_what_is_written_into_the_form_stays_text(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            page = await here.web.get("/console/login", params={"ticket": '"><script>alert(1)</script>'})
            assert "<script" not in page.text
            assert "&lt;script&gt;" in page.text

    run(test)


def test_a_ticket_is_for_what_is_sent_with_its_length_told_or_not(database_url: str) -> None:
    async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            bearer = {**await headers(here, "social", "HOPERAT"), **form}
            sent = chunks(b"pati", b"ent=" + b"a" * 32)
            made = await here.web.post("/console/tickets", headers=bearer, content=sent)
            assert made.status_code == 201, made.text
            ticket = made.json()["url"].rpartition("=")[2]
            exchanged = await here.inbound.tickets.exchange(ticket)
            assert exchanged is not None
            assert exchanged[1].patient == "a" * 32, "in chunks it is read, too"
            wrong = await here.web.post("/console/tickets", headers=bearer, content=chunks(b"other=1"))
            assert wrong.status_code == 400
            twice = f"patient={'a' * 32}&patient={'b' * 32}"
            assert (await here.web.post("/console/tickets", headers=bearer, content=twice)).status_code == 400

    run(test)


def test_tickets_over_http(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            bearer = await headers(here, "social", "HOPERAT")
            made = await here.web.post("/console/tickets", headers=bearer, data={"patient": "a" * 32})
            assert made.json()["expires_in"] == TICKET_SECONDS
            assert made.json()["url"].startswith("https://gateway.example/console/login?ticket=")
            for body in ({"patient": ""}, {"patient": "a", "next": "https://evil.example"}):
                assert (await here.web.post("/console/tickets", headers=bearer, data=body)).status_code == 400
            for patient in ("../x", "//evil.example", "a b", "x" * 65):
                answer = await here.web.post("/console/tickets", headers=bearer, data={"patient": patient})
                assert answer.status_code == 400, patient

    run(test)

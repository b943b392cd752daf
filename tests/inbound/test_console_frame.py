"""What every page of the console shares: who gets in, where to, in which language, and that forms are its own."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gateway import flows
from gateway.domain.consent.ask import is_known, purpose_key
from gateway.flows.log import integrate
from gateway.inbound.console import texts as folder
from gateway.inbound.console.navigation import PAGES
from gateway.inbound.console.search import PURPOSES
from gateway.inbound.console.texts import LANGUAGES, texts
from gateway.inbound.console.tickets import IDLE_SECONDS, WORK_SECONDS
from gateway.inbound.scopes import Scope
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital, nurse
from tests.inbound.one_citizen import AUDITOR, CLIENTS, headers

OPERATOR = hospital(id="operator", name="Drift", role="operator", purposes=("HSYSADMIN",), sends=(),
                    scopes=(Scope("CodeSystem", "rs"),))  # fmt: skip
WORKERS = (*CLIENTS, OPERATOR)
PURPOSE = {"auditor": "HOPERAT", "operator": "HSYSADMIN"}
CONSOLE = Path(folder.__file__).parents[1]
FLOWS = Path(flows.__file__).parent


async def work(here: Http, client: str = "auditor") -> Any:
    """A session of the pages of a role, from a token of its system."""
    scope = "system/AuditEvent.rs" if client.startswith("auditor") else "system/CodeSystem.rs"
    bearer = await here.bearer(scope, client, extensions=nurse(iua={"purpose_of_use": [PURPOSE[client]]}))
    made = await here.web.post("/console/tickets", headers=bearer)
    assert made.status_code == 201, made.text
    return await here.web.post("/console/login", data={"ticket": made.json()["url"].partition("=")[2]})


def token_of(page: str) -> str:
    return re.findall(r'name="csrf" value="([0-9a-f]{64})"', page)[0]


@pytest.mark.parametrize("role", ["auditor", "operator"])
def test_a_session_begins_at_the_first_page_of_its_role(database_url: str, role: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            assert (await here.web.get("/console")).headers["location"] == "/console/login"
            entered = await work(here, role)
            first = next(entry.path for entry in PAGES if role in entry.roles)
            assert (entered.status_code, entered.headers["location"]) == (303, first)
            page = await here.web.get(first)
            assert page.status_code == 200
            shown = re.findall(r'<li><a href="([^"]+)"', page.text)
            assert shown == [entry.path for entry in PAGES if role in entry.roles]
            assert (await here.web.get("/console")).headers["location"] == first

    run(test)


def test_who_has_pages(database_url: str) -> None:
    """A ticket without a citizen is for a person in a role that has pages, with the scopes of what is looked at."""

    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            jobcenter = await headers(here, "jobcenter", "HOPERAT")
            assert (await here.web.post("/console/tickets", headers=jobcenter)).status_code == 403
            nobody = nurse(iua={"purpose_of_use": ["HOPERAT"], "subject_id": ""})
            alone = await here.bearer("system/AuditEvent.rs", "auditor", extensions=nobody)
            assert (await here.web.post("/console/tickets", headers=alone)).status_code == 403
            assert AUDITOR.role == "auditor"

    run(test)


def test_a_role_gets_no_page_of_another_and_the_try_is_on_record(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await work(here, "operator")
            for entry in PAGES:
                if "operator" not in entry.roles:
                    assert (await here.web.get(entry.path)).status_code == 403
            refused = "SELECT count(*) FROM access_record WHERE decision = 'deny' AND client = 'operator'"
            wrong = [entry for entry in PAGES if "operator" not in entry.roles]
            assert await here.gateway.database.fetchval(refused) == len(wrong)

    run(test)


def test_every_page_needs_a_session(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            for entry in PAGES:
                page = await here.web.get(entry.path)
                assert page.status_code == 401
                assert "Adgangen er udløbet" in page.text

    run(test)


def test_an_address_of_no_page_is_told_as_a_page(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            for path in ("/console/nope", "/console/look/1/2/3", "/console/console.css.map"):
                answer = await here.web.get(path)
                assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8"), path
                assert "Ikke noget at vise" in answer.text

    run(test)


def test_a_form_without_the_sessions_token_does_nothing(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await work(here)
            page = (await here.web.get("/console/status")).text
            good = token_of(page)
            for csrf in ("", "0" * 64, good[:-1], "æ"):
                form = {"csrf": csrf, "language": "en", "back": "/console/status"}
                answer = await here.web.post("/console/language", data=form)
                assert answer.status_code == 403
                assert "set-cookie" not in answer.headers
            form = {"csrf": good, "language": "en", "back": "/console/status"}
            assert (await here.web.post("/console/language", data=form)).status_code == 303

    run(test)


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/console//x", "/fhir", "", "/console/\n"])
def test_the_language_is_switched_and_leads_back_to_our_own_pages(database_url: str, back: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await work(here)
            danish = await here.web.get("/console/status")
            assert '<html lang="da">' in danish.text
            form = {"csrf": token_of(danish.text), "language": "en", "back": back}
            answer = await here.web.post("/console/language", data=form)
            assert answer.headers["location"] == "/console"
            english = await here.web.get("/console/status")
            assert '<html lang="en">' in english.text
            assert texts("en")("status.title") in english.text

    run(test)


def test_a_session_of_work_goes_on_while_it_is_used(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await work(here)
            for _ in range(WORK_SECONDS // (IDLE_SECONDS - 60)):
                here.world.clock.forward(IDLE_SECONDS - 60)
                assert (await here.web.get("/console/status")).status_code == 200
            here.world.clock.forward(IDLE_SECONDS - 60)
            assert (await here.web.get("/console/status")).status_code == 401, "a working day is its end"
            await work(here)
            here.world.clock.forward(IDLE_SECONDS)
            assert (await here.web.get("/console/status")).status_code == 401

    run(test)


# The texts


def _tables() -> dict[str, dict[str, dict[str, str]]]:
    return {code: tomllib.loads((CONSOLE / "texts" / f"{code}.toml").read_text("utf-8")) for code in LANGUAGES}


def test_every_text_is_there_in_every_language_with_the_same_values() -> None:
    tables = _tables()
    told = {
        code: {f"{page}.{key}": set(re.findall(r"\{(\w+)", text)) for page, keys in table.items()
               for key, text in keys.items()}
        for code, table in tables.items()
    }  # fmt: skip
    assert len(told["da"]) > 30
    for code in LANGUAGES:
        assert told[code] == told["da"], code
        assert all(text.strip() for keys in tables[code].values() for text in keys.values())


def test_every_text_that_a_page_asks_for_is_there() -> None:
    asked = set()
    for file in (*CONSOLE.rglob("*.html"), *CONSOLE.glob("*.py")):
        asked |= set(re.findall(r"""\bt\(\s*["'](\w+\.\w+)["'](?!\s*~)""", file.read_text("utf-8")))
    assert len(asked) > 10
    assert asked <= texts("da").known.keys()
    assert {entry.name for entry in PAGES} <= texts("da").known.keys()


def test_what_is_done_has_a_word_for_auditors_and_one_for_citizens() -> None:
    """Every operation that a flow puts on record; about nobody are those that a citizen's list cannot have."""
    source = "\n".join(file.read_text("utf-8") for file in FLOWS.rglob("*.py"))
    done = set(re.findall(r"""(?:\boperation=|^OPERATION = |by_itself\(gateway, )"([a-z-]+)\"""", source, re.MULTILINE))
    assert {"joint-plan", "suspicion", "hand-over", "relabel"} <= done
    about_nobody = {"look-through", "looked-through", "take-staff", "take-well-known"}
    for told in _tables().values():
        assert done <= told["interaction"].keys()
        assert done - about_nobody <= told["did"].keys()


def test_a_purpose_that_the_pages_name_has_a_word() -> None:
    pages = "\n".join(page.read_text("utf-8") for page in (FLOWS.parents[1] / "docs").glob("*.md"))
    named = {code for code in re.findall(r"`([A-Z]{3,8})`", pages) if is_known(purpose_key(code))}
    assert {"TREAT", "COC", "HPAYMT"} <= named
    for told in _tables().values():
        assert named | set(PURPOSES) <= told["purpose"].keys()


# Status


def test_a_gap_in_the_log_is_told(database_url: str) -> None:
    """A record that was kept out of the tree, and one that was taken away: each is a gap, and the page says so."""

    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await work(here)
            await integrate(here.gateway)
            whole = texts("da")("status.whole")
            assert whole in (await here.web.get("/console/status")).text
            database = here.gateway.database
            await headers(here, "social", "HOPERAT")  # the token is on record, and waits
            assert whole in (await here.web.get("/console/status")).text
            await database.fetchval("DELETE FROM log_pending RETURNING 1")
            assert texts("da")("status.broken") in (await here.web.get("/console/status")).text

    run(test)


def test_a_record_that_was_taken_away_is_a_gap(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await work(here)
            await integrate(here.gateway)
            async with here.gateway.database.connection() as connection:
                await connection.execute("ALTER TABLE access_record DISABLE TRIGGER USER")
                await connection.execute("DELETE FROM access_record WHERE id = (SELECT min(id) FROM access_record)")
            assert texts("da")("status.broken") in (await here.web.get("/console/status")).text

    run(test)

"""Søg: an auditor finds looks by everything that they say, opens one, and leaves a look of her own on record."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.findable import term
from gateway.domain.identifier import SOR
from gateway.domain.record import AccessRecord, Decision
from gateway.flows.find_looks import cursor_of, make_findable
from gateway.flows.log import integrate
from gateway.inbound.console.search import INTERACTIONS
from gateway.inbound.console.texts import LANGUAGES, texts
from gateway.store.log import append
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import NUMBER, arrive, headers
from tests.inbound.test_console_frame import WORKERS, token_of, work

DA = texts("da")


async def looks(here: Http) -> str:
    """One citizen, looked at by a hospital, a municipality and a job centre that may not; the log can be searched."""
    patient = await arrive(here)
    for client, purpose in (("epj", "TREAT"), ("social", "HOPERAT"), ("jobcenter", "HOPERAT")):
        await here.web.get(f"/fhir/Patient/{patient}/$joint-plan", headers=await headers(here, client, purpose))
        here.world.clock.forward(86_400)
    await ready(here)
    return patient


async def ready(here: Http) -> None:
    await integrate(here.gateway)
    await make_findable(here.gateway)


async def search(here: Http, **fields: str) -> Any:
    """What the form leads to."""
    page = await here.web.get("/console/search")
    started = await here.web.post("/console/search", data={"csrf": token_of(page.text), **fields})
    assert started.status_code == 303, started.text
    return await here.web.get(started.headers["location"])


def found(page: Any) -> list[str]:
    assert page.status_code == 200, page.text
    return re.findall(r'<a href="/console/look/(\d+)"', page.text)


def test_a_citizen_is_found_by_every_spelling_and_no_number_is_left_anywhere(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            patient = await looks(here)
            await work(here)
            plain = f"{NUMBER[:6]}-{NUMBER[6:]}"
            for spelling in (NUMBER, plain, f" {plain} ", f"urn:oid:1.2.208.176.1.2|{plain}", patient, patient.upper()):
                page = await search(here, citizen=spelling)
                assert len(found(page)) >= 3, spelling
                for number in (NUMBER, plain):
                    assert number not in page.text + str(page.url)
                assert patient not in str(page.url)
            assert found(await search(here, citizen="2512489996")) == []
            assert len(found(await search(here, citizen="f" * 32))) == 1, "her own look at nobody"
            bodies = await here.gateway.database.fetch("SELECT body FROM access_record WHERE client = 'auditor'")
            assert len(bodies) > 8
            assert all(NUMBER.encode() not in row["body"] for row in bodies)
            own = [json.loads(row["body"]) for row in bodies if b"search-type" in row["body"]]
            assert {one.get("citizen", "") for one in own} == {patient, "f" * 32, ""}

    run(test)


FOUND: tuple[tuple[dict[str, str], set[str]], ...] = (
    ({"user": "karla"}, {"epj", "social", "jobcenter"}),
    ({"user": "Karla Bo"}, {"epj", "social", "jobcenter"}),
    ({"user": "Karla Ny"}, set()),
    ({"user": "265161000016000.kbo"}, {"epj", "social", "jobcenter"}),
    ({"user": "urn:oid:1.2.208.176.1.1|265161000016000.kbo", "system": "epj"}, {"epj"}),
    ({"organisation": "Københavns"}, {"social"}),
    ({"organisation": "64942212"}, {"social"}),
    ({"role": "Sygeplejerske", "system": "social"}, {"social"}),
    ({"system": "jobcenter"}, {"jobcenter"}),
    ({"purpose": "TREAT", "interaction": "operation"}, {"epj"}),
    ({"decision": "deny"}, {"jobcenter"}),
    ({"resource": "CarePlan", "system": "social"}, {"social"}),
    ({"resource": "Goal/unknown"}, set()),
    ({"since": "2025-03-15", "until": "2025-03-15"}, {"social"}),
    ({"since": "2025-03-16", "organisation": "københavns"}, set()),
    ({"override": "yes"}, set()),
    ({"trace": "unknown"}, set()),
)  # fmt: skip


def test_looks_are_found_by_what_they_say(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            await work(here)
            for fields, clients in FOUND:
                numbers = [int(one) for one in found(await search(here, **fields))]
                rows = await here.gateway.database.fetch(
                    "SELECT DISTINCT client FROM access_record WHERE id = ANY($1) AND interaction = 'operation'",
                    numbers,
                )
                assert {row["client"] for row in rows} == clients, fields

    run(test)


ONE_OF_EACH: tuple[dict[str, str], ...] = (
    {"behalf": "urn:test|chief-1"}, {"behalf": "chief-1"}, {"consent": "given-1"}, {"consent": "Consent/given-1"},
    {"rule": "mappings/policy/access.csv:3"}, {"rule": "mappings/policy/access.csv:999"}, {"override": "yes"},
    {"trace": "trace-7"}, {"purpose": "BTG"}, {"decision": "override"}, {"resource": "Goal/aim-1"},
    {"role": "overlæge"}, {"organisation": "953741000016009"}, {"user": "Ib Møller", "consent": "given-1"},
)  # fmt: skip


def test_each_field_finds_the_one_look_that_says_so(database_url: str) -> None:
    """Every field, alone: what was used, by which rule something was shown or kept back, for whom, and in what call."""
    looked = AccessRecord(
        time=datetime(2025, 3, 15, 12, tzinfo=UTC), interaction="read", decision=Decision.OVERRIDE, citizen="c" * 32,
        kind="Goal", resources=("Goal/aim-1/_history/2",), user="urn:test|doctor-1", user_name="Ib Møller",
        user_role="Overlæge", on_behalf_of="urn:test|chief-1", organisation=f"{SOR}|953741000016009", client="epj",
        purposes=("BTG",), consents=("given-1",), rules=("mappings/policy/access.csv:3",), override_code="emergency",
        withheld=(("mappings/policy/access.csv:999", 2),), trace="trace-7",
    )  # fmt: skip

    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            async with here.gateway.database.connection() as connection:
                await append(connection, [looked])
            await ready(here)
            await work(here)
            found_by = {str(fields): found(await search(here, **fields)) for fields in ONE_OF_EACH}
            number = await here.gateway.database.fetchval("SELECT id FROM access_record WHERE trace = 'trace-7'")
            assert found_by == {str(fields): [str(number)] for fields in ONE_OF_EACH}
            assert found(await search(here, consent="given")) == [], "an id is asked for whole"
            page = await here.web.get(f"/console/look/{number}")
            assert '<span lang="da">Akut fare for liv eller helbred</span> (emergency)</dd>' in page.text

    run(test)


def test_a_look_opens_into_who_why_what_and_its_proof(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            await work(here)
            listed = await search(here, system="epj", interaction="operation")
            (number, *_) = found(listed)
            assert DA("interaction.joint-plan") in listed.text, "an operation by its own word"
            page = await here.web.get(f"/console/look/{number}")
            assert page.status_code == 200
            assert DA("look.proof_holds") in page.text
            assert "Karla Bo" in page.text
            assert "Region Test" in page.text
            assert "behandling (TREAT)" in page.text
            assert re.search(r"<code>Encounter/[0-9a-f]{32}/_history/1</code>", page.text)
            assert re.search(r"<code>mappings/policy/access.csv:\d+</code>", page.text)
            withheld = re.search(r"Tilbageholdt: (\d+)</h2>", page.text)
            assert withheld is not None
            assert int(withheld[1]) > 0
            assert "Herberg" not in page.text, "an auditor sees no content"
            for wrong in ("0", "999999", "x"):
                assert (await here.web.get(f"/console/look/{wrong}")).status_code == 404

    run(test)


def test_pages_follow_one_another_without_a_gap(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.flows.find_looks.PAGE", 2)
    monkeypatch.setattr("gateway.flows.find_looks.find_looks.__defaults__", ("", 2))

    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            await work(here)
            page = await search(here, user="karla")
            seen = found(page)
            while following := re.search(r'href="([^"]+)" rel="next"', page.text):
                page = await here.web.get(following[1])
                assert len(found(page)) <= 2
                seen += found(page)
            told = term("person", "karla")
            every = await here.gateway.database.fetch("SELECT record_id FROM access_term WHERE term = $1", told)
            assert len(seen) == len(set(seen))
            assert {int(one) for one in seen} == {row["record_id"] for row in every}
            for wrong in ("x", "1-", "-1", "9" * 40):
                assert (await here.web.get(f"{str(page.url).partition('?')[0]}?after={wrong}")).status_code == 400

    run(test)


def test_a_search_is_saved_under_lock_for_its_auditor_alone(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            patient = await looks(here)
            await work(here)
            page = await search(here, citizen=NUMBER)
            where = str(page.url).partition("?")[0]
            for name in ("", "x" * 101, f"om {NUMBER}"):
                kept = await here.web.post(f"{where}/save", data={"csrf": token_of(page.text), "name": name})
                assert kept.status_code == 400
            kept = await here.web.post(
                f"{where}/save", data={"csrf": token_of(page.text), "name": "Sagen om journalen"}
            )
            assert kept.status_code == 303
            (content,) = await here.gateway.database.fetch("SELECT owner || content AS raw FROM saved_search")
            for told in (NUMBER, patient, "Sagen", "auditor"):
                assert told.encode() not in content["raw"]
            form = await here.web.get("/console/search")
            assert "Sagen om journalen" in form.text
            (number,) = re.findall(r'name="number" value="(\d+)"', form.text)
            again = {"csrf": token_of(form.text), "number": number}
            started = await here.web.post("/console/saved", data={**again, "act": "run"})
            assert len(found(await here.web.get(started.headers["location"]))) >= 3
            await here.web.post("/console/saved", data={**again, "act": "delete"})
            assert "Sagen om journalen" not in (await here.web.get("/console/search")).text
            assert (await here.web.post("/console/saved", data={**again, "act": "run"})).status_code == 404

    run(test)


def test_what_is_entered_wrongly_is_told_beside_its_field(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await work(here)
            form = (await here.web.get("/console/search")).text
            wrong = {"csrf": token_of(form), "since": "i går", "user": '"><script>'}
            page = await here.web.post("/console/search", data=wrong)
            assert page.status_code == 400
            assert DA("search.not_a_day") in page.text
            assert 'aria-invalid="true" aria-describedby="since-wrong"' in page.text
            assert "<script" not in page.text
            assert (await here.web.get("/console/search/" + "a" * 24)).status_code == 404

    run(test)


def test_a_search_belongs_to_its_session(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            await work(here)
            page = await search(here, citizen=NUMBER)
            await work(here)
            assert (await here.web.get(str(page.url))).status_code == 404

    run(test)


def test_cursors() -> None:
    at, number = cursor_of("1741942800000123-17")
    assert (at.isoformat(), number) == ("2025-03-14T09:00:00.000123+00:00", 17)


def test_every_kind_of_call_that_can_be_chosen_has_a_word_of_its_own() -> None:
    """And one that is asked for by its operation is told in words, not by the code of a message."""
    for language in LANGUAGES:
        words = [texts(language).known[f"interaction.{one}"] for one in INTERACTIONS]
        assert len(set(words)) == len(words)
        told = texts(language).known
        assert [one for one in ("override-take", "suspicion", "conclude") if f"interaction.{one}" not in told] == []

"""Hvorfor: the decision of a day, with its rule, law and consent, asked by form or of a look, without content."""

from __future__ import annotations

import json
import re

from gateway.domain.decide import Basis, Reason
from gateway.domain.policy import ROLES
from gateway.inbound.console.texts import LANGUAGES, texts
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import NUMBER
from tests.inbound.test_console_frame import WORKERS, token_of, work
from tests.inbound.test_console_search import found, looks, search

DA = texts("da")


async def ask(here: Http, **fields: str) -> str:
    """The page with the answer."""
    page = await here.web.get("/console/why")
    asked = await here.web.post("/console/why", data={"csrf": token_of(page.text), **fields})
    assert asked.status_code == 303, asked.text
    answer = await here.web.get(asked.headers["location"])
    assert answer.status_code == 200, answer.text
    assert NUMBER not in answer.text + str(answer.url)
    return answer.text


def headings(page: str) -> list[str]:
    return re.findall(r'<h2 id="group-\d+">([^<]+)</h2>', page)


def test_why_a_nurse_sees_some_and_not_other_things(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            await work(here)
            told = await ask(here, client="epj", purpose="TREAT", citizen=f"{NUMBER[:6]}-{NUMBER[6:]}")
            said = headings(told)
            assert any("kunne ses: det er nødvendigt for behandlingen" in one for one in said)
            assert any("kunne ikke ses: det kræver borgerens samtykke" in one for one in said)
            assert re.search(r"<code>mappings/policy/access\.csv:\d+</code>", told)
            assert "sundhedsloven § 42 a" in told
            assert "Herberg" not in told
            refused = await ask(here, client="jobcenter", purpose="HOPERAT", citizen=NUMBER)
            assert headings(refused)
            assert all("kunne ikke ses" in one for one in headings(refused))
            before = await ask(here, client="epj", purpose="TREAT", citizen=NUMBER, day="2020-01-01")
            assert headings(before) == []
            assert DA("why.nothing") in before

    run(test)


def test_a_look_is_asked_why_as_it_was(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            await work(here)
            (number, *_) = found(await search(here, system="epj", interaction="operation"))
            page = await here.web.get(f"/console/look/{number}")
            shown = set(re.findall(r"<code>(\w+/[0-9a-f]{32}/_history/\d+)</code>", page.text))
            assert shown
            told = await ask(here, look=number)
            assert set(re.findall(r"<code>(\w+/[0-9a-f]{32}/_history/\d+)</code>", told)) >= shown
            assert "265161000016000.kbo" in told
            assert DA("why.of_look") in page.text
            assert DA("why.today_what") in told, "what is not kept"

    run(test)


def test_a_question_that_cannot_be_asked(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            await work(here)
            csrf = token_of((await here.web.get("/console/why")).text)
            good = {"csrf": csrf, "client": "epj", "purpose": "TREAT", "citizen": NUMBER}
            for wrong in ({"citizen": "2512489996"}, {"citizen": ""}, {"client": "nobody"}, {"day": "2999-01-01"},
                          {"day": "i går"}, {"purpose": "x y"}):  # fmt: skip
                page = await here.web.post("/console/why", data={**good, **wrong})
                assert page.status_code == 400, wrong
                assert DA("why.not_understood") in page.text
                assert NUMBER not in page.text
            assert (await here.web.post("/console/why", data={"csrf": csrf, "look": "999999"})).status_code == 404
            bodies = await here.gateway.database.fetch("SELECT body FROM access_record WHERE client = 'auditor'")
            assert all(NUMBER not in json.dumps(json.loads(row["body"])) for row in bodies)

    run(test)


def test_laws_are_cited_in_danish() -> None:
    cited = "sundhedsloven §§ 41 (2) 4 and 43 (2) 2 and (4); databeskyttelsesforordningen art. 9 (2) c"
    assert DA.law(cited) == cited.replace(" and ", " og ")
    assert texts("en").law(cited) == cited


def test_every_reason_has_its_words_in_every_language() -> None:
    for code in LANGUAGES:
        known = texts(code).known
        assert {f"reason.{one.value}" for one in Reason} <= known.keys()
        assert {f"basis.{one.value}" for one in Basis} <= known.keys()
        assert {f"role.{one}" for one in ROLES} <= known.keys()

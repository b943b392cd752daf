"""Mistanke: what somebody should ask about is shown in words, asked about, and concluded on record."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from gateway.domain.suspicion.finding import Finding
from gateway.domain.suspicion.thresholds import SIGNALS
from gateway.flows.staff import take_well_known
from gateway.flows.suspicion import OUTCOMES, watch_when_asked
from gateway.inbound.console.texts import LANGUAGES, texts
from gateway.store import suspicion as store
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import nurse
from tests.inbound.one_citizen import EVERYTHING, NUMBER, arrive
from tests.inbound.test_console_frame import WORKERS, token_of, work

NOTED = "Personen ringede for en kollega."


async def snooped(here: Http) -> str:
    """A jobcentre that has nothing to do with the citizen looks at her, whom everybody knows; the Patient id."""
    citizen = await arrive(here)
    await take_well_known(here.gateway, NUMBER)
    told = nurse(iua={"purpose_of_use": ["HOPERAT"]})
    bearer = await here.bearer(EVERYTHING, "jobcenter", extensions=told)
    await here.web.get(f"/fhir/Patient/{citizen}", headers=bearer)
    return citizen


async def post(here: Http, path: str, **form: str) -> Any:
    page = await here.web.get(path)
    return await here.web.post(path, data={"csrf": token_of(page.text), **form})


def test_every_signal_and_outcome_has_words_in_every_language() -> None:
    for language in LANGUAGES:
        t = texts(language)
        assert [one for one in SIGNALS if f"signal.{one}" not in t.known] == []
        assert [one for one in OUTCOMES if f"concluded.{one}" not in t.known] == []
        told = {
            key.partition(".")[2] for key in t.known if key.partition(".")[0] in ("signal", "signal_found", "threshold")
        }
        assert told <= set(SIGNALS), "words for nothing"


def test_an_auditor_has_the_log_looked_through_asks_and_concludes(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            citizen = await snooped(here)
            await work(here)
            empty = await here.web.get("/console/suspicion")
            assert texts("da")("suspicion.never") in empty.text
            assert (await post(here, "/console/suspicion")).headers["location"] == "/console/suspicion"
            waiting = await here.web.get("/console/suspicion")
            assert waiting.headers["refresh"] == "3"
            here.world.clock.forward(60)
            assert (await here.web.get("/console/suspicion")).headers["refresh"] == "30"
            assert await watch_when_asked(here.gateway) == 1
            page = await here.web.get("/console/suspicion")
            assert "refresh" not in page.headers
            assert "SENSITIV CPR" in page.text
            assert citizen not in page.text
            assert NUMBER not in page.text
            (number,) = re.findall(r'href="/console/suspicion/(\d+)"', page.text)
            finding = await here.web.get(f"/console/suspicion/{number}")
            assert texts("da")("signal.well-known") in finding.text
            assert re.search(r"mappings/suspicion/thresholds.csv:\d+", finding.text)
            (look,) = set(re.findall(r'href="(/console/look/\d+)"', finding.text))
            assert (await here.web.get(look)).status_code == 200
            await concludes(here, number)
            assert (
                await here.gateway.database.fetchval(
                    "SELECT count(*) FROM access_record WHERE client = 'auditor' AND citizen = $1", citizen
                )
                >= 6
            ), "each look at it is on record under the citizen"

    run(test)


async def concludes(here: Http, number: str) -> None:
    path = f"/console/suspicion/{number}"
    for wrong in ({"outcome": "", "note": NOTED}, {"outcome": "talk", "note": " "}, {"outcome": "sacked", "note": "x"}):
        refused = await post(here, path, **wrong)
        assert refused.status_code == 400
        assert texts("da")("suspicion.say_why") in refused.text
    form = {"csrf": token_of((await here.web.get(path)).text), "outcome": "explained", "note": f"{NOTED} 250248-9996"}
    assert (await here.web.post(path, data=form)).headers["location"] == path
    late = await here.web.post(path, data=form | {"outcome": "breach"})
    assert late.status_code == 409
    done = (await here.web.get("/console/suspicion?concluded")).text
    assert texts("da")("concluded.explained") in done
    told = (await here.web.get(path)).text
    assert NOTED in told
    assert "250248" not in told
    assert texts("da")("suspicion.none") in (await here.web.get("/console/suspicion")).text


def test_every_signal_is_told_in_words_with_its_threshold(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            now = here.gateway.clock()
            reasons = dict.fromkeys(SIGNALS, "7")
            made = Finding("u", "", now, now + timedelta(days=1), 9.0, reasons, list(range(10_000, 10_300)))
            await store.raise_(here.gateway.database, [(made, "Bo <Lind>", "cvr|1")], now)
            await work(here)
            page = await here.web.get("/console/suspicion")
            (number,) = re.findall(r'href="/console/suspicion/(\d+)"', page.text)
            finding = (await here.web.get(f"/console/suspicion/{number}")).text
            for signal in SIGNALS:
                assert texts("da")(f"signal.{signal}") in finding
            for alarm in ("SENSITIV KLE", "SENSITIV CPR", "MEDARBEJDER CPR", "MULIGT SELVOPSLAG", "KOLLEGA"):
                assert alarm in finding
            assert "På 7 forskellige dage." in finding
            assert "3 forskellige dage inden for 30 dage" in finding
            assert "højst 0,2 % af borgerne" in finding
            assert "300 opslag er slettet" in finding
            assert "Bo &lt;Lind&gt;" in finding
            for nobody in ("0", "999999", "x", "1" * 40):
                assert (await here.web.get(f"/console/suspicion/{nobody}")).status_code == 404

    run(test)

"""Værdispring: whoever works where it was decided, and an auditor, take each override through review and telling."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from gateway.domain.identifier import SOR, Identifier
from gateway.inbound.console.texts import texts
from gateway.inbound.scopes import Scope
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import nurse
from tests.inbound.one_citizen import CLIENTS, EVERYTHING, HOSPITAL, NUMBER, arrive, headers
from tests.inbound.test_consent_doors import objection, put
from tests.inbound.test_console_frame import token_of
from tests.inbound.test_console_search import found, ready

DA = texts("da")
EPJ = replace(HOSPITAL, scopes=(*HOSPITAL.scopes, Scope("Task", "u")))
ELSEWHERE = replace(HOSPITAL, id="elsewhere", organisation=Identifier(SOR, "953741000016009"), sends=())
ALL = (EPJ, *CLIENTS[1:], ELSEWHERE)
WHY = {"faellesplan": {"override": {"code": "emergency", "text": "Bevidstløs ved ankomst"}}}


async def overridden(here: Http) -> str:
    """A citizen who objects, and a nurse who looks against it, twice; gives the Patient id."""
    patient = await arrive(here)
    await put(here, "/fhir/Consent", objection(patient, provision={"type": "deny"}), await headers(here))
    here.world.clock.forward(1)
    over = await headers(here, purpose="BTG", **WHY)
    for _ in range(2):
        assert (await here.web.get(f"/fhir/Patient/{patient}", headers=over)).status_code == 200
    await ready(here)
    return patient


async def enter(
    here: Http, client: str = "epj", person: str = "lead", purpose: str = "TREAT", scope: str = EVERYTHING
) -> Any:
    """A session of this person; what the ticket's door said where it gave none."""
    iua = {
        "purpose_of_use": [purpose],
        "subject_id": f"{SOR}|265161000016000.{person}",
        "subject_name": f"Leder {person}",
    }
    made = await here.web.post("/console/tickets", headers=await here.bearer(scope, client, extensions=nurse(iua=iua)))
    if made.status_code != 201:
        return made
    return await here.web.post("/console/login", data={"ticket": made.json()["url"].partition("=")[2]})


async def listed(here: Http, show: str = "todo") -> list[str]:
    page = await here.web.get(f"/console/overrides?show={show}")
    assert page.status_code == 200, page.text
    assert NUMBER not in page.text
    return re.findall(r'href="/console/overrides/([0-9a-f]{32})"', page.text)


async def act(here: Http, task: str, **fields: str) -> Any:
    page = await here.web.get(f"/console/overrides/{task}")
    assert page.status_code == 200, page.text
    return await here.web.post(f"/console/overrides/{task}", data={"csrf": token_of(page.text), **fields})


def test_an_override_is_taken_reviewed_and_told(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient = await overridden(here)
            assert (await enter(here)).headers["location"] == "/console/overrides"
            (task,) = await listed(here)
            page = (await here.web.get(f"/console/overrides/{task}")).text
            for word in ("Karla Bo", "Akut fare for liv eller helbred", "Bevidstløs ved ankomst", patient):
                assert word in page, word
            assert f"<dt>{DA('overrides.looks')}</dt><dd>2</dd>" in page
            assert DA("overrides.see_looks") not in page, "the log is the auditor's"
            assert (await act(here, task, act="looks")).status_code == 403
            assert (await act(here, task, act="review", outcome="justified")).status_code == 409, "first it is taken"
            assert (await act(here, task, act="take")).status_code == 303
            assert await listed(here, "taken") == [task]
            for note in ("", "  "):
                answer = await act(here, task, act="review", outcome="unclear", note=note)
                assert answer.status_code == 400
                assert DA("overrides.note_needed") in answer.text
            assert (await act(here, task, act="review", outcome="excellent", note="x")).status_code == 400
            said = await act(here, task, act="review", outcome="unclear", note="Vagten husker 250248-9996")
            assert said.status_code == 303
            page = (await here.web.get(f"/console/overrides/{task}")).text
            assert "Vagten husker xxxxxxxxxx" in page, "no number in a note"
            assert await listed(here) == [task], "reviewed, and the citizen is not told"
            for fields in ({"when": "2099-01-01", "how": "Brev"}, {"when": "2025-03-14", "how": ""}, {"how": "Brev"}):
                answer = await act(here, task, act="tell", **fields)
                assert answer.status_code == 400, fields
                assert DA("overrides.told_needed") in answer.text
            assert (await act(here, task, act="not-tell", why_not="")).status_code == 400
            assert (await act(here, task, act="tell", when="2025-03-14", how="Brev i e-Boks")).status_code == 303
            assert await listed(here) == []
            assert await listed(here, "reviewed") == [task]
            page = (await here.web.get(f"/console/overrides/{task}")).text
            assert "underrettet 14. marts 2025: Brev i e-Boks" in page
            assert 'name="act"' not in page, "nothing is left to do"

    run(test)


def test_nobody_reviews_the_own_override_or_that_of_another_place(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient = await overridden(here)
            await enter(here, person="kbo")
            (task,) = await listed(here)
            page = await here.web.get(f"/console/overrides/{task}")
            assert DA("overrides.not_own") in page.text
            await act(here, task, act="take")
            assert (await act(here, task, act="review", outcome="justified")).status_code == 403
            for client in ("elsewhere", "social"):
                await enter(here, client, purpose="TREAT")
                assert await listed(here, "all") == []
                assert (await here.web.get(f"/console/overrides/{task}")).status_code == 404
                form = {"csrf": token_of((await here.web.get("/console/overrides")).text), "act": "take"}
                assert (await here.web.post(f"/console/overrides/{task}", data=form)).status_code == 404
            refused = await here.gateway.database.fetchval(
                "SELECT count(*) FROM access_record WHERE decision = 'deny' AND client = ANY($1)",
                ["elsewhere", "social"],
            )
            assert refused == 4
            made = await here.web.post("/console/tickets", headers=await headers(here), data={"patient": patient})
            assert made.status_code == 201
            await here.web.post("/console/login", data={"ticket": made.json()["url"].partition("=")[2]})
            assert (await here.web.get("/console/overrides")).status_code == 403, "a session for one plan alone"
            assert (await enter(here, "jobcenter", purpose="HOPERAT")).status_code == 403
            assert (await enter(here, "social", scope="system/Goal.rs")).status_code == 403, "the scopes of the queue"

    run(test)


def test_an_auditor_sees_all_and_the_looks_they_rest_on_and_tells_nobody(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            patient = await overridden(here)
            await enter(here, "auditor", "audit", "HOPERAT", "system/AuditEvent.rs")
            (task,) = await listed(here)
            looks = await act(here, task, act="looks")
            assert patient not in looks.headers["location"]
            page = await here.web.get(looks.headers["location"])
            assert len(found(page)) == 2
            assert "Karla Bo" in page.text
            page = await here.web.get(f"/console/overrides/{task}")
            assert DA("overrides.they_tell") in page.text
            answer = await act(here, task, act="tell", when="2025-03-14", how="Brev")
            assert answer.status_code == 403
            assert (await act(here, task, act="take")).status_code == 303
            await enter(here)
            answer = await act(here, task, act="take", former="somebody|else")
            assert answer.status_code == 409
            assert DA("overrides.conflict") in answer.text
            rows = await here.gateway.database.fetch("SELECT body FROM access_record WHERE body IS NOT NULL")
            records = [json.loads(row["body"]) for row in rows]
            steps = [one["operation"] for one in records if one.get("operation", "").startswith("override-")]
            assert {"override-list", "override-open", "override-take"} <= set(steps)
            assert all(one.get("citizen") == patient for one in records if one.get("operation") == "override-take")

    run(test)


def test_the_overdue_are_found_and_the_language_holds(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            await overridden(here)
            await enter(here)
            assert await listed(here, "overdue") == []
            here.world.clock.forward(15 * 86_400)
            await enter(here)
            (task,) = await listed(here, "overdue")
            page = (await here.web.get(f"/console/overrides/{task}")).text
            assert DA("overrides.overdue") in page
            form = {"csrf": token_of(page), "language": "en", "back": f"/console/overrides/{task}"}
            assert (await here.web.post("/console/language", data=form)).headers["location"] == form["back"]
            english = (await here.web.get(form["back"])).text
            assert texts("en")("overrides.overdue") in english
            bare = await here.web.post(f"/console/overrides/{task}", data={"act": "take"})
            assert bare.status_code == 403, "a form without its token"
            assert await listed(here, "taken") == []

    run(test)

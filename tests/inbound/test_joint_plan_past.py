"""GET Patient/{id}/$joint-plan?at=…: the plan as it stood, of what its reader may see today."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx2

from tests.inbound.http_world import http, run
from tests.inbound.one_citizen import arrive
from tests.inbound.rest_world import WRITERS, Rest, rest
from tests.inbound.test_consent_doors import objection

ABSENT = "f" * 32
PSY = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}
WHO = ("social", "epj", "psyk", "jobcenter")


async def plan(here: Rest, at: str = "", who: str = "social", patient: str = "") -> httpx2.Response:
    query = f"?at={at.replace('+', '%2B')}" if at else ""
    return await here.call("GET", f"/Patient/{patient or here.patient}/$joint-plan{query}", who=who)


def now(here: Rest) -> str:
    return str(here.http.world.clock().isoformat(timespec="milliseconds"))


def told(answer: httpx2.Response) -> Any:
    return answer.status_code, answer.headers.get("etag"), answer.content


async def story(here: Rest) -> list[tuple[str, dict[str, Any]]]:
    """A plan that changes: each time with what everybody was answered then."""
    seen = []

    async def look() -> None:
        here.http.world.clock.forward(3600)
        seen.append((now(here), {who: told(await plan(here, who=who)) for who in WHO}))
        here.http.world.clock.forward(3600)

    goal = await here.made(here.goal("Egen bolig"), who="social")
    await look()
    effort = here.about(
        "CarePlan", status="active", intent="plan", title="Støtte", goal=[{"reference": f"Goal/{goal['id']}"}]
    )
    effort = await here.made(effort, who="social")
    await look()
    changed = here.goal("Egen bolig inden jul", id=goal["id"])
    assert (await here.call("PUT", f"/Goal/{goal['id']}", changed, who="social", If_Match='W/"1"')).status_code == 200
    await look()
    assert (await here.call("DELETE", f"/CarePlan/{effort['id']}", who="social")).status_code == 204
    await look()
    return seen


def test_asked_later_it_is_what_was_answered_then(database_url: str) -> None:
    """Byte for byte, for every reader, at every time: what changed, what was taken back and what came since."""

    async def test() -> None:
        async with rest(database_url) as here:
            seen = await story(here)
            answers = [{who: body for who, (_, _, body) in one.items()} for _, one in seen]
            assert len({one["social"] for one in answers}) == 4, "each time another plan"
            for at, then in seen:
                for who in WHO:
                    assert told(await plan(here, at, who)) == then[who], (at, who)
            before = await plan(here, "2020-01-01")
            absent = await plan(here, "2020-01-01", patient=ABSENT)
            assert (before.status_code, before.content) == (absent.status_code, absent.content)
            assert before.status_code == 404
            record = (await here.records(operation="joint-plan", client="social", outcome="0"))[-1]
            assert record.query.partition("?")[2] == f"at={seen[-1][0].partition('.')[0]}+00:00"
            assert any(one.startswith("Goal/") and one.endswith("/_history/2") for one in record.resources)

    run(test)


def test_of_a_day_its_end_and_nothing_of_the_future(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            await here.made(here.goal("Egen bolig"), who="social")
            day = now(here)[:10]
            stands = told(await plan(here))
            here.http.world.clock.forward(2 * 86400)
            made = await here.made(here.goal("Arbejde"), who="social")
            assert told(await plan(here, day)) == stands
            assert made["id"] in (await plan(here, now(here)[:10])).text, "today is until now"
            body = {"resourceType": "Parameters", "parameter": [{"name": "at", "valueDateTime": day}]}
            posted = await here.call("POST", f"/Patient/{here.patient}/$joint-plan", body, who="social")
            assert told(posted) == stands
            empty = await here.call("POST", f"/Patient/{here.patient}/$joint-plan", who="social")
            assert told(empty) == told(await plan(here))
            for query in (
                "at=2999-01-01",
                "at=",
                "at=yesterday",
                f"at={day}&at={day}",
                "on=2020-01-01",
                "at=2025-02-30",
            ):
                refused = await here.call("GET", f"/Patient/{here.patient}/$joint-plan?{query}", who="social")
                assert refused.status_code == 400, query
                assert refused.json()["issue"][0]["diagnostics"].startswith("At "), "where and what to do"
            as_xml = await here.call("GET", f"/Patient/{here.patient}/$joint-plan?at={day}&_format=xml", who="social")
            assert as_xml.text.startswith("<?xml")

    run(test)


def test_what_is_hidden_today_is_hidden_in_the_past(database_url: str) -> None:
    """A label that came since, and an objection, close what stood open before."""

    async def test() -> None:
        async with rest(database_url) as here:
            open_ = await here.made(here.goal("Åben"), who="social")
            goal = await here.made(here.goal("Egen bolig"), who="social")
            readers = [who for who in WHO if goal["id"] in (await plan(here, who=who)).text]
            at = now(here)
            here.http.world.clock.forward(3600)
            labelled = here.goal("Egen bolig", id=goal["id"], meta={"security": [PSY]})
            told_ = await here.call("PUT", f"/Goal/{goal['id']}", labelled, who="social", If_Match='W/"1"')
            assert told_.status_code == 200
            left = {who: goal["id"] in (await plan(here, who=who)).text for who in readers}
            for who in readers:
                assert (goal["id"] in (await plan(here, at, who)).text) == left[who], who
            seen = {who: (await plan(here, at, who)).text for who in WHO}
            denied = objection(here.patient, provision={"type": "deny"})
            assert (await here.call("POST", "/Consent", denied, who="social")).status_code == 201
            closed = {who for who in WHO if len((await plan(here, at, who)).text) < len(seen[who])}
            assert closed, "it closes something"
            for who in WHO:
                today = await plan(here, who=who)
                past = await plan(here, at, who)
                assert past.status_code == today.status_code, who
                assert (open_["id"] in past.text) == (open_["id"] in today.text), who

    run(test)


def test_rights_are_those_of_today_and_labels_those_of_either_time(database_url: str) -> None:
    """An objection that is withdrawn since opens the past too; a label that was lowered since still counts for what it
    stood on."""
    clerk = replace(WRITERS[0], id="clerk", rights=("lower-labels",))
    why = json.dumps({"resourceType": "Provenance", "reason": [{"text": "Forkert"}]})

    async def test() -> None:
        async with http(database_url, *WRITERS, clerk) as doors:
            here = Rest(doors, await arrive(doors))
            goal = await here.made(here.goal("Angstfri", meta={"security": [PSY]}))
            other = await here.made(here.goal("Egen bolig"))
            said = objection(here.patient, provision={"type": "deny"})
            denied = await here.call("POST", "/Consent", said)
            assert denied.status_code == 201
            identity = denied.headers["location"].partition("/Consent/")[2].partition("/")[0]
            then = now(here)
            assert (await plan(here, who="epj")).status_code == 404
            here.http.world.clock.forward(3600)
            body = said | {"id": identity, "status": "inactive"}
            withdrawn = await here.call("PUT", f"/Consent/{identity}", body, If_Match='W/"1"')
            assert withdrawn.status_code == 200, withdrawn.text
            past = (await plan(here, then, "epj")).text
            assert goal["id"] in past
            assert other["id"] in past, "what the reader may see today"
            plain = here.goal("Frisk", id=goal["id"])
            told_ = await here.call(
                "PUT", f"/Goal/{goal['id']}", plain, who="clerk", If_Match='W/"1"', X_Provenance=why
            )
            assert told_.status_code == 200, told_.text
            psy = objection(here.patient, provision={"type": "deny", "securityLabel": [PSY]})
            assert (await here.call("POST", "/Consent", psy)).status_code == 201
            assert goal["id"] in (await plan(here, who="epj")).text, "it is labelled so no more"
            past = (await plan(here, then, "epj")).text
            assert goal["id"] not in past, "what it said then was labelled"
            assert other["id"] in past

    run(test)

"""Long lists of the console: a stretch at a time, which says that there is more and leads to it; nothing twice, nothing
left out, and only what is shown is on record as seen."""

from __future__ import annotations

import re
from typing import Any

from gateway.domain.stretch import LONGEST, stretch
from gateway.inbound.console.texts import texts
from tests.inbound.http_world import Http, http, run
from tests.inbound.test_console_frame import WORKERS, token_of, work
from tests.inbound.test_console_overrides import ALL, enter, listed, overridden

DA = texts("da")
NEXT = re.compile(r'href="([^"]+)" rel="next"')
BEFORE = re.compile(r'href="([^"]+)" rel="prev"')
_FINDINGS = """
INSERT INTO suspicion (user_key, user_name, organisation, citizen, raised_at, last_at, weight, reasons, looks, found_at,
                       outcome, note, concluded_by)
SELECT 'urn:test|' || n, 'Navn ' || n, 'urn:test|o', 'c' || n, now(), now(), 500 - n, '{}', '[]', now(), '', '', ''
  FROM generate_series(1, $1::int) AS n RETURNING id
"""
_HELD = """
INSERT INTO message (language, source, message_id, event, fingerprint, received_at, state, accepted, body,
                     answer, reason)
SELECT 'hl7v2', '', '', '', decode(md5(n::text), 'hex'), now(), 'quarantined', false, 'MSH', '',
       '{"text": "it", "where": "", "hint": ""}'
  FROM generate_series(1, $1::int) AS n RETURNING id
"""
_OVERRIDES = """
WITH t AS (
  INSERT INTO resource SELECT (jsonb_populate_record(r, jsonb_build_object('id', md5(n::text)))).*
    FROM resource r, generate_series(1, $1::int) AS n WHERE r.kind = 'Task' AND r.id = $2 RETURNING id)
INSERT INTO override_review
SELECT (jsonb_populate_record(o, jsonb_build_object('task', t.id))).* FROM override_review o, t WHERE o.task = $2
RETURNING task
"""


async def pages(here: Http, path: str) -> list[str]:
    """Every page of a list, from link to link."""
    found = [(await here.web.get(path)).text]
    while link := NEXT.search(found[-1]):
        found.append((await here.web.get(link[1].replace("&amp;", "&"))).text)
    return found


def test_a_stretch_knows_where_it_stands() -> None:
    every = list(range(250))
    first, second, third = (stretch(every[at : at + LONGEST + 1], at) for at in (0, 100, 200))
    assert [*first.rows, *second.rows, *third.rows] == every
    assert (first.more, second.more, third.more) == (True, True, False)
    assert (second.before, second.after, third.before) == (0, 200, 100)
    assert stretch(every[:100], 0).whole
    assert not stretch([], 300).whole


def test_all_findings_can_be_reached_and_only_those_shown_are_on_record(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await here.gateway.database.fetch(_FINDINGS, 205)
            await work(here)
            one, two, three = await pages(here, "/console/suspicion")
            shown = [re.findall(r'href="/console/suspicion/(\d+)">Navn (\d+)<', page) for page in (one, two, three)]
            assert [len(some) for some in shown] == [100, 100, 5]
            assert [name for some in shown for _, name in some] == [str(n) for n in range(1, 206)]
            assert DA("stretch.shown", first=101, last=200) in two
            assert DA("stretch.more") in two
            assert DA("stretch.more") not in three
            assert BEFORE.findall(two) == ["/console/suspicion?from=0"]
            beyond = await here.web.get("/console/suspicion?from=999")
            assert "/console/suspicion?from=899" in beyond.text
            assert DA("stretch.shown", first=1000, last=999) not in beyond.text, "nothing is shown, from no number"
            for wrong in ("-1", "x", "99999999", "%C2%B2"):
                assert (await here.web.get(f"/console/suspicion?from={wrong}")).text.count("Navn ") == 100

            assert await _records(here, "c205") == 1
            assert await _records(here, "c1") == 5

    run(test)


async def _records(here: Http, citizen: str) -> Any:
    sql = "SELECT count(*) FROM access_record WHERE client = 'auditor' AND citizen = $1"
    return await here.gateway.database.fetchval(sql, citizen)


def test_all_of_the_quarantine_can_be_reached_and_tried_again(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await here.gateway.database.fetch(_HELD, 103)
            await work(here, "operator")
            one, two = await pages(here, "/console/quarantine")
            assert DA("quarantine.held", count=103) in one
            assert [page.count('value="replay"') for page in (one, two)] == [100, 3]
            assert DA("quarantine.replay_shown") in two
            form = {"csrf": token_of(two), "act": "all", "number": "100"}
            answer = await here.web.post("/console/quarantine", data=form)
            assert answer.headers["location"].endswith("done=0&left=3"), "those of this page, not the oldest again"

    run(test)


def test_all_overrides_can_be_reached(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *ALL) as here:
            await overridden(here)
            await enter(here)
            (task,) = await listed(here)
            await here.gateway.database.fetch(_OVERRIDES, 120, task)
            one, two = await pages(here, "/console/overrides?show=todo")
            found = [task for page in (one, two) for task in re.findall(r'"/console/overrides/([0-9a-f]{32})"', page)]
            assert (len(found), len(set(found))) == (121, 121)
            assert "show=todo&amp;from=100" in one
            assert (await here.web.get("/console/overrides?show=reviewed")).text.count("rel=") == 2, "no paging"

    run(test)

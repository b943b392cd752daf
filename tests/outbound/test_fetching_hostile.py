"""Systems that answer as they should not: nothing outside their host is asked, nothing endless is followed, nothing
that is here already is lost, and every failure is told without a number."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.source import Fetching
from gateway.flows.fetch import MOST_FAILURES
from gateway.flows.parts import Gateway
from gateway.flows.replay import replay
from tests.outbound.case_system import CPR, OTHER, CaseSystem, Momentum, Nexus, Reply, grant, listening
from tests.outbound.conftest import Office
from tests.outbound.test_fetching import MOMENTUM, NEXUS, QUICK, count, fetching, look, nexus, parts, secrets

__all__ = ["secrets"]

GRANT = "GET /api/v2/grants/1"


def link(href: Any) -> Any:
    return {"_links": {"referencedObject": {"href": href}}, "type": "basketGrantReference"}


UNUSABLE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "half": (lambda _: b"{", "This is not JSON at grants."),
    "a page": (lambda _: b"<html/>", "This is not JSON at grants."),
    "no number": (lambda _: b'{"a": NaN}', "This is not JSON at grants."),
    "deeper than a parser goes": (lambda _: b"[" * 5000 + b"]" * 5000, "This is not JSON at grants."),
    "deep": (lambda _: b"[" * 90 + b"]" * 90, "The JSON is nested too deep at grants."),
    "numbers": (lambda _: [1, 2], "An answer is no object and no list of objects at grants."),
    "a text": (lambda _: "text", "An answer is no object and no list of objects at grants."),
    "giant": (lambda _: b"x" * 300_000, "An answer is too large at grants."),
    "cut off": (lambda _: Reply(b"{}", headers={"Content-Length": "9999"}), "The system is busy or away at grants."),
    "redirect": (
        lambda _: Reply(None, 302, {"Location": "http://127.0.0.1:1/"}), "The system answered HTTP 302 at grants.",
    ),
    "forbidden": (lambda _: Reply(None, 403), "The system answered HTTP 403 at grants."),
    "nothing there": (lambda _: Reply(None, 404), "A link leads nowhere at grants."),
    "500": (lambda _: Reply(None, 500), "The system is busy or away at grants."),
    "slow": (lambda _: Reply({}, wait=5), "The system is busy or away at grants."),
    "a byte now and then": (lambda _: Reply({"a": "b" * 40}, drip=0.2), "The system is busy or away at grants."),
}  # fmt: skip


def test_an_answer_that_cannot_be_used_changes_nothing(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    system = nexus(grant(1))
    quick = replace(QUICK, seconds=0.15, tries=2)

    async def test(gateway: Gateway) -> None:
        assert (await look(gateway, [CPR])).looks["new"]
        before = await parts(gateway, "CarePlan")
        for name, (answer, told) in UNUSABLE.items():
            system.answers[GRANT] = answer
            done = await look(gateway, [CPR], limits=quick)
            failure = await gateway.database.fetchval("SELECT failure FROM fetched WHERE citizen <> ''")
            assert failure == told, name
            assert (done.looks["failed"], done.failure) == (1, ""), name
            assert await parts(gateway, "CarePlan") == before, name
            assert await count(gateway, "message") == 1, name
            system.answers[GRANT] = lambda _: grant(1)
            assert (await look(gateway, [CPR])).looks["unchanged"], f"{name}: well again, nothing is missing"

    with caplog.at_level(logging.DEBUG):
        fetching(office, system, test)
    assert CPR not in caplog.text


ELSEWHERE = (
    "http://127.0.0.1:1/api/v2/grants/1",
    "https://127.0.0.1:{port}/api/v2/grants/1",
    "//example.org/grants/1",
    "http://user@127.0.0.1:{port}/api/v2/grants/1",
    "http://127.0.0.1:{port}@example.org/",
    "http://127.0.0.1:{port}\\@example.org/",
    "http://169.254.169.254/latest/meta-data/",
    "file:///etc/passwd",
    "http://[::1",
    "javascript:1",
)


def test_a_link_to_another_host_is_never_followed(office: Office) -> None:
    system = nexus(grant(1))

    async def test(gateway: Gateway) -> None:
        for href in ELSEWHERE:
            system.answers["GET /api/v2/patients/4000/references"] = lambda _, h=href: [
                link(h.format(port=system.port))
            ]
            done = await look(gateway, [CPR])
            assert done.looks["failed"] == 1, href
            assert (await gateway.database.fetchval("SELECT failure FROM fetched")).startswith("A link"), href
            assert system.asked[-1].path == "/api/v2/patients/4000/references", href

    fetching(office, system, test)


def test_a_relative_link_and_a_template_are_followed(office: Office) -> None:
    system = nexus(grant(1))
    system.answers["GET /api/v2/patients/4000/references"] = lambda _: [link("/api/v2/grants/1{?projection}")]

    async def test(gateway: Gateway) -> None:
        assert (await look(gateway, [CPR])).looks["new"]

    fetching(office, system, test)


def test_the_token_is_shown_to_nobody_else(office: Office) -> None:
    system = nexus(grant(1))

    async def test(gateway: Gateway) -> None:
        async with listening(CaseSystem()) as elsewhere:
            href = f"{elsewhere.url}/steal"
            system.answers["GET /api/v2/patients/4000/references"] = lambda _: [link(href)]
            system.answers["GET /api/v2/patients/4000/conditions"] = lambda _: Reply(None, 307, {"Location": href})
            await look(gateway, [CPR])
            assert elsewhere.asked == []

    fetching(office, system, test)


def test_pages_without_end_are_given_up(office: Office) -> None:
    system = nexus(grant(1))
    numbers = itertools.count()

    def page(asked: Any) -> Any:
        return {"_embedded": {"conditions": []}, "_links": {"next": system.link(f"/api/v2/page?n={next(numbers)}")}}

    async def test(gateway: Gateway) -> None:
        system.answers |= {"GET /api/v2/patients/4000/conditions": page, "GET /api/v2/page": page}
        assert (await look(gateway, [CPR])).looks["failed"] == 1
        assert len(system.asked) <= QUICK.requests + 5
        assert (
            await gateway.database.fetchval("SELECT failure FROM fetched")
            == "The answers lead on and on at conditions."
        )
        system.answers["GET /api/v2/patients/4000/conditions"] = lambda _: {
            "_links": {"next": system.link("/api/v2/page?n=x")}
        }
        system.answers["GET /api/v2/page"] = lambda _: {"_links": {"next": system.link("/api/v2/page?n=x")}}
        await look(gateway, [CPR])
        failure = await gateway.database.fetchval("SELECT failure FROM fetched")
        assert failure == "The pages lead round in a circle at conditions."

    fetching(office, system, test)


def test_all_pages_are_read(office: Office) -> None:
    system = nexus(grant(1))

    def conditions(asked: Any) -> Any:
        number = int(asked.path.partition("n=")[2] or 0)
        links = {"next": system.link(f"/api/v2/page?n={number + 1}")} if number < 4 else {}
        return {"_embedded": {"conditions": [{"id": number, "name": f"Tilstand {number}"}]}, "_links": links}

    async def test(gateway: Gateway) -> None:
        system.answers |= {"GET /api/v2/patients/4000/conditions": conditions, "GET /api/v2/page": conditions}
        await look(gateway, [CPR])
        assert len(await parts(gateway, "Condition")) == 5

    fetching(office, system, test)


def test_a_citizen_whose_answers_are_too_large_together_is_left(office: Office) -> None:
    system = nexus(*[grant(number, "x" * 150_000) for number in range(4)])

    async def test(gateway: Gateway) -> None:
        assert (await look(gateway, [CPR])).looks["failed"] == 1
        assert (await gateway.database.fetchval("SELECT failure FROM fetched")).startswith("The answers are too large")

    fetching(office, system, test)


def test_another_citizen_than_the_one_asked_for_is_not_taken_for_them(office: Office) -> None:
    """In quarantine, told without a number; replay refuses it again."""
    system = nexus(grant(1))
    system.citizens[CPR]["patientIdentifier"] = {"type": "cpr", "identifier": OTHER}

    async def test(gateway: Gateway) -> None:
        for _ in range(3):
            assert (await look(gateway, [CPR])).looks["refused"] == 1
        assert await count(gateway, "message", "state = 'quarantined'") == 1, "the same again is one row"
        assert await count(gateway, "statement") == 0
        [one] = await replay(gateway)
        assert "another citizen" in one.error
        assert CPR not in one.error
        assert OTHER not in one.error

    fetching(office, system, test)


def test_one_citizen_under_two_ids_of_the_system_is_one_citizen(office: Office) -> None:
    system = nexus(grant(1))

    async def test(gateway: Gateway) -> None:
        await look(gateway, [CPR])
        system.citizens.pop(CPR)
        system.add(OTHER, [])
        system.add(CPR, [grant(1), grant(2)])
        assert system.citizens[CPR]["id"] == 4001
        await look(gateway, [CPR])
        [patient] = await parts(gateway, "Patient")
        assert [one["value"] for one in patient["identifier"]] == [CPR], "the others are for nobody to see"
        [known] = await gateway.database.fetch("SELECT identifiers FROM identity")
        assert {one.rpartition("|")[2] for one in known["identifiers"]} == {CPR, "4000", "4001"}
        assert len(await parts(gateway, "CarePlan")) == 2

    fetching(office, system, test)


@pytest.mark.parametrize("order", [(CPR, OTHER), (OTHER, CPR)])
def test_two_citizens_under_one_id_with_one_grant_stay_two(office: Office, order: tuple[str, str]) -> None:
    """Neither loses what is told of them, whoever is asked for first and however often."""
    system = nexus(grant(1, "Støtte"))
    system.add(OTHER, [grant(1, "Støtte"), grant(2, "Ledsagelse")])
    system.answers["POST /api/v2/search"] = lambda asked: system.search(asked) | {"id": 4000}

    async def test(gateway: Gateway) -> None:
        ids: set[str] = set()
        for turn in range(3):
            system.answers["GET /api/v2/grants/1"] = lambda _, n=turn: grant(1, "Støtte", startDate=f"2026-02-0{n + 1}")
            assert (await look(gateway, list(order))).looks["new"] == 2
            plans = await parts(gateway, "CarePlan")
            titles = sorted((one["subject"]["reference"], one["title"]) for one in plans)
            assert len(titles) == 3
            assert len({subject for subject, _ in titles}) == 2
            assert [title for _, title in titles].count("Støtte") == 2
            ids = ids or {one["id"] for one in plans}
            assert {one["id"] for one in plans} == ids, "each keeps its own"
        assert len(await parts(gateway, "Patient")) == 2

    fetching(office, system, test)


def test_a_search_that_finds_two_is_no_answer(office: Office) -> None:
    system = nexus(grant(1))
    system.add(OTHER, [])
    system.answers["POST /api/v2/search"] = lambda _: [
        one | {"_links": system.links(one["id"])} for one in system.citizens.values()
    ]

    async def test(gateway: Gateway) -> None:
        assert (await look(gateway, [CPR])).looks["refused"] == 1
        assert await count(gateway, "resource") == 0

    fetching(office, system, test)


def test_a_system_that_is_away_ends_the_round_and_is_not_asked_for_everybody(office: Office) -> None:
    system = nexus(grant(1))
    many = [f"{day:02}0180999{day % 10}" for day in range(1, 30)]

    async def test(gateway: Gateway) -> None:
        system.answers["POST /api/v2/search"] = lambda _: Reply(None, 503)
        done = await look(gateway, many)
        assert done.looks["failed"] == MOST_FAILURES
        assert done.failure == "One look after the other failed."
        assert len(system.paths("POST")) == QUICK.tries * MOST_FAILURES
        system.answers["POST /api/v2/search"] = lambda _: b"garbage"
        done = await look(gateway, many)
        assert done.looks["failed"] == MOST_FAILURES
        assert done.failure == "One look after the other failed."

    fetching(office, system, test)


def test_one_object_that_a_system_cannot_show_stops_nobody_else(office: Office) -> None:
    """A naive courier takes the first 500 for the whole system being away, every time."""
    system = nexus(grant(1))
    system.add(OTHER, [grant(2)])
    system.answers[GRANT] = lambda _: Reply(None, 500)

    async def test(gateway: Gateway) -> None:
        done = await look(gateway, [CPR, OTHER])
        assert (dict(done.looks), done.failure) == ({"failed": 1, "new": 1}, "")

    fetching(office, system, test)


def test_citizens_whose_looks_always_fail_keep_nobody_from_being_asked_for(office: Office) -> None:
    system = Nexus()
    numbers = [f"010180999{last}" for last in range(MOST_FAILURES + 2)]
    for at, number in enumerate(numbers):
        system.add(number, [grant(at)])

    async def test(gateway: Gateway) -> None:
        await look(gateway, numbers)
        for at in range(MOST_FAILURES):
            system.answers[f"GET /api/v2/grants/{at}"] = lambda _: b"broken"
        looks = [dict((await look(gateway, None)).looks) for _ in range(2)]
        assert looks == [{"failed": MOST_FAILURES}, {"unchanged": 2, "failed": MOST_FAILURES}]

    fetching(office, system, test)


def test_a_citizen_who_ends_the_round_comes_last_in_the_next(office: Office) -> None:
    system = Nexus()
    for at, number in enumerate((CPR, OTHER)):
        system.add(number, [grant(at)])

    async def test(gateway: Gateway) -> None:
        await look(gateway, [CPR, OTHER])
        system.answers["GET /api/v2/grants/0"] = lambda _: Reply(None, 401)
        done = [await look(gateway, None) for _ in range(2)]
        assert [dict(one.looks) for one in done] == [{}, {"unchanged": 1}]
        assert all(one.failure.startswith("The system refuses this client at grants.") for one in done)

    fetching(office, system, test)


def test_a_busy_system_is_asked_again_after_a_while(office: Office) -> None:
    system = nexus(grant(1))
    answers = iter([Reply(None, 503, {"Retry-After": "9" * 30}), Reply(None, 429, {"Retry-After": "soon"}), grant(1)])

    async def test(gateway: Gateway) -> None:
        system.answers[GRANT] = lambda _: next(answers)
        assert (await look(gateway, [CPR])).looks["new"] == 1

    fetching(office, system, test)


def test_a_system_that_is_slow_with_each_answer_holds_up_nobody_else(office: Office) -> None:
    """Every exchange is within its own time; a naive courier waits a thousand times that long for one citizen."""
    system = nexus(*(grant(number) for number in range(10, 30)))
    system.add(OTHER, [grant(2)])
    for number in range(10, 30):
        system.answers[f"GET /api/v2/grants/{number}"] = lambda _, number=number: Reply(grant(number), wait=0.2)

    async def test(gateway: Gateway) -> None:
        done = await look(gateway, [CPR, OTHER], limits=replace(QUICK, look=1.0))
        assert (dict(done.looks), done.failure) == ({"failed": 1, "new": 1}, "")
        failure = await gateway.database.fetchval("SELECT failure FROM fetched WHERE failure <> ''")
        assert failure == "One citizen takes too long."
        assert len(system.paths("GET")) < 20

    fetching(office, system, test)


NO_TOKENS = (
    Reply({"error": "invalid_client"}, 401),
    Reply({"access_token": ""}),
    Reply({"access_token": "a\r\nX-Evil: 1"}),
    Reply({"access_token": "a", "expires_in": "soon"}),
    Reply([1]),
    Reply(b"{"),
    Reply(None, 302, {"Location": "http://127.0.0.1:1/"}),
    Reply({"access_token": "x" * 200_000}),
)


def test_a_token_that_is_none_ends_the_round(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    system = nexus(grant(1))

    async def test(gateway: Gateway) -> None:
        for token in NO_TOKENS:
            system.token = lambda asked, t=token: t  # type: ignore[method-assign,misc]
            done = await look(gateway, [CPR])
            assert done.failure == "The token endpoint gives no token. Look at client and secret under fetch."
            assert system.paths() == []

    fetching(office, system, test)
    assert "hush" not in caplog.text


def test_an_id_that_would_lead_to_another_place_is_no_id(office: Office) -> None:
    system = Momentum()
    system.add(CPR)
    system.citizens[CPR]["id"] = ".."

    async def test(gateway: Gateway) -> None:
        assert (await look(gateway, [CPR], MOMENTUM)).looks["failed"] == 1
        system.citizens[CPR]["id"] = "../../admin?x="
        await look(gateway, [CPR], MOMENTUM)
        assert all(path.startswith("/api/citizens/") for path in system.paths())
        assert not any("/admin" in path for path in system.paths())

    fetching(office, system, test)


def test_a_system_that_nobody_can_reach_is_told(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with listening(Nexus()) as gone:
            port = gone.port
        there = Fetching(f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{port}/token", "x", "NEXUS_SECRET")
        sources = dict(gateway.sources) | {NEXUS: replace(gateway.sources[NEXUS], fetch=there)}
        done = await look(replace(gateway, sources=sources), [CPR])
        assert done.failure == "The token endpoint does not answer."
        assert str(port) not in json.dumps(done.failure)

    office.run(work)

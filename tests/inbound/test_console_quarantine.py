"""Karantæne: an operator sees what stands still and tries it again, and sees nothing of anybody."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from gateway.domain.outgoing import TOLD_LATER, Outgoing
from gateway.flows.operating import REASONS
from gateway.flows.receive import receive
from gateway.inbound.console.texts import LANGUAGES, texts
from gateway.store import fetched, outbox, subscriptions
from gateway.store.subscriptions import Subscribed
from tests.flows.conftest import caller
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import NUMBER, admission, arrive
from tests.inbound.test_console_frame import WORKERS, token_of, work

PAGE = "/console/quarantine"
STRANGE = admission("M9").replace(b"|SP|HGH|", b"|UKENDT|HGH|")
DA = texts("da")


async def act(here: Http, wish: str, number: int | str = "") -> Any:
    """What became of it, as the page tells it."""
    form = {"csrf": token_of((await here.web.get(PAGE)).text), "act": wish, "number": str(number)}
    answer = await here.web.post(PAGE, data=form)
    return await here.web.get(answer.headers["location"]) if answer.status_code == 303 else answer


async def stuck(here: Http, *told: tuple[str, str]) -> list[int]:
    """Messages in the outbox in these states, with what was told of them."""
    database, now = here.gateway.database, here.gateway.clock()
    content = f"PID|1||{NUMBER}".encode()
    some = [Outgoing("koebenhavn-sag", "kl", f"out-{n}", content) for n in range(len(told))]
    await outbox.put(database, some, now)
    for number, (state, words) in enumerate(told):
        await database.fetchval(
            "UPDATE outbox SET state = $2, told = $3 WHERE message_id = $1 RETURNING id", f"out-{number}", state, words
        )
    return [row["id"] for row in await database.fetch("SELECT id FROM outbox ORDER BY id")]


def test_a_message_that_failed_is_shown_without_its_content_and_tried_again(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            answer = await receive(here.gateway, "hl7v2", STRANGE)
            assert not answer.accepted
            await work(here, "operator")
            page = (await here.web.get(PAGE)).text
            assert DA("quarantine.held", count=1) in page
            assert "MSH" in page, "the place of the error"
            for content in (NUMBER, "Tangmose", "Sarah", "V-17"):
                assert content not in page
            kept = await here.gateway.database.fetchrow(
                "SELECT id, received_at FROM message WHERE state = 'quarantined'"
            )
            assert kept is not None
            assert DA("quarantine.went", done=0, left=1) in (await act(here, "replay", kept["id"])).text
            await here.gateway.database.fetchval(
                "UPDATE message SET body = $1 WHERE id = $2 RETURNING id", admission("M9"), kept["id"]
            )
            again = await act(here, "all", 0)
            assert DA("quarantine.went", done=1, left=0) in again.text
            assert DA("quarantine.none") in again.text
            done = "SELECT count(*) FROM access_record WHERE client = 'operator' AND interaction = 'operation'"
            assert await here.gateway.database.fetchval(f"{done} AND decision = 'permit'") == 2

    run(test)


def test_what_does_not_go_out_is_told_in_our_own_words_and_sent_again(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            theirs = f"Sarah {NUMBER} findes ikke"
            sly = f"The receiver did not answer {NUMBER}"
            kept_back = "The new municipality may not have all of it any more"
            failed, *_ = await stuck(
                here, ("failed", theirs), ("failed", sly), ("waiting", ""), ("withheld", kept_back)
            )
            await work(here, "operator")
            page = (await here.web.get(PAGE)).text
            assert NUMBER not in page
            assert "Sarah" not in page
            for reason in ("other", "unanswered", "withheld"):
                assert DA(f"failure.{reason}") in page
            assert DA("delivery.failed") in page
            assert DA("quarantine.went", done=1, left=0) in (await act(here, "send", failed)).text
            assert DA("quarantine.went", done=0, left=1) in (await act(here, "send", failed)).text
            assert DA("quarantine.went", done=0, left=1) in (await act(here, "notify", 77)).text
            for wish, number in (("send", "x"), ("replay", ""), ("drop", "1"), ("", "1"), ("send", "9" * 30)):
                assert (await act(here, wish, number)).status_code == 404

    run(test)


def test_dead_letters_failed_rounds_and_overdue_receipts_are_told(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            database, now = here.gateway.database, here.gateway.clock()
            made = Subscribed("s1", "epj", 1, now, "requested", "leave", "", 0, None, caller("hospital"), b"{}")
            assert await subscriptions.save(database, made)
            (due,) = await subscriptions.claim(database, now, now + timedelta(hours=1), 9)
            await subscriptions.moved(database, due, "failed", now, "The subscriber answered HTTP 500", now)
            await fetched.ended(database, "nexus", "The system refuses this client at token.", now)
            await fetched.told(database, "nexus", b"somebody", "The answers are too large at citizen.", now)
            late = Outgoing("koebenhavn-ffb", TOLD_LATER[0], "late-1", b"<x/>")
            await outbox.put(database, [late], now)
            sent = "UPDATE outbox SET state = 'sent', changed_at = $1 RETURNING id"
            await database.fetchval(sent, now - here.gateway.receipt_within - timedelta(hours=1))
            await work(here, "operator")
            page = (await here.web.get(PAGE)).text
            for told in ("Subscription/s1", "HTTP 500", "refuses this client", "too large", DA("delivery.overdue")):
                assert told in page
            assert DA("quarantine.failing_of", count=1, citizens=1) in page
            (place,) = re.findall(r'value="(\d+)"><button name="act" value="notify"', page)
            again = await act(here, "notify", place)
            assert DA("quarantine.went", done=1, left=0) in again.text
            assert DA("quarantine.no_dead") in again.text

    run(test)


def test_a_source_that_is_silent_for_longer_than_usual_is_told(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await arrive(here)
            await work(here, "operator")
            fresh = (await here.web.get(PAGE)).text
            assert f">{DA('quarantine.silent')}<" not in fresh
            here.world.clock.forward(here.gateway.quiet_after.total_seconds() + 60)
            await work(here, "operator")
            page = (await here.web.get(PAGE)).text
            assert len(re.findall(f">{DA('quarantine.silent')}<", page)) == 2, "the municipality and the hospital"
            assert (await here.web.get(f"{PAGE}?done=x&left=1")).status_code == 200

    run(test)


def test_only_operators_come_in(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *WORKERS) as here:
            await work(here, "auditor")
            assert (await here.web.get(PAGE)).status_code == 403
            own = token_of((await here.web.get("/console/status")).text)
            assert (await here.web.post(PAGE, data={"csrf": own, "act": "all"})).status_code == 403
            refused = "SELECT count(*) FROM access_record WHERE client = 'auditor' AND decision = 'deny'"
            assert await here.gateway.database.fetchval(refused) == 2

    run(test)


def test_every_reason_has_words() -> None:
    for language in LANGUAGES:
        known = texts(language).known
        assert {f"failure.{word}" for _, word in REASONS} | {"failure.other"} <= known.keys()

"""Subscriptions and messages as entries of a Bundle: in a batch each by itself, in a transaction with the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from gateway.domain.identifier import CPR
from gateway.domain.subscription import TOLD_ONCE
from gateway.inbound.scopes import Scope
from tests.acceptance.test_care_communication import known
from tests.acceptance.test_written_messages import CITY, WRITES, message, outbox, patient_of
from tests.inbound.http_world import http, run
from tests.inbound.one_citizen import CLIENTS, NUMBER
from tests.inbound.rest_world import Rest, rest
from tests.inbound.subscriptions.world import wanted
from tests.inbound.test_rest_bundles import ONE, TWO, answers, bundle, entry, statuses
from tests.inbound.test_rest_transactions import counts, patient, placed

HOOK = "http://127.0.0.1:9/in"


@asynccontextmanager
async def city(database_url: str) -> AsyncIterator[Rest]:
    """The municipality, which may send messages, with a citizen and a hospital to send to."""
    everything = replace(CITY, scopes=(Scope("*", "cruds"),))
    async with http(database_url, WRITES, everything, CLIENTS[2], deliver=["regionh-medcom"]) as here:
        await known(here, (CPR, NUMBER))
        yield Rest(here, await patient_of(here))


def test_subscriptions_in_a_bundle(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            sub = wanted("plan-changed", HOOK)
            for kind in ("batch", "transaction"):
                told = await answers(here, kind, entry("POST", "Subscription", sub), entry("POST", "Goal", here.goal()))
                assert statuses(told) == ["201", "201"]
                secret = [one["url"] for one in told[0]["resource"]["extension"]]
                assert secret == [TOLD_ONCE], "it is told this once, whatever Prefer says nothing of"
                assert "resource" not in told[1]
                where = placed(told[0])
                body = {**told[0]["resource"], "reason": "andet"}
                change = entry("PUT", where, body, ifMatch='W/"1"')
                stale = entry("PUT", where, body, ifMatch='W/"7"')
                if kind == "transaction":
                    before = await counts(here)
                    for fault, status in ((stale, 412), (entry("PUT", where, body), 428),
                                          (entry("POST", "Subscription", sub | {"criteria": "x"}), 422),
                                          (entry("POST", "Subscription", sub, ifNoneExist="status=active"), 400),
                                          (entry("DELETE", "Subscription/" + "f" * 32), 404)):  # fmt: skip
                        refused = await here.call("POST", "", bundle(kind, entry("POST", "Goal", here.goal()), fault))
                        assert refused.status_code == status, refused.text
                        assert refused.json()["issue"][0]["expression"][0].startswith("Bundle.entry[1]")
                        assert await counts(here) == before
                    refused = await here.call("POST", "", bundle(kind, change, change))
                    assert refused.status_code == 422, "two write the same"
                    other = await here.call("POST", "", bundle(kind, entry("DELETE", where)), who="social")
                    assert other.status_code == 404, "a client changes its own"
                assert statuses(await answers(here, kind, change)) == ["200"]
                shown = (await here.call("GET", f"/{where}")).json()
                assert (shown["reason"], shown["meta"]["versionId"], "extension" in shown) == ("andet", "2", False)
                assert statuses(await answers(here, kind, entry("DELETE", where))) == ["204"]
                assert (await here.call("GET", f"/{where}")).status_code == 404
            rows = await here.records(kind="Subscription", outcome="0")
            assert {one.interaction for one in rows} == {"create", "update", "read", "delete"}

    run(test)


def test_a_subscription_is_made_once_under_a_number(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            sent = bundle("transaction", entry("POST", "Subscription", wanted("plan-changed", HOOK)))
            sent["identifier"] = {"system": "urn:x", "value": "1"}
            first, again = [(await here.call("POST", "", sent)).json()["entry"][0] for _ in range(2)]
            assert placed(first) == placed(again)
            assert TOLD_ONCE not in str(again), "its secret is told once"
            assert await here.count("subscription") == 1

    run(test)


def test_messages_in_a_bundle(database_url: str) -> None:
    """They go out and stand on the plan with the other entries, or none of it."""

    async def test() -> None:
        async with city(database_url) as here:
            who = {"who": "social"}
            goal, sent = here.goal("Ro"), message(here.patient)
            (alone,) = await answers(here, "batch", entry("POST", "Communication", sent), **who)
            assert alone["response"]["status"] == "201"
            assert len(await outbox(here.http)) == 1
            about = message(f"Patient?identifier={CPR}|{NUMBER}")
            about["subject"]["reference"] = f"Patient?identifier={CPR}|{NUMBER}"
            told = await answers(
                here, "transaction", entry("POST", "Goal", goal), entry("POST", "Communication", sent, ONE),
                entry("POST", "Communication", about), **who,
            )  # fmt: skip
            assert statuses(told) == ["201", "201", "201"]
            assert len(await outbox(here.http)) == 3
            stands = await here.call("GET", f"/{placed(told[1])}", **who)
            assert stands.json()["payload"][0]["contentString"] == sent["payload"][0]["contentString"]
            records = await here.records(kind="Communication", interaction="create", outcome="0")
            assert {one.citizen for one in records} == {here.patient}
            assert len(records) == 3
            before = await counts(here)
            for entries, status in (
                ([entry("POST", "Communication", sent), entry("POST", "Goal", goal | {"lifecycleStatus": "x"})], 422),
                ([entry("POST", "Communication", message(here.patient, receiver="1"))], 422),
                ([entry("POST", "Communication", message("f" * 32))], 404),
                ([entry("POST", "Communication", sent, ifNoneExist="_id=x")], 400),
                ([entry("POST", "Communication", sent, ONE), entry("POST", "Task", here.about(
                    "Task", status="draft", intent="plan", focus={"reference": ONE}))], 422),
                ([entry("POST", "Patient", patient("2512489996"), TWO),
                  entry("POST", "Communication", sent | {"subject": {"reference": TWO}})], 422),
            ):  # fmt: skip
                refused = await here.call("POST", "", bundle("transaction", *entries), **who)
                assert refused.status_code == status, refused.text
                assert (await counts(here), len(await outbox(here.http))) == (before, 3)

    run(test)

"""What subscribers are told, when, and what they never hear."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace

from gateway.flows.subscriptions import notice_overdue, send_due
from gateway.flows.subscriptions.sending import AT_ONCE
from gateway.inbound.clients import Clients
from gateway.inbound.rest.subscribing import standing
from gateway.inbound.scopes import Scope
from gateway.store import subscriptions
from tests.inbound.oauth_client import nurse
from tests.inbound.one_citizen import arrive, headers
from tests.inbound.subscriptions.world import (
    BACKPORT,
    EVERYONE,
    TOPIC,
    World,
    event,
    in_world,
    parameters,
    wanted,
)


def test_a_stay_is_told_from_its_start_to_its_end(database_url: str) -> None:
    async def test(world: World) -> None:
        social = await headers(world.here)
        patient = await arrive(world.here)
        for topic in ("stay-started", "leave", "stay-ended"):
            await world.subscribe(social, topic, citizen=patient)
        assert [one["type"] for one in world.there.said()] == ["handshake"] * 3
        del world.there.got[:]
        for kind, control, at in (
            ("A21", "L1", "20250315080000"),
            ("A22", "L2", "20250316080000"),
            ("A03", "E", "20250317080000"),
        ):
            await world.hear(event(kind, control, at))
        told = world.there.said()
        assert [one["topic"].removeprefix(TOPIC) for one in told] == ["leave", "stay-ended"]
        for bundle in world.there.bundles():
            _status, about = bundle["entry"]
            assert bundle["type"] == "history"
            assert "resource" not in about  # an id, and nothing of what happened
            focus = {one["name"]: one for one in parameters(bundle)["notification-event"]}["focus"]
            assert focus["valueReference"]["reference"] == about["fullUrl"]
            read = await world.here.web.get(about["fullUrl"], headers=social)
            assert read.json()["resourceType"] == "Encounter"
        assert all(patient.encode() not in body and b"Sarah" not in body for _, body in world.there.got)

    in_world(database_url, test)


def test_the_circle_of_a_subscriber(database_url: str) -> None:
    """Without a citizen it is about everybody of whom the subscriber's own world has told."""

    async def test(world: World) -> None:
        epj = await headers(world.here)
        identity, _ = await world.subscribe(epj, "stay-started")
        await arrive(world.here)
        await world.work()
        (_, told) = world.there.said()
        assert told["type"] == "event-notification"
        assert told["events-since-subscription-start"] == "1"
        status = await world.here.web.get(f"/fhir/Subscription/{identity}/$status", headers=epj)
        (entry,) = status.json()["entry"]
        assert {"name": "events-since-subscription-start", "valueString": "1"} in entry["resource"]["parameter"]

    in_world(database_url, test)


def test_what_a_subscriber_may_not_see_causes_no_traffic(database_url: str) -> None:
    """L17: not even an empty notification, and no gap in the numbers."""

    async def test(world: World) -> None:
        jobcenter = await headers(world.here, "jobcenter", "HOPERAT")
        patient = await arrive(world.here)
        await world.subscribe(jobcenter, "leave", citizen=patient)
        await world.subscribe(jobcenter, "plan-changed")
        del world.there.got[:]
        await world.hear(event("A21", "L1", "20250315080000"))
        assert world.there.got == []
        rows = await world.here.gateway.database.fetch(
            "SELECT interaction, decision, citizen FROM access_record WHERE interaction = 'notify'"
        )
        assert [tuple(row) for row in rows] == [("notify", "deny", patient)]
        assert await world.here.gateway.database.fetchval("SELECT sum(told) FROM subscription") == 0

    in_world(database_url, test)


def test_it_is_decided_when_it_goes_out_and_on_record_before(database_url: str) -> None:
    async def test(world: World) -> None:
        epj, here = await headers(world.here), world.here
        patient = await arrive(here)
        await world.subscribe(epj, "leave", citizen=patient)
        del world.there.got[:]
        gone = Clients([one for one in EVERYONE if one.id != "epj"])
        poorer = Clients([replace(one, scopes=(Scope("Goal", "rs"),)) if one.id == "epj" else one for one in EVERYONE])
        er7 = {**epj, "Content-Type": "application/hl7-v2"}
        here.world.clock.forward(1)
        await here.web.post("/messages/hl7v2", headers=er7, content=event("A21", "L1", "20250315080000"))
        await world.work(clients=poorer)
        assert world.there.got == []
        here.world.clock.forward(1)
        await here.web.post("/messages/hl7v2", headers=er7, content=event("A22", "L2", "20250316080000"))
        here.world.clock.forward(1)
        await here.web.post("/messages/hl7v2", headers=er7, content=event("A21", "L3", "20250317080000"))
        await world.work(clients=gone)
        assert world.there.got == []
        (failed,) = await subscriptions.listed(here.gateway.database, ("failed",), 9)
        assert "not registered" in failed.reason
        assert await subscriptions.again(here.gateway.database, [failed.place], here.gateway.clock()) == [failed.place]
        order: list[str] = []

        async def post(endpoint: str, body: bytes, given: dict[str, str]) -> None:
            rows = await here.gateway.database.fetch("SELECT decision FROM access_record WHERE interaction = 'notify'")
            order.extend(row["decision"] for row in rows)
            await world.hooks(endpoint, body, given)

        assert await send_due(here.gateway, post, standing(here.world.clients)) == 1
        assert order == ["deny", "permit"]
        assert len(world.there.got) == 1

    in_world(database_url, test)


def test_content_is_whole_only_where_it_is_asked_for(database_url: str) -> None:
    async def test(world: World) -> None:
        epj = await headers(world.here)
        patient = await arrive(world.here)
        for content in ("empty", "full-resource"):
            await world.subscribe(epj, "leave", citizen=patient, content=content)
        del world.there.got[:]
        await world.hear(event("A21", "L1", "20250315080000"))
        empty, whole = sorted(world.there.bundles(), key=lambda one: len(one["entry"]))
        assert len(empty["entry"]) == 1
        assert "Encounter" not in json.dumps(empty)
        assert whole["entry"][1]["resource"]["status"] == "onleave"

    in_world(database_url, test)


def test_a_notification_is_signed_with_its_time(database_url: str) -> None:
    async def test(world: World) -> None:
        epj = await headers(world.here)
        identity, secret = await world.subscribe(epj, "leave", channel={"header": ["Authorization: Bearer of-theirs"]})
        given, body = world.there.got[0]
        moment = given["x-gateway-timestamp"]
        assert abs(int(moment) - world.here.world.clock().timestamp()) < 2
        made = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        assert given["x-gateway-signature"] == f"sha256={made}"
        assert given["authorization"] == "Bearer of-theirs"
        assert given["content-type"] == "application/fhir+json"
        read = await world.here.web.get(f"/fhir/Subscription/{identity}", headers=epj)
        assert secret not in read.text
        _, other = await world.subscribe(epj, "leave")
        assert other != secret

    in_world(database_url, test)


def test_heartbeats_come_when_nothing_else_does(database_url: str) -> None:
    async def test(world: World) -> None:
        epj = await headers(world.here)
        beat = [{"url": f"{BACKPORT}backport-heartbeat-period", "valueUnsignedInt": 60}]
        await world.subscribe(epj, "leave", channel={"extension": beat})
        await world.work(seconds=30)
        await world.work(seconds=31)
        await world.work()
        assert [one["type"] for one in world.there.said()] == ["handshake", "heartbeat"]

    in_world(database_url, test)


async def _plan_goal(world: World, patient: str, due: str) -> None:
    """The municipality writes a goal that is to be reached by a day."""
    goal = {
        "resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Gå en tur"},
        "subject": {"reference": f"Patient/{patient}"}, "target": [{"dueDate": due}],
    }  # fmt: skip
    world.here.world.clock.forward(1)
    social = await world.here.bearer("system/*.cruds", "social", extensions=nurse(iua={"purpose_of_use": ["HOPERAT"]}))
    answer = await world.here.web.post("/fhir/Goal", headers=social, json=goal)
    assert answer.status_code == 201, answer.text


def test_an_overdue_goal_is_told_once(database_url: str) -> None:
    async def test(world: World) -> None:
        social = await headers(world.here, "social", "HOPERAT")
        patient = await arrive(world.here)
        await world.subscribe(social, "goal-overdue", citizen=patient)
        await _plan_goal(world, patient, "2025-03-20")
        await world.work()
        del world.there.got[:]
        assert await notice_overdue(world.here.gateway) == 0
        world.here.world.clock.forward(7 * 86400)
        assert await notice_overdue(world.here.gateway) == 1
        assert await notice_overdue(world.here.gateway) == 0
        await world.work()
        (told,) = world.there.said()
        assert told["topic"] == f"{TOPIC}goal-overdue"
        await _plan_goal(world, patient, "2025-03-19")  # told at once: it is overdue as it comes
        await world.work()
        assert len(world.there.got) == 2
        assert await notice_overdue(world.here.gateway) == 0

    in_world(database_url, test)


def test_a_client_with_many_subscriptions_goes_before_nobody(database_url: str) -> None:
    async def test(world: World) -> None:
        here, told = world.here, list[str]()

        async def post(endpoint: str, body: bytes, _: dict[str, str]) -> None:
            told.append(endpoint)

        for who, many in (("epj", 20), ("social", 2)):
            for number in range(many):
                asked = wanted("leave", f"{world.there.url}?{who}={number}")
                answer = await here.web.post("/fhir/Subscription", headers=await headers(here, who), json=asked)
                assert answer.status_code == 201, answer.text
        assert await send_due(here.gateway, post, standing(here.world.clients)) == AT_ONCE
        assert sum("social" in one for one in told) == 2, "they came last, and go out with the first"
        assert await send_due(here.gateway, post, standing(here.world.clients)) == 22 - AT_ONCE
        assert len(set(told)) == 22

    in_world(database_url, test)

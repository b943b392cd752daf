"""Subscriptions from the request to the subscriber's own server: what it is told, when, and what it never hears."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.endpoint import hosts
from gateway.flows.subscriptions import notice, notice_overdue, send_due
from gateway.inbound.clients import Clients
from gateway.inbound.rest.subscribing import standing
from gateway.inbound.scopes import Scope
from gateway.outbound.hooks import Hooks
from gateway.store import subscriptions
from tests.certificates import authority, signed
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import nurse
from tests.inbound.one_citizen import CLIENTS, HOSPITAL, JOBCENTER, SOCIAL, admission, arrive, headers

TOPIC = "https://faellesplan.dk/fhir/SubscriptionTopic/"
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
ALL = Scope("Subscription", "cruds")
OURS = tuple(replace(one, scopes=(*one.scopes, ALL, Scope("Goal", "cruds"))) for one in (HOSPITAL, SOCIAL, JOBCENTER))
EVERYONE = (*OURS, CLIENTS[-1])


@dataclass
class Subscriber:
    """A server of a subscriber's: what it got, and what it answers."""

    url: str = ""
    status: str = "200 OK"
    more: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def bundles(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def said(self) -> list[dict[str, Any]]:
        return [parameters(one) for one in self.bundles()]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            given = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            given["request"] = head[0]
            self.got.append((given, await reader.readexactly(int(given["content-length"]))))
            writer.write(
                f"HTTP/1.1 {self.status}\r\n{self.more}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
            await writer.drain()
        writer.close()


@asynccontextmanager
async def subscriber(tls: ssl.SSLContext | None = None) -> AsyncIterator[Subscriber]:
    there = Subscriber()
    server = await asyncio.start_server(there.take, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    there.url = f"https://hooks.example:{port}/in?a=1" if tls else f"http://127.0.0.1:{port}/in"
    async with server:
        yield there


def parameters(bundle: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for one in bundle["entry"][0]["resource"]["parameter"]:
        told[one["name"]] = one.get("part") or next(value for name, value in one.items() if name.startswith("value"))
    return told


def wanted(topic: str, url: str, **more: Any) -> dict[str, Any]:
    channel: dict[str, Any] = {"type": "rest-hook", "endpoint": url, "payload": "application/fhir+json"}
    channel |= more.pop("channel", {})
    if content := more.pop("content", ""):
        channel["_payload"] = {"extension": [{"url": f"{BACKPORT}backport-payload-content", "valueCode": content}]}
    if citizen := more.pop("citizen", ""):
        asked = f"Encounter?patient=Patient/{citizen}"
        more["_criteria"] = {"extension": [{"url": f"{BACKPORT}backport-filter-criteria", "valueString": asked}]}
    return {
        "resourceType": "Subscription", "status": "requested", "reason": "følge planen", "criteria": TOPIC + topic,
        "channel": channel, **more,
    }  # fmt: skip


@dataclass
class World:
    here: Http
    there: Subscriber
    hooks: Hooks

    async def subscribe(self, who: dict[str, str], topic: str, **more: Any) -> tuple[str, str]:
        """Its id, and its secret."""
        url = more.pop("url", self.there.url)
        answer = await self.here.web.post("/fhir/Subscription", headers=who, json=wanted(topic, url, **more))
        assert answer.status_code == 201, answer.text
        (secret,) = [
            one["valueString"] for one in answer.json()["extension"] if one["url"].endswith("subscription-secret")
        ]
        await self.work()
        return str(answer.json()["id"]), secret

    async def work(self, *, tries: int = 3, clients: Clients | None = None, seconds: float = 0) -> None:
        """What goes on beside the doors, until nothing is due."""
        self.here.world.clock.forward(seconds)
        await notice(self.here.gateway)
        by = standing(clients or self.here.world.clients)
        while await send_due(self.here.gateway, self.hooks, by, tries):
            pass

    async def hear(self, raw: bytes) -> None:
        """An HL7 v2 message comes in, a second later."""
        self.here.world.clock.forward(1)
        er7 = {**await headers(self.here), "Content-Type": "application/hl7-v2"}
        answer = await self.here.web.post("/messages/hl7v2", headers=er7, content=raw)
        assert answer.status_code == 200, answer.text
        await self.work()


async def home(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def in_world(database_url: str, test: Callable[[World], Awaitable[None]]) -> None:
    async def with_all() -> None:
        async with http(database_url, *EVERYONE) as here, subscriber() as there:
            await test(World(here, there, Hooks(here.gateway.hook_hosts, ssl.create_default_context())))

    run(with_all)


def event(kind: str, control: str, at: str) -> bytes:
    """Another event of the stay of `admission`."""
    return admission(control).replace(b"ADT^A01", b"ADT^" + kind.encode()).replace(
        b"EVN|A01|20250314083000", f"EVN|{kind}|{at}".encode()
    )  # fmt: skip


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


def test_a_subscriber_that_fails_is_tried_again_and_at_last_given_up(database_url: str) -> None:
    async def test(world: World) -> None:
        epj, here = await headers(world.here), world.here
        patient = await arrive(here)
        identity, _ = await world.subscribe(epj, "leave", citizen=patient)
        del world.there.got[:]
        world.there.status = "500 Ouch"
        await world.hear(event("A21", "L1", "20250315080000"))
        await world.work()
        assert len(world.there.got) == 1  # not at once again
        await world.work(seconds=6)
        await world.work(seconds=11)
        await world.work(seconds=3600)
        assert len(world.there.got) == 3
        epj = await headers(here)  # the token is too old by now
        read = (await here.web.get(f"/fhir/Subscription/{identity}", headers=epj)).json()
        assert read["status"] == "error"
        assert read["error"] == "The subscriber answered HTTP 500"
        (dead,) = await subscriptions.listed(here.gateway.database, ("failed",), 9)
        assert (dead.tries, dead.client, dead.reason) == (3, "epj", "The subscriber answered HTTP 500")
        world.there.status = "204 No Content"
        put = read | {"status": "requested", "extension": read.get("extension", [])}
        put = {name: value for name, value in put.items() if value != []}
        answer = await here.web.put(
            f"/fhir/Subscription/{identity}", headers=epj | {"If-Match": f'W/"{read["meta"]["versionId"]}"'}, json=put
        )
        assert answer.status_code == 200, answer.text
        await world.work()
        assert world.there.said()[-1]["type"] == "handshake"
        assert await subscriptions.again(here.gateway.database, [dead.place], here.gateway.clock())
        await world.work()
        assert world.there.said()[-1]["events-since-subscription-start"] == "1"

    in_world(database_url, test)


def test_no_redirect_is_followed(database_url: str) -> None:
    async def test(world: World) -> None:
        async with subscriber() as trap:
            world.there.status, world.there.more = "307 Elsewhere", f"Location: {trap.url}\r\n"
            await world.subscribe(await headers(world.here), "leave")
            assert len(world.there.got) == 1
            assert trap.got == []

    in_world(database_url, test)


def test_a_subscriber_that_says_nothing_holds_up_nobody(database_url: str) -> None:
    async def test(world: World) -> None:
        async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(never, "127.0.0.1", 0)
        async with server:
            world.hooks = replace(world.hooks, seconds=0.2)
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            epj = await headers(world.here)
            await world.subscribe(epj, "leave", url=url)
            await world.subscribe(epj, "leave")
            assert len(world.there.got) == 1

    in_world(database_url, test)


def test_over_tls_the_certificate_is_that_of_the_name(database_url: str, tmp_path: Path) -> None:
    async def with_all() -> None:
        files = signed(tmp_path, "hooks", names=("hooks.example",))
        server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server.load_cert_chain(files.certificate, files.key)
        trusting = ssl.create_default_context(cafile=authority(tmp_path))
        async with http(database_url, *EVERYONE) as here, subscriber(server) as there:
            world = World(here, there, Hooks(here.gateway.hook_hosts, trusting, resolve=home))
            await world.subscribe(await headers(here), "leave")
            ((given, _),) = there.got
            assert given["host"].startswith("hooks.example:")
            assert given["request"].startswith("POST /in?a=1 ")
            stranger = World(here, there, Hooks(here.gateway.hook_hosts, ssl.create_default_context(), resolve=home))
            await stranger.subscribe(await headers(here), "leave")
            assert len(there.got) == 1

    run(with_all)


def test_endpoints_outside_the_list_are_refused(database_url: str) -> None:
    async def test(world: World) -> None:
        epj = await headers(world.here)
        for url in (
            "https://evil.example/", "http://hooks.other/", "https://127.0.0.1@evil.example/", "ftp://127.0.0.1/",
            "https://169.254.169.254/latest/meta-data", "http://localhost:8080/", "https://[::1]/", "http://0x7f000001/",
            "https://hooks.example\\@evil.example/", "https://user@hooks.example/", "https://hooks.example/#x", "",
            "https://hooks.example:99999/", "file:///etc/passwd", "/x", "https://evil.example#hooks.example",
        ):  # fmt: skip
            answer = await world.here.web.post("/fhir/Subscription", headers=epj, json=wanted("leave", url))
            assert answer.status_code in (400, 422), (url, answer.text)
        assert await world.here.gateway.database.fetchval("SELECT count(*) FROM subscription") == 0

    in_world(database_url, test)


def test_a_name_that_leads_inside_is_not_connected_to() -> None:
    """Resolved once, every address checked, and what was checked is what is connected to."""

    async def test() -> None:
        inside = (
            ["10.0.0.1"], ["192.168.1.1"], ["127.0.0.1"], ["::1"], ["169.254.169.254"], ["93.184.216.34", "10.0.0.1"],
            ["::ffff:10.0.0.1"], ["fe80::1"], ["fd00::1"], ["0.0.0.0"], ["100.64.0.1"], ["224.0.0.1"],
            ["2002:a00:1::"], [],
        )  # fmt: skip
        public = hosts("hooks.example")
        for addresses in inside:
            asked: list[str] = []

            async def resolve(
                host: str, port: int, found: list[str] = addresses, asked: list[str] = asked
            ) -> list[str]:
                asked.append(host)
                return found

            hooks = Hooks(public, ssl.create_default_context(), resolve=resolve)
            with pytest.raises(Exception, match="may not lie"):
                await hooks("https://hooks.example/", b"{}", {})
            assert asked == ["hooks.example"]

    run(test)


def test_a_subscription_is_its_clients_own(database_url: str) -> None:
    async def test(world: World) -> None:
        epj, social = await headers(world.here), await headers(world.here, "social")
        identity, _ = await world.subscribe(epj, "leave")
        web, place = world.here.web, f"/fhir/Subscription/{identity}"
        nowhere = await web.get("/fhir/Subscription/none", headers=social)
        for path in (place, f"{place}/$status"):
            answer = await web.get(path, headers=social)
            assert (answer.status_code, answer.json()) == (404, nowhere.json())
        body = wanted("leave", world.there.url, id=identity)
        assert (await web.put(place, headers=social | {"If-Match": '"1"'}, json=body)).status_code == 404
        assert (await web.delete(place, headers=social)).status_code == 404
        assert (await web.get("/fhir/Subscription", headers=social)).json()["total"] == 0
        mine = await web.get("/fhir/Subscription", headers=epj, params={"status": "active"})
        assert [one["resource"]["id"] for one in mine.json()["entry"]] == [identity]
        assert (await web.put(place, headers=epj, json=body)).status_code == 428
        assert (await web.put(place, headers=epj | {"If-Match": '"77"'}, json=body)).status_code == 412
        assert (await web.delete(place, headers=epj)).status_code == 204
        assert (await web.get(place, headers=epj)).status_code == 404

    in_world(database_url, test)


def test_what_is_not_served_is_refused_with_its_place(database_url: str) -> None:
    async def test(world: World) -> None:
        epj, here = await headers(world.here), world.here
        filters = {"extension": [{"url": f"{BACKPORT}backport-filter-criteria", "valueString": "Encounter?status=x"}]}
        for body, place in (
            (wanted("leave", world.there.url, channel={"type": "websocket"}), "channel.type"),
            (wanted("unheard-of", world.there.url), "criteria"),
            (wanted("leave", world.there.url, _criteria=filters), "criteria"),
            (wanted("leave", world.there.url, content="everything"), "payload"),
            (wanted("leave", world.there.url, channel={"header": ["Host: evil"]}), "header"),
            (wanted("leave", world.there.url, channel={"header": ["X: a\r\nHost: evil"]}), "header"),
            (wanted("leave", world.there.url, channel={"payload": "application/fhir+xml"}), "payload"),
        ):
            answer = await here.web.post("/fhir/Subscription", headers=epj, json=body)
            assert answer.status_code in (400, 422), answer.text
            assert place in answer.text
        less = await here.bearer("system/Subscription.c system/Goal.r", "epj")
        answer = await here.web.post("/fhir/Subscription", headers=less, json=wanted("leave", world.there.url))
        assert answer.status_code == 403

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

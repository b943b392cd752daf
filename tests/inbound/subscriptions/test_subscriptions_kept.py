"""The Subscription itself, subscribers that fail, and where notifications may never go."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.domain.endpoint import hosts
from gateway.flows.subscriptions import send_due
from gateway.inbound.rest.subscribing import standing
from gateway.outbound.hooks import Hooks
from gateway.store import subscriptions
from tests.certificates import authority, signed
from tests.inbound.http_world import http, run
from tests.inbound.one_citizen import arrive, headers
from tests.inbound.subscriptions.world import (
    BACKPORT,
    EVERYONE,
    World,
    event,
    home,
    in_world,
    subscriber,
    wanted,
)


def test_a_subscriber_that_fails_is_tried_again_and_at_last_given_up(database_url: str) -> None:
    async def test(world: World) -> None:
        epj, here = await headers(world.here), world.here
        patient = await arrive(here)
        identity, _ = await world.subscribe(epj, "leave", citizen=patient)
        stood = (await here.web.get(f"/fhir/Subscription/{identity}", headers=epj)).json()["meta"]
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
        assert read["meta"]["versionId"] > stood["versionId"]
        assert read["meta"]["lastUpdated"] > stood["lastUpdated"], "a new version is newer"
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
        public = hosts("hooks.example", "")
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


def test_a_bug_costs_one_change_and_ends_in_no_loop(database_url: str) -> None:
    async def test(world: World) -> None:
        here = world.here
        patient = await arrive(here)
        await world.subscribe(await headers(here), "leave", citizen=patient)
        del world.there.got[:]
        await here.gateway.database.fetchval(
            "UPDATE resource_version SET body = 'no JSON' WHERE kind = 'Encounter' RETURNING id"
        )
        await here.gateway.database.fetchval(
            "INSERT INTO subscription_noted (kind, id, version)"
            " SELECT kind, id, version FROM resource_version WHERE kind = 'Encounter' RETURNING id"
        )
        await world.work()
        assert await here.gateway.database.fetchval("SELECT count(*) FROM subscription_noted") == 0

        async def broken(endpoint: str, body: bytes, given: dict[str, str]) -> None:
            raise ZeroDivisionError

        await world.subscribe(await headers(here), "leave")
        await here.gateway.database.fetchval("UPDATE subscription_event SET state = 'waiting', due = noticed_at")
        by = standing(here.world.clients)
        assert await send_due(here.gateway, broken, by, 3) == 2
        assert await send_due(here.gateway, broken, by, 3) == 0  # it waits for its pause
        here.world.clock.forward(3600)
        await send_due(here.gateway, broken, by, 2)
        failed = await subscriptions.listed(here.gateway.database, ("failed",), 9)
        assert {one.reason for one in failed} == {"A bug of the gateway's"}

    in_world(database_url, test)


def test_a_client_has_so_many_subscriptions_and_no_more(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone and in one transaction, of which nothing is kept then; what is deleted makes room."""
    monkeypatch.setattr("gateway.flows.writing.in_subscriptions.MOST", 2)

    async def test(world: World) -> None:
        epj, here, asked = await headers(world.here), world.here, wanted("leave", world.there.url)
        sent = {"request": {"method": "POST", "url": "Subscription"}, "resource": asked}

        async def together(count: int) -> tuple[int, str]:
            body = {"resourceType": "Bundle", "type": "transaction", "entry": [sent] * count}
            told = await here.web.post("/fhir", headers=epj, json=body)
            return told.status_code, (told.json().get("issue") or [{"expression": [""]}])[0]["expression"][0]

        status, place = await together(3)
        assert (status, place.startswith("Bundle.entry[2]")) == (403, True)
        assert await together(2) == (200, "")
        assert (await here.web.post("/fhir/Subscription", headers=epj, json=asked)).status_code == 403
        found = (await here.web.get("/fhir/Subscription", headers=epj)).json()["entry"]
        assert len(found) == 2
        await here.web.delete(f"/fhir/Subscription/{found[0]['resource']['id']}", headers=epj)
        assert (await here.web.post("/fhir/Subscription", headers=epj, json=asked)).status_code == 201

    in_world(database_url, test)


def test_no_more_are_made_at_the_same_moment(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone, in transactions, and deleted and made at once: each waits for the others of its client, and never in a
    circle."""
    monkeypatch.setattr("gateway.flows.writing.in_subscriptions.MOST", 3)

    async def test(world: World) -> None:
        epj, here, asked = await headers(world.here), world.here, wanted("leave", world.there.url)
        sent = {"request": {"method": "POST", "url": "Subscription"}, "resource": asked}
        both = {"resourceType": "Bundle", "type": "transaction", "entry": [sent, sent]}
        told = await asyncio.gather(
            *(here.web.post("/fhir/Subscription", headers=epj, json=asked) for _ in range(6)),
            *(here.web.post("/fhir", headers=epj, json=both) for _ in range(3)),
        )
        assert {one.status_code for one in told} <= {200, 201, 403}
        made = sum({200: 2, 201: 1}.get(one.status_code, 0) for one in told)
        assert made == await here.gateway.database.fetchval("SELECT count(*) FROM subscription") <= 3
        found = (await here.web.get("/fhir/Subscription", headers=epj)).json()["entry"]
        stands = [one["resource"]["id"] for one in found]
        anew = [
            {**both, "entry": [sent, {"request": {"method": "DELETE", "url": f"Subscription/{one}"}}]} for one in stands
        ]
        told = await asyncio.gather(*(here.web.post("/fhir", headers=epj, json=one) for one in anew for _ in range(2)))
        assert {one.status_code for one in told} <= {200, 404, 409, 412}, [one.text for one in told]
        assert await here.gateway.database.fetchval("SELECT count(*) FROM subscription") == made

    in_world(database_url, test)

"""The topics that tell of what is written: the plan and the consents. Each with what it tells, and what it does not."""

from __future__ import annotations

import json
from typing import Any

from tests.inbound.one_citizen import arrive, headers
from tests.inbound.subscriptions.world import TOPIC, World, event, in_world, wanted
from tests.inbound.test_consent_doors import objection, put

PATCH = "application/json-patch+json"


def topics(world: World) -> list[str]:
    """What was told since the last time it was asked."""
    told = [one["topic"].removeprefix(TOPIC) for one in world.there.said()]
    del world.there.got[:]
    return told


async def goal(world: World, patient: str, description: str, **more: Any) -> Any:
    """A goal of the municipality's."""
    body = {
        "resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": description},
        "subject": {"reference": f"Patient/{patient}"},
    }  # fmt: skip
    world.here.world.clock.forward(1)
    made = await put(world.here, "/fhir/Goal", body | more, await headers(world.here, "social", "HOPERAT"))
    await world.work()
    return made


async def both(world: World) -> tuple[str, dict[str, str]]:
    """The municipality subscribes to the plan and to the consents of one citizen."""
    social = await headers(world.here, "social", "HOPERAT")
    patient = await arrive(world.here)
    for topic in ("plan-changed", "consent-changed"):
        await world.subscribe(social, topic, citizen=patient)
    del world.there.got[:]
    return patient, social


def test_the_plan_is_told_when_a_part_of_it_is_new_or_changed_and_never_twice(database_url: str) -> None:
    async def test(world: World) -> None:
        patient, social = await both(world)
        made = await goal(world, patient, "Egen bolig")
        assert topics(world) == ["plan-changed"]
        place, body = f"/fhir/Goal/{made.json()['id']}", made.json()
        world.here.world.clock.forward(1)
        same = await put(world.here, place, body, social, "PUT", **{"If-Match": 'W/"1"'})
        assert same.status_code == 200
        await world.work()
        assert topics(world) == [], "the same content again is no change"
        changed = body | {"description": {"text": "Egen bolig med støtte"}}
        assert (await put(world.here, place, changed, social, "PUT", **{"If-Match": 'W/"1"'})).status_code == 200
        await world.work()
        assert topics(world) == ["plan-changed"]
        await world.hear(event("A21", "L1", "20250315080000"))
        assert topics(world) == [], "a leave is of the stay, not of the plan"

    in_world(database_url, test)


def test_a_consent_is_told_when_it_is_given_and_when_it_is_withdrawn(database_url: str) -> None:
    async def test(world: World) -> None:
        patient, social = await both(world)
        world.here.world.clock.forward(1)
        asked = objection(patient, provision={"type": "deny", "purpose": objection(patient)["provision"]["purpose"]})
        made = await put(world.here, "/fhir/Consent", asked, social)
        assert made.status_code == 201, made.text
        await world.work()
        assert topics(world) == ["consent-changed"]
        world.here.world.clock.forward(1)
        ended, place = made.json() | {"status": "inactive"}, f"/fhir/Consent/{made.json()['id']}"
        assert (await put(world.here, place, ended, social, "PUT", **{"If-Match": 'W/"1"'})).status_code == 200
        await world.work()
        assert topics(world) == ["consent-changed"]
        await goal(world, patient, "Egen bolig")
        assert topics(world) == ["plan-changed"]

    in_world(database_url, test)


def test_neither_is_told_to_who_may_not_see_it_or_of_another_citizen(database_url: str) -> None:
    async def test(world: World) -> None:
        jobcenter = await headers(world.here, "jobcenter", "HOPERAT")
        patient = await arrive(world.here)
        for citizen in (patient, "f" * 32):
            for topic in ("plan-changed", "consent-changed"):
                await world.subscribe(jobcenter, topic, citizen=citizen)
        epj = await headers(world.here)
        await world.subscribe(epj, "plan-changed", citizen="f" * 32)
        del world.there.got[:]
        await goal(world, patient, "Egen bolig")
        world.here.world.clock.forward(1)
        made = await put(world.here, "/fhir/Consent", objection(patient), epj)
        assert made.status_code == 201
        await world.work()
        assert topics(world) == []

    in_world(database_url, test)


def test_what_was_deleted_is_told_to_be_and_not_sent(database_url: str) -> None:
    async def test(world: World) -> None:
        social = await headers(world.here, "social", "HOPERAT")
        patient = await arrive(world.here)
        for content in ("full-resource", "id-only"):
            await world.subscribe(social, "plan-changed", citizen=patient, content=content)
        del world.there.got[:]
        made = await goal(world, patient, "Egen bolig")
        whole, _ = sorted(world.there.bundles(), key=lambda one: "resource" not in one["entry"][1])
        assert whole["entry"][1]["resource"]["description"]["text"] == "Egen bolig"
        del world.there.got[:]
        world.here.world.clock.forward(1)
        place = f"/fhir/Goal/{made.json()['id']}"
        assert (await world.here.web.delete(place, headers=social)).status_code == 204
        await world.work()
        assert (await world.here.web.get(place, headers=social)).status_code == 410
        bundles = world.there.bundles()
        assert len(bundles) == 2
        for bundle in bundles:
            about = bundle["entry"][1]
            assert "resource" not in about
            assert (about["request"]["method"], about["response"]["status"]) == ("DELETE", "204")
        assert all(b"Egen bolig" not in body for _, body in world.there.got)

    in_world(database_url, test)


def test_what_is_deleted_before_it_goes_out_is_not_sent_either(database_url: str) -> None:
    async def test(world: World) -> None:
        social, here = await headers(world.here, "social", "HOPERAT"), world.here
        patient = await arrive(here)
        await world.subscribe(social, "plan-changed", citizen=patient, content="full-resource")
        del world.there.got[:]
        world.there.status = "503 Not now"
        made = await goal(world, patient, "Egen bolig")
        del world.there.got[:]
        here.world.clock.forward(1)
        assert (await here.web.delete(f"/fhir/Goal/{made.json()['id']}", headers=social)).status_code == 204
        world.there.status = "200 OK"
        await world.work(seconds=60)
        assert world.there.got
        assert all(b"Egen bolig" not in body for _, body in world.there.got)

    in_world(database_url, test)


def test_a_subscription_is_patched(database_url: str) -> None:
    async def test(world: World) -> None:
        epj, social = await headers(world.here), await headers(world.here, "social")
        identity, secret = await world.subscribe(epj, "leave")
        web, place = world.here.web, f"/fhir/Subscription/{identity}"
        operations = [{"op": "replace", "path": "/reason", "value": "andet"}]

        async def patch(who: dict[str, str], told: Any = operations, **more: str) -> Any:
            return await web.patch(place, headers=who | {"Content-Type": PATCH} | more, content=json.dumps(told))

        tag = (await web.get(place, headers=epj)).headers["etag"]
        assert (await patch(epj)).status_code == 428
        assert (await patch(epj, **{"If-Match": 'W/"77"'})).status_code == 412
        assert (await patch(social, **{"If-Match": tag})).status_code == 404
        outside = [{"op": "replace", "path": "/channel/endpoint", "value": "https://elsewhere.example/in"}]
        assert (await patch(epj, outside, **{"If-Match": tag})).status_code == 422
        stolen = [{"op": "replace", "path": "/id", "value": "other"}]
        assert (await patch(epj, stolen, **{"If-Match": tag})).status_code == 400
        del world.there.got[:]
        done = await patch(epj, **{"If-Match": tag})
        assert done.status_code == 200, done.text
        assert (done.status_code, done.json()["reason"], done.json()["status"]) == (200, "andet", "requested")
        assert secret not in done.text
        assert done.json()["criteria"] == wanted("leave", "")["criteria"]
        await world.work()
        assert [one["type"] for one in world.there.said()] == ["handshake"], "it begins anew"
        off = await patch(epj, [{"op": "replace", "path": "/status", "value": "off"}], **{
            "If-Match": (await web.get(place, headers=epj)).headers["etag"]
        })  # fmt: skip
        assert off.json()["status"] == "off"
        where = await web.patch("/fhir/Subscription?status=off", headers=epj | {"Content-Type": PATCH}, content="[]")
        assert where.status_code == 405

    in_world(database_url, test)

"""Bulk Data export through the doors: http://hl7.org/fhir/uv/bulkdata/STU2/export.html"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.record import AccessRecord, Decision
from gateway.errors import Unavailable
from gateway.flows.bulk import make_bulk
from gateway.inbound.rest.subscribing import standing
from gateway.store import bulk, exports
from tests.attack.world import ASK, CAST, SARAH, Doors, about, bodies, consent, doors, kl_id, order, patient_of, plan
from tests.attack.world import stay as stay_of
from tests.inbound.http_world import Raw, run

ASYNC = {"Prefer": "respond-async"}
BASE = "https://gateway.example"
TREAT = {"purpose": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}]}
PSYK = "psyk"


def goal(name: str, text: str) -> dict[str, Any]:
    return {"resourceType": "Goal", "id": name, "lifecycleStatus": "active", "description": {"text": text}}


@asynccontextmanager
async def town(database_url: str) -> AsyncIterator[Doors]:
    """Two citizens of the municipality, both admitted; a third whom the hospital has never met."""
    async with doors(database_url) as here:
        await here.arrive(
            ("social", order(SARAH, plan(goal=[{"reference": "Goal/g"}]), goal("g", "Egen bolig"))),
            ("social", order(ASK, plan("his", goal=[{"reference": "Goal/h"}]), goal("h", "Hjem igen"), number="2")),
            ("social", order("2509479989", plan("third"), number="3")),
            (PSYK, stay_of(SARAH)),
            (PSYK, stay_of(ASK, "A01", 2, visit="V2")),
        )
        yield here


async def begun(here: Doors, who: str, query: str = "", **acting: Any) -> str:
    """A kick-off that must be taken; gives the path of its status."""
    told = await here.get(who, f"Patient/$export{query}", headers=ASYNC, **acting)
    assert told.status == 202, told.body
    assert told.headers["content-location"].startswith(f"{BASE}/bulk/")
    return told.headers["content-location"].removeprefix(BASE)


async def call(here: Doors, method: str, path: str, who: str, **acting: Any) -> Raw:
    return await here.http.raw(method, path, await here.bearer(who, **acting))


async def make(here: Doors) -> int:
    return await make_bulk(here.http.gateway, standing(here.http.inbound.clients))


async def made(here: Doors, who: str, path: str, **acting: Any) -> dict[str, Any]:
    """The manifest."""
    await make(here)
    told = await call(here, "GET", path, who, **acting)
    assert told.status == 200, told.body
    return dict(told.json())


async def lines(here: Doors, who: str, manifest: dict[str, Any], **acting: Any) -> dict[str, list[Any]]:
    """All files, by type."""
    found: dict[str, list[Any]] = {}
    for one in manifest["output"]:
        told = await call(here, "GET", one["url"].removeprefix(BASE), who, **acting)
        assert told.status == 200, told.body
        assert told.headers["content-type"].startswith("application/fhir+ndjson")
        bodies_ = [json.loads(line) for line in told.body.splitlines()]
        assert {body["resourceType"] for body in bodies_} <= {one["type"]}
        found.setdefault(one["type"], []).extend(bodies_)
    return found


async def exported(here: Doors, who: str, query: str = "", **acting: Any) -> dict[str, list[Any]]:
    path = await begun(here, who, query, **acting)
    return await lines(here, who, await made(here, who, path, **acting), **acting)


def names(found: dict[str, list[Any]]) -> set[str]:
    return {f"{kind}/{one['id']}" for kind, these in found.items() for one in these}


def test_from_the_kick_off_to_the_last_line(database_url: str) -> None:
    async def test() -> None:
        async with town(database_url) as here:
            path = await begun(here, PSYK)
            waits = await call(here, "GET", path, PSYK)
            assert (waits.status, waits.body) == (202, b"")
            assert waits.headers["x-progress"]
            assert int(waits.headers["retry-after"]) > 0
            manifest = await made(here, PSYK, path)
            assert manifest["request"] == f"{BASE}/fhir/Patient/$export"
            assert manifest["requiresAccessToken"] is True
            assert manifest["error"] == []
            assert manifest["transactionTime"] < here.http.world.clock().isoformat()
            assert (await call(here, "GET", path, PSYK)).headers["expires"]
            found = await lines(here, PSYK, manifest)
            everything = set()
            for citizen in (patient_of(SARAH), patient_of(ASK)):
                told = bodies(await here.get(PSYK, f"Patient/{citizen}/$everything"))
                everything |= {f"{one['resourceType']}/{one['id']}" for one in told}
                assert next(one for one in told if one["id"] == citizen) in found["Patient"]
            assert names(found) == everything
            gone = await call(here, "DELETE", path, PSYK)
            assert gone.status == 202
            for left in (path, manifest["output"][0]["url"].removeprefix(BASE)):
                assert (await call(here, "GET", left, PSYK)).status == 404
            assert (await call(here, "DELETE", path, PSYK)).status == 404

    run(test)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?_type=Encounter", 202), ("?_type=Encounter,Goal&_since=2025-01-01T00:00:00Z", 202),
        ("?_outputFormat=application/fhir%2Bndjson", 202), ("?_outputFormat=application/fhir+ndjson", 202),
        ("?_outputFormat=ndjson", 202), ("?_outputFormat=text/csv", 400), ("?_type=Practitioner", 400),
        ("?_type=", 400), ("?_since=yesterday", 400), ("?patient=1", 400), ("?_since=gt2025", 400),
        ("?_since=2025&_since=2026", 400), ("?_elements=id", 400), ("?_count=5", 400), ("?_format=csv", 406),
    ],
)  # fmt: skip
def test_what_is_asked(database_url: str, query: str, status: int) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            told = await here.get(PSYK, f"Patient/$export{query}", headers=ASYNC)
            assert told.status == status, told.body

    run(test)


def test_a_kick_off_says_that_it_will_not_wait_and_may_be_posted(database_url: str) -> None:
    async def test() -> None:
        async with town(database_url) as here:
            for prefer in ({}, {"Prefer": "return=minimal"}, {"Prefer": "x-respond-async"}):
                told = await here.get(PSYK, "Patient/$export", headers=prefer)
                assert told.status == 400
                assert "respond-async" in told.body.decode()
            asked = {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueString": "Goal"}]}
            headers = await here.bearer("social") | {"Prefer": "handling=lenient, respond-async"}
            told = await here.http.raw(
                "POST", "/fhir/Patient/$export", headers | {"Content-Type": "application/fhir+json"},
                json.dumps(asked).encode(),
            )  # fmt: skip
            assert told.status == 202
            found = await lines(
                here, "social", await made(here, "social", told.headers["content-location"][len(BASE) :])
            )
            assert found.keys() == {"Goal"}
            assert len(found["Goal"]) == 2
            for other in ("Group/$export", "Group/1/$export", "Goal/$export"):
                assert (await here.get("social", other, headers=ASYNC)).status == 404

    run(test)


def test_a_job_is_nobody_elses(database_url: str) -> None:
    """L16: another client, organisation, role, person or purpose, and who has no job, are told the same."""

    async def test() -> None:
        async with town(database_url) as here:
            path = await begun(here, "social")
            file = (await made(here, "social", path))["output"][0]["url"].removeprefix(BASE)
            others: list[tuple[str, dict[str, Any]]] = [
                (PSYK, {}), ("nursing", {}), ("elsewhere", {}), ("social", {"subject_id": "urn:test:staff|social-2"}),
                ("social", {"purpose": "BTG"}),
            ]  # fmt: skip
            for who, acting in others:
                for method in ("GET", "DELETE"):
                    for there, never in ((path, f"/bulk/{'0' * 32}"), (file, f"/bulk/{'0' * 32}/Goal-0")):
                        if method == "DELETE" and there == file:
                            continue
                        one, two = (
                            await call(here, method, there, who, **acting),
                            await call(here, method, never, who, **acting),
                        )
                        assert (one.status, one.body) == (404, two.body), (who, method, there)
            assert (await call(here, "GET", file, "social")).status == 200
            for wrong in ("Goal-1", "Goal", "Goal-x", "Substance-0", "goal-0"):
                assert (await call(here, "GET", f"{path}/{wrong}", "social")).status == 404
            here.http.world.clock.forward(exports.KEPT[exports.BULK].total_seconds() + 1)
            assert (await call(here, "GET", path, "social")).status == 404
            await make(here)
            assert await here.http.gateway.database.fetchval("SELECT count(*) FROM export_job") == 0

    run(test)


def test_a_consent_between_the_making_and_the_fetching_holds(database_url: str) -> None:
    """What was named and may not be had any more is left out; what was hidden when it was named stays out."""

    async def test() -> None:
        async with town(database_url) as here:
            path = await begun(here, PSYK, "?_type=Encounter,Patient")
            manifest = await made(here, PSYK, path)
            before = await lines(here, PSYK, manifest)
            assert len(before["Encounter"]) == 2
            told = await here.write(PSYK, consent(patient_of(ASK), provision=TREAT | about("Encounter")))
            assert told.status == 201, told.body
            here.http.world.clock.forward(1)
            after = await lines(here, PSYK, manifest)
            assert [one["subject"]["reference"] for one in after["Encounter"]] == [f"Patient/{patient_of(SARAH)}"]
            assert (await call(here, "GET", path, PSYK)).json() == manifest
            refused = (await here.records(interaction="export", kind="Encounter", citizen=patient_of(ASK)))[-1]
            assert refused.decision is Decision.DENY
            assert refused.withheld_count == 1
            again = await begun(here, PSYK, "?_type=Encounter,Patient")
            hidden = await made(here, PSYK, again)
            identity = json.loads(told.body)["id"]
            inactive = consent(patient_of(ASK), provision=TREAT | about("Encounter")) | {"id": identity}
            assert (await here.write(PSYK, inactive | {"status": "inactive"}, identity)).status == 200
            here.http.world.clock.forward(1)
            assert len((await lines(here, PSYK, hidden))["Encounter"]) == 1

    run(test)


def test_what_is_hidden_changes_no_byte(database_url: str) -> None:
    """The manifest, the headers and the files of a caller are the same whether there is something hidden or not."""

    async def answers(here: Doors) -> list[tuple[int, bytes]]:
        path = await begun(here, PSYK)
        manifest = await made(here, PSYK, path)
        told = [await call(here, "GET", one["url"].removeprefix(BASE), PSYK) for one in manifest["output"]]
        whole = json.dumps(manifest).replace(path, "").encode()
        times = {
            body["meta"]["lastUpdated"].encode() for one in told for body in map(json.loads, one.body.splitlines())
        }
        shown = [one.body for one in told]
        for time in times:
            shown = [body.replace(time, b"") for body in shown]
        return [
            (0, whole[whole.index(b'"request"') :]),
            *((one.status, body) for one, body in zip(told, shown, strict=True)),
        ]

    async def test() -> None:
        async with town(database_url) as here:
            assert (await here.write(PSYK, consent(patient_of(ASK), provision=TREAT))).status == 201
            here.http.world.clock.forward(1)
            before = await answers(here)
            assert patient_of(SARAH).encode() in b"".join(body for _, body in before)
            assert patient_of(ASK).encode() not in b"".join(body for _, body in before)
            await here.arrive(
                (PSYK, stay_of(ASK, "A01", 8, visit="V8")),
                ("social", order(ASK, plan("more", goal=[{"reference": "Goal/n"}]), goal("n", "Ro"), number="9")),
                (
                    "social",
                    order("0201609995", plan("new", goal=[{"reference": "Goal/q"}]), goal("q", "Ro"), number="10"),
                ),
            )
            assert await answers(here) == before

    run(test)


def test_each_citizen_is_on_record_before_a_line_can_be_fetched(database_url: str) -> None:
    async def told(here: Doors) -> list[AccessRecord]:
        return await here.records(interaction="export", client="social")

    async def test() -> None:
        async with town(database_url) as here:
            path = await begun(here, "social", "?_type=Goal")
            (asked,) = await told(here)
            assert (asked.decision, asked.citizen, asked.operation) == (Decision.PERMIT, "", "export")
            assert "_type=Goal" in asked.query
            manifest = await made(here, "social", path)
            named = (await told(here))[1:]
            assert {one.citizen for one in named} == {patient_of(SARAH), patient_of(ASK)}
            assert len(named) == 2
            assert all(one.resources and all(name.startswith("Goal/") for name in one.resources) for one in named)
            assert all(one.purposes == ("COC",) and one.user for one in named)
            await lines(here, "social", manifest)
            fetched = (await told(here))[3:]
            assert sorted(one.citizen for one in fetched) == sorted(one.citizen for one in named)
            assert all(path.removeprefix("/bulk/") in one.query for one in fetched)
            assert SARAH not in manifest["request"]

    run(test)


def test_scopes_narrow_and_refusals_are_on_record(database_url: str) -> None:
    async def test() -> None:
        async with town(database_url) as here:
            some = "system/Patient.rs system/CarePlan.rs system/Goal.r system/Encounter.s"
            assert (await exported(here, "social", scope=some)).keys() == {"Patient", "CarePlan"}
            for query, acting in (
                ("?_type=Goal", {"scope": some}), ("?_type=Patient", {"purpose": "BTG"}), ("", {"purpose": ""}),
                ("", {"scope": "system/Goal.rs"}),
            ):  # fmt: skip
                before = len(await here.records())
                told = await here.get("social", f"Patient/$export{query}", headers=ASYNC, **acting)
                assert told.status == 403, (query, acting, told.body)
                assert [one.decision for one in (await here.records())[before:]] == [Decision.DENY]
            one = kl_id("Goal", "g")
            narrowed = await exported(here, "social", scope=f"system/Patient.rs system/Goal.rs?_id={one}")
            assert [body["id"] for body in narrowed["Goal"]] == [one]
            path = await begun(here, "social")
            manifest = await made(here, "social", path)
            file = next(row["url"].removeprefix(BASE) for row in manifest["output"] if row["type"] == "Goal")
            assert (await call(here, "GET", file, "social", scope="system/Patient.rs")).status == 403
            narrow = await call(here, "GET", file, "social", scope=f"system/Goal.rs?_id={one}")
            assert [json.loads(line)["id"] for line in narrow.body.splitlines()] == [one]

    run(test)


def test_since_leaves_out_what_has_not_changed(database_url: str) -> None:
    async def test() -> None:
        async with town(database_url) as here:
            here.http.world.clock.forward(600)
            first = await made(here, "social", await begun(here, "social"))
            here.http.world.clock.forward(5)
            changed = order(SARAH, plan(), goal("g", "Egen lejlighed"), number="7", sent="2025-03-02T10:00:00+01:00")
            await here.arrive(("social", changed))
            since = f"?_since={first['transactionTime'].replace('+', '%2B')}"
            found = await exported(here, "social", since)
            assert [one["description"]["text"] for one in found["Goal"]] == ["Egen lejlighed"]
            assert all(
                one["meta"]["lastUpdated"] >= first["transactionTime"] for these in found.values() for one in these
            )

    run(test)


def test_another_node_goes_on_where_one_died(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.flows.bulk.making.BATCH", 1)
    monkeypatch.setattr("gateway.flows.bulk.making.PART", 1)
    real, walked = bulk.add, []

    async def dies(*args: Any) -> bool:
        if len(walked) == 1:
            walked.append("died")
            raise Unavailable
        walked.append(args[2])
        return await real(*args)

    async def test() -> None:
        async with town(database_url) as here:
            path = await begun(here, "social", "?_type=Goal")
            monkeypatch.setattr("gateway.store.bulk.add", dies)
            with pytest.raises(Unavailable):
                await make(here)
            assert await make(here) == 0, "the job is still the dead node's"
            assert (await call(here, "GET", path, "social")).status == 202
            here.http.world.clock.forward(exports.LEASE.total_seconds() + 1)
            found = await lines(here, "social", await made(here, "social", path))
            assert len(found["Goal"]) == 2
            assert walked[:3] == [0, "died", 1]
            assert len(set(walked)) == len(walked), "no part twice"

    run(test)


def test_a_job_that_is_forgotten_meanwhile_ends(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = bulk.add

    async def test() -> None:
        async with town(database_url) as here:
            path = await begun(here, "social")

            async def forgotten(*args: Any) -> bool:
                assert (await call(here, "DELETE", path, "social")).status == 202
                return await real(*args)

            monkeypatch.setattr("gateway.store.bulk.add", forgotten)
            await make(here)
            assert (await call(here, "GET", path, "social")).status == 404
            assert await here.http.gateway.database.fetchval("SELECT count(*) FROM export_part") == 0

    run(test)


def test_one_client_has_few_at_once_and_who_is_registered_no_more_has_none(database_url: str) -> None:
    async def test() -> None:
        async with town(database_url) as here:
            paths = [await begun(here, "social") for _ in range(5)]
            told = await here.get("social", "Patient/$export", headers=ASYNC)
            assert told.status == 429
            assert int(told.headers["retry-after"]) > 0
            await begun(here, PSYK)
            left = [client for client in CAST if client.id != "social"]
            assert await make_bulk(here.http.gateway, standing(replace_clients(here, left))) == 1
            assert (await call(here, "GET", paths[0], "social")).status == 404
            await begun(here, "social")

    run(test)


def replace_clients(here: Doors, left: list[Any]) -> Any:
    return type(here.http.inbound.clients)([replace(one) for one in left])

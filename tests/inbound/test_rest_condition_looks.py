"""Conditions of writes are looks: they are on record with whom they tell of."""

from __future__ import annotations

from typing import Any

from gateway.domain.identifier import CPR
from gateway.domain.record import Decision
from tests.inbound.http_world import run
from tests.inbound.one_citizen import headers
from tests.inbound.rest_world import JSON, rest
from tests.inbound.test_consent_doors import objection
from tests.inbound.test_override_told import WHY
from tests.inbound.test_rest_bundles import bundle, entry
from tests.inbound.test_rest_transactions import OTHER, practitioner, second


def test_who_is_looked_up_stands_in_the_list_of_whom_it_is_about(database_url: str) -> None:
    """A condition and a reference that is one tell of the citizens they name: whether anything is found, whatever
    comes of the write."""

    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            pain = here.about("Condition", code={"text": "Smerter"})
            theirs = (await here.made(pain | {"subject": {"reference": f"Patient/{other}"}}))["id"]
            there, absent = f"Condition?patient={other}", f"Condition?patient={other}&clinical-status=active"
            by_number = f"Patient?identifier={CPR}|{OTHER}"

            async def looked(status: int, body: dict[str, Any], **more: str) -> set[str]:
                looks = len(await here.records())
                told = await here.call(
                    "POST", "", bundle("transaction", entry("POST", body["resourceType"], body, **more))
                )
                assert told.status_code == status, told.text
                return {one.query for one in (await here.records())[looks:] if one.citizen == other}

            asked = "GET Condition?patient"
            for reference, query in (
                (there, asked), (absent, "GET Condition?clinical-status&patient"),
                (by_number, "GET Patient?identifier"),
            ):  # fmt: skip
                assert await looked(422, here.goal(addresses=[{"reference": reference}])) == {query}
            assert await looked(422, {"resourceType": "Goal", "subject": {"reference": by_number}}) == {
                "GET Patient?identifier"
            }
            assert await looked(200, pain, ifNoneExist=there) == {asked}
            alone = len(await here.records())
            told = await here.call("POST", "/Condition", pain, If_None_Exist=there.partition("?")[2])
            assert (told.status_code, told.json()["id"]) == (200, theirs)
            none = await here.call("DELETE", f"/{absent}")
            assert none.status_code == 404
            queries = [one.query for one in (await here.records())[alone:] if one.citizen == other]
            assert queries == [asked, "GET Condition?clinical-status&patient"]

    run(test)


def test_a_write_in_the_directory_that_comes_to_nothing_is_on_record(database_url: str) -> None:
    """Also where it is refused before anything is written: it was looked up."""

    async def test() -> None:
        async with rest(database_url) as here:
            made = [await here.made(practitioner(number, gender="male")) for number in ("0A", "0B")]
            body, place = practitioner("0C"), f"/Practitioner/{made[0]['id']}"
            wrong = [{"op": "remove", "path": "/birthDate"}]
            for method, where, sent, status, more in (
                ("DELETE", "/Practitioner?identifier=nobody", None, 404, {}),
                ("DELETE", "/Practitioner?gender=male", None, 412, {}),
                ("PUT", "/Practitioner?gender=male", body, 412, {}),
                ("PATCH", place, wrong, 428, {"Content_Type": "application/json-patch+json"}),
                ("PATCH", place, wrong, 422, {"Content_Type": "application/json-patch+json", "If_Match": 'W/"1"'}),
            ):
                looks = len(await here.records())
                told = await here.call(method, where, sent, **more)
                assert told.status_code == status, told.text
                *_, last = (await here.records())[looks:]
                assert (last.query, last.outcome) == (f"{method} {where[1:].partition('=')[0]}", "4")

    run(test)


def test_a_condition_by_override_owes_its_task(database_url: str) -> None:
    """It tells of what is closed to the caller: also of the citizen whom the write is about."""

    async def test() -> None:
        async with rest(database_url) as here:
            hidden = await here.made(here.goal(identifier=[{"system": "urn:x", "value": "1"}]), who="psyk")
            told = await here.call("POST", "/Consent", objection(here.patient, provision={"type": "deny"}))
            assert told.status_code == 201, told.text
            here.http.world.clock.forward(1)
            over = await headers(here.http, "epj", "BTG", **WHY)
            looks = {"If-None-Exist": f"patient={here.patient}&identifier=urn:x|1", "Content-Type": JSON}
            found = await here.http.web.post("/fhir/Goal", json=here.goal(), headers=over | looks)
            assert (found.status_code, found.json()["id"]) == (200, hidden["id"])
            looked = await here.records(decision=Decision.OVERRIDE)
            assert {one.citizen for one in looked} == {here.patient}
            assert {one.query.partition(" ")[0] for one in looked} == {"GET", "POST"}, (
                "whom it is about, and what there is"
            )
            tasks = await here.http.gateway.database.fetch("SELECT citizen FROM resource WHERE kind = 'Task'")
            assert [row["citizen"] for row in tasks] == [here.patient]

    run(test)


def test_a_write_by_override_owes_its_task(database_url: str) -> None:
    """Whoever writes of somebody who is closed to him learns of that citizen."""

    async def test() -> None:
        async with rest(database_url) as here:
            told = await here.call("POST", "/Consent", objection(here.patient, provision={"type": "deny"}))
            assert told.status_code == 201, told.text
            here.http.world.clock.forward(1)
            assert (await here.call("POST", "/Goal", here.goal())).status_code == 404
            over = {**await headers(here.http, "epj", "BTG", **WHY), "Content-Type": JSON}
            made = await here.http.web.post("/fhir/Goal", json=here.goal(), headers=over)
            assert made.status_code == 201
            both = bundle("transaction", entry("POST", "Goal", here.goal()), entry("POST", "Goal", here.goal()))
            assert (await here.http.web.post("/fhir", json=both, headers=over)).status_code == 200
            first, *others = await here.records(decision=Decision.OVERRIDE)
            assert {(one.citizen, one.query) for one in (first, *others)} == {(here.patient, "POST Goal")}
            assert await here.http.gateway.database.fetchval("SELECT count(*) FROM resource WHERE kind = 'Task'") == 1

    run(test)

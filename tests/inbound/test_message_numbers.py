"""The duplicate table through the door: same or new ids, same or other content."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.inbound.scopes import Scope
from gateway.translate.fhir import parse, write_json, write_xml
from tests.flows.messages import case
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital
from tests.inbound.test_message_doors import count, send
from tests.translate.medcom.notices import BACK, LEFT, OTHER_HOSPITAL, asking, notice, resource
from tests.translate.medcom.test_report_of_admission import elsewhere

Json = dict[str, Any]
SENDER = hospital(scopes=(Scope("Bundle", "c"),), sends=("regionh-medcom", "koebenhavn-sag"))
CPR = "2509479989"


def stin(**more: Any) -> Json:
    return asking(notice(header="m1", **more)) | {"id": "envelope-1"}


async def told(here: Http, bundle: Json, form: str = "json") -> tuple[int, Json]:
    content = write_json(bundle) if form == "json" else write_xml(bundle)
    status, _, body = await send(here, "/fhir/$process-message", f"application/fhir+{form}", content)
    return status, parse(body)


def code(answer: Json) -> str:
    return str(resource(answer, "MessageHeader")["response"]["code"])


def play(database_url: str, test: Callable[[Http], Awaitable[None]]) -> None:
    """With a municipal case about the citizen."""

    async def inside() -> None:
        async with http(database_url, SENDER) as here:
            assert (await send(here, "/cases/oio", "application/xml", case(CPR)))[0] == 200
            await test(here)

    run(inside)


async def kept(here: Http, kind: str) -> list[Json]:
    rows = await here.gateway.database.fetch("SELECT body FROM resource WHERE kind = $1 ORDER BY id", kind)
    return [json.loads(row["body"]) for row in rows]


def test_known_id_and_known_content_get_the_original_answer(database_url: str) -> None:
    """Also in a new envelope, and in the other format: nothing is shown twice, no second report is asked for."""

    async def test(here: Http) -> None:
        first = await told(here, stin())
        assert (first[0], code(first[1])) == (200, "ok")
        for again in (stin(), stin() | {"id": "envelope-2", "timestamp": "2025-03-16T09:00:00+01:00"}):
            assert await told(here, again) == first
            assert await told(here, again, "xml") == first
        assert await count(here, "message", "language = 'fhir-message'") == 1
        assert len(await kept(here, "Encounter")) == len(await kept(here, "Task")) == 1

    play(database_url, test)


def test_known_id_with_other_content_about_another_stay_is_kept(database_url: str) -> None:
    """Examples B1 and B2: one MessageHeader.id and one episode at two hospitals. The operator is told."""

    async def test(here: Http) -> None:
        other = elsewhere(stin(start=BACK)) | {"id": "envelope-2"}
        for bundle in (stin(), other):
            status, answer = await told(here, bundle)
            assert (status, code(answer)) == (200, "ok")
        providers = {one["serviceProvider"]["identifier"]["value"] for one in await kept(here, "Encounter")}
        assert OTHER_HOSPITAL in providers
        assert len(providers) == 2
        reason = await here.gateway.database.fetchval("SELECT reason FROM message WHERE reason IS NOT NULL")
        assert "before" in json.loads(reason)["findings"][-1]["text"]
        again, first = await told(here, stin()), await told(here, other)
        assert code(again[1]) == code(first[1]) == "ok"
        assert await count(here, "message", "language = 'fhir-message'") == 2

    play(database_url, test)


def test_known_id_with_other_content_about_the_same_stay_is_refused(database_url: str) -> None:
    """Never first accepted and then refused: the first content goes on being answered as it was."""

    async def test(here: Http) -> None:
        first = await told(here, stin())
        for bundle in (stin(start=LEFT), stin(start=LEFT) | {"id": "envelope-2"}):
            status, answer = await told(here, bundle)
            assert (status, code(answer)) == (422, "fatal-error")
            (coding,) = resource(answer, "OperationOutcome")["issue"][0]["details"]["coding"]
            assert coding["code"] == "MSG_DUPLICATE_ID"
        assert await told(here, stin()) == first
        assert await count(here, "message", "NOT accepted AND body IS NULL AND state = 'refused'") == 2
        (stay,) = await kept(here, "Encounter")
        assert stay["period"]["start"] == "2025-03-10T09:00:00+01:00"

    play(database_url, test)


def test_known_id_about_another_citizen(database_url: str) -> None:
    """It is another stay; that its citizen has no case tells nobody."""

    async def test(here: Http) -> None:
        other = stin() | {"id": "envelope-2"}
        resource(other, "Patient")["identifier"] = [{"system": "urn:oid:1.2.208.176.1.2", "value": "2512489996"}]
        for bundle in (stin(), other):
            assert code((await told(here, bundle))[1]) == "ok"
        assert len(await kept(here, "Encounter")) == 1
        assert await count(here, "message", "state = 'not-entitled' AND body IS NULL") == 1

    play(database_url, test)


def test_new_id_with_known_content_is_one_stay(database_url: str) -> None:
    """Told again under a new id it is a message of its own, and the stay that it tells of is the same."""

    async def test(here: Http) -> None:
        again = asking(notice(header="m2")) | {"id": "envelope-2"}
        first, second = await told(here, stin()), await told(here, again)
        assert code(second[1]) == "ok"
        assert resource(second[1], "MessageHeader")["response"]["identifier"] == "m2"
        assert second != first
        assert len(await kept(here, "Encounter")) == len(await kept(here, "Task")) == 1
        assert await count(here, "message", "language = 'fhir-message'") == 2

    play(database_url, test)


def test_new_id_with_other_content_is_new(database_url: str) -> None:
    async def test(here: Http) -> None:
        await told(here, stin())
        left = notice(
            "start-leave-inpatient", header="m2", earlier=(("m1", "admit-inpatient"),), status="onleave",
            leave=(LEFT, ""),
        )  # fmt: skip
        assert code((await told(here, left | {"id": "envelope-2"}))[1]) == "ok"
        (stay,) = await kept(here, "Encounter")
        assert stay["status"] == "onleave"

    play(database_url, test)


def test_an_envelope_holds_one_message(database_url: str) -> None:
    """Bundle.id seen, MessageHeader.id new: an error."""

    async def test(here: Http) -> None:
        first = await told(here, stin())
        status, answer = await told(here, notice(header="m2", start=LEFT) | {"id": "envelope-1"})
        assert (status, code(answer)) == (422, "fatal-error")
        issue = resource(answer, "OperationOutcome")["issue"][0]
        assert issue["details"]["coding"][0]["code"] == "MSG_DUPLICATE_ID"
        assert issue["expression"] == ["Bundle.id"]
        assert code((await told(here, notice(header="m2", start=LEFT) | {"id": "envelope-3"}))[1]) == "ok"
        assert await told(here, stin()) == first

    play(database_url, test)


def test_two_senders_may_use_one_id(database_url: str) -> None:
    """Another source's id is another id; here both are the region's, told apart by the sender."""

    async def test(here: Http) -> None:
        moved = stin()
        for organisation in (0, 1):
            for number in resource(moved, "Organization", organisation)["identifier"]:
                if number["value"] == "265161000016000":
                    number["value"] = OTHER_HOSPITAL
        for bundle in (stin(), moved | {"id": "envelope-2"}):
            assert code((await told(here, bundle))[1]) == "ok"

    play(database_url, test)

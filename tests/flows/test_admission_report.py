"""A hospital asks for the report of admission: it gets what it may see, once, and the look is on record."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import Any

import pytest

from gateway.flows.admission_report import answer_requests
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive
from gateway.translate.oioxml import receipt, tree, writing
from tests.flows.conftest import House, caller
from tests.flows.consents import record_consent
from tests.flows.messages import case
from tests.flows.test_looks import consent
from tests.translate.medcom.notices import END, asking, notice, raw
from tests.translate.oioxml.test_oioxml_report import said

CPR = "2509479989"
ASKED = raw(asking(notice(header="stin")))
OVER = notice(
    "discharge-inpatient-home", status="finished", end=END, header="out", earlier=(("stin", "admit-inpatient"),)
) | {"id": "another"}


@pytest.fixture
def connected(house: House) -> House:
    """A gateway whose hospital takes letters."""
    copy = house.settings.data_folder / "mappings"
    shutil.copytree(house.settings.mappings_folder, copy)
    file = copy / "sources" / "regionh-oioxml.yaml"
    file.write_text(file.read_text("utf-8") + "deliver: {url: https://127.0.0.1:9}\n", "utf-8")
    house.settings = replace(house.settings, mappings_folder=copy)
    return house


async def heard(gateway: Gateway, *messages: tuple[str, bytes]) -> str:
    """The messages are taken; the Patient id."""
    for language, message in messages:
        assert (await receive(gateway, language, message)).accepted
    return str(await gateway.database.fetchval("SELECT citizen FROM identity"))


async def outbox(gateway: Gateway) -> list[Any]:
    return await gateway.database.fetch("SELECT destination, language, message_id, answers, body FROM outbox")


async def bodies(gateway: Gateway, kind: str) -> list[dict[str, Any]]:
    rows = await gateway.database.fetch("SELECT body FROM resource WHERE kind = $1", kind)
    return [json.loads(row["body"]) for row in rows]


async def looks(gateway: Gateway) -> list[bytes]:
    rows = await gateway.database.fetch("SELECT body FROM access_record WHERE interaction = 'export'")
    return [row["body"] for row in rows]


def test_without_a_consent_the_hospital_learns_whom_to_talk_to_and_nothing_of_the_case(connected: House) -> None:
    """A social case is shared with a hospital by consent only (mappings/policy/access.csv)."""

    async def work(gateway: Gateway) -> None:
        await heard(gateway, ("oio", case(CPR)), ("fhir-message", ASKED))
        assert [await answer_requests(gateway, set()) for _ in range(2)] == [1, 0]
        (letter,) = await outbox(gateway)
        assert (letter["destination"], letter["language"], letter["answers"]) == ("regionh-oioxml", "oioxml", "stin")
        assert said(letter["body"], "TypeCode") == ["XDIS14"]
        assert said(letter["body"], "CivilRegistrationNumber") == [CPR]
        assert said(letter["body"], "NotificationIdentifier") == ["3f0b2c4e5d6a4b7c8d9e0a1b2c3d4e5f"]
        for plan in await bodies(gateway, "CarePlan"):
            assert plan["title"].encode("iso-8859-1") not in letter["body"]
        (task,) = await bodies(gateway, "Task")
        assert task["status"] == "completed"
        assert task["output"][0]["valueIdentifier"]["value"] == letter["message_id"]
        (look,) = await looks(gateway)
        assert b"report-of-admission" in look

        told = receipt.positive(tree.read(letter["body"]), gateway.clock())
        assert told is not None
        answer = await receive(gateway, "oioxml", writing.written(told))
        assert (answer.accepted, answer.body) == (True, b"")
        assert await gateway.database.fetchval("SELECT state FROM outbox") == "receipted"

    connected.run(work)


def test_with_a_consent_it_learns_what_the_citizen_gets(connected: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, ("oio", case(CPR)))
        treat = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}]
        assert (await record_consent(gateway, caller("social"), consent(patient, purpose=treat))).created
        await heard(gateway, ("fhir-message", ASKED))
        assert await answer_requests(gateway, set()) == 1
        (letter,) = await outbox(gateway)
        assert said(letter["body"], "TypeCode") == ["XDIS16"]
        (plan,) = await bodies(gateway, "CarePlan")
        assert said(letter["body"], "Service")
        assert plan["title"] in said(letter["body"], "Comment")[0]

    connected.run(work)


def test_a_request_that_cannot_be_worked_with_keeps_no_other_from_its_answer(connected: House) -> None:
    async def work(gateway: Gateway) -> None:
        await heard(gateway, ("oio", case(CPR)), ("fhir-message", ASKED))
        columns = "version, citizen, updated, sector, withdrawn, ends, facts, digest"
        await gateway.database.fetchval(
            f"INSERT INTO resource (kind, id, body, {columns}) SELECT kind, '', $1, {columns} FROM resource"
            " WHERE kind = 'Task'",
            b'{"resourceType":"Task","status":"requested","input":[5],"code":{"coding":[{"code":"XDIS16"}]},"encounter":{}}',
        )
        assert [await answer_requests(gateway, set()) for _ in range(2)] == [1, 0]

    connected.run(work)


def test_a_stay_that_is_over_needs_no_report(connected: House) -> None:
    async def work(gateway: Gateway) -> None:
        await heard(gateway, ("oio", case(CPR)), ("fhir-message", ASKED), ("fhir-message", raw(OVER)))
        assert await answer_requests(gateway, set()) == 0
        assert (await bodies(gateway, "Task"))[0]["status"] == "cancelled"
        assert await outbox(gateway) == []

    connected.run(work)


def test_without_a_connection_nobody_is_looked_at(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        await heard(gateway, ("oio", case(CPR)), ("fhir-message", ASKED))
        assert await answer_requests(gateway, set()) == 0
        assert await looks(gateway) == []
        assert (await bodies(gateway, "Task"))[0]["status"] == "requested"

    house.run(work)

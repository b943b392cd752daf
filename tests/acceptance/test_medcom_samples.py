"""Every official HospitalNotification through the real door, as JSON and as XML, into one database: answers and facts.

The files use one header id for many stays and come in no order (by name: a cancellation before what it cancels), so
nothing but the content can tell them apart.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.encounter import LEAVE
from gateway.domain.when import instant
from gateway.inbound.scopes import Scope
from gateway.translate.fhir import parse, write_xml
from gateway.translate.fhir.message import Message
from tests.flows.messages import case
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital
from tests.inbound.test_message_doors import count, send
from tests.translate.medcom.notices import resource

Json = dict[str, Any]
SENDER = hospital(scopes=(Scope("Bundle", "c"),), sends=("regionh-medcom", "koebenhavn-sag"))
CPR = "2509479989"
REFUSED = "TEK_FCC"  # has no event and no class

# The last message of each stay: status, class, start, end, leave, the report of admission
FACTS: dict[str, tuple[str, str, str, str, str, str]] = {
    "STIN_A": ("in-progress", "IMP", "2023-03-01T12:00:00+01:00", "", "", "requested"),
    "TEK_DUB": ("in-progress", "IMP", "2023-03-01T12:00:00+01:00", "", "", "requested"),
    "TEK_ID_LOCAL": ("in-progress", "IMP", "2023-03-01T12:00:00+01:00", "", "", "requested"),
    "STAA_D": ("in-progress", "EMER", "2023-02-28T10:00:04+01:00", "", "", "requested"),
    "STOR_F": ("onleave", "IMP", "2023-03-01T12:00:00+01:00", "", "2023-03-03T14:00:10+01:00", "requested"),
    "SLHJ_H": ("finished", "IMP", "2023-03-01T12:00:00+01:00", "2023-03-07T09:45:30+01:00", "", "cancelled"),
    "MORS_K": ("finished", "IMP", "2023-03-01T12:00:00+01:00", "2023-03-04T07:00:00+01:00", "", "cancelled"),
    "AN_STIN_N": ("entered-in-error", "IMP", "2023-03-01T12:00:00+01:00", "", "", "entered-in-error"),
    "RE_STIN_O": ("in-progress", "IMP", "2023-03-01T08:00:00+01:00", "", "", "requested"),
}


def samples(examples: Path) -> dict[str, Json]:
    files = sorted((examples / "hospital/hospitalnotification").glob("*.json"))
    return {file.stem.removeprefix("HospitalNotification_Ex_"): parse(file.read_bytes()) for file in files}


def numbers(message: Message, reference: Json) -> set[str]:
    return {one["value"] for one in (message.resolve(reference) or {})["identifier"]}


def check_answer(bundle: Json, answer: Json, code: str) -> None:
    """Addressed back to the sender, about the message, with two Provenances."""
    asked, told = Message(bundle), Message(answer)
    assert told.header["eventCoding"]["code"] == "acknowledgement-message"
    assert (told.header["response"]["identifier"], told.header["response"]["code"]) == (asked.header["id"], code)
    (to,), (was,) = told.header["destination"], asked.header["destination"]
    assert numbers(told, to["receiver"]) == numbers(asked, asked.header["sender"])
    assert numbers(told, told.header["sender"]) == numbers(asked, was["receiver"])
    assert (to["endpoint"], told.header["source"]["endpoint"]) == (asked.header["source"]["endpoint"], was["endpoint"])
    assert len(told.roots["Provenance"]) == 2
    assert ("OperationOutcome" in told.roots) == (code != "ok")


async def of_episode(here: Http, kind: str, number: str) -> list[Json]:
    rows = await here.gateway.database.fetch("SELECT body FROM resource WHERE kind = $1", kind)
    return [body for row in rows if number in row["body"].decode() and (body := json.loads(row["body"]))]


async def check_facts(here: Http, name: str, bundle: Json) -> None:
    number = resource(bundle, "Encounter")["episodeOfCare"][0]["identifier"]["value"].removeprefix("urn:uuid:")
    (stay,) = await of_episode(here, "Encounter", number)
    (task,) = await of_episode(here, "Task", number)
    status, kind, start, end, leave, report = FACTS[name]
    assert (stay["status"], stay["class"]["code"]) == (status, kind), name
    assert instant(stay["period"]["start"]) == instant(start), name
    assert instant(stay["period"].get("end", start)) == instant(end or start), name
    leaves = [one["valuePeriod"] for one in stay.get("extension", []) if one["url"] == LEAVE]
    assert [instant(one["start"]) for one in leaves] == ([instant(leave)] if leave else []), name
    assert task["status"] == report, name


@pytest.mark.parametrize("first", ["json", "xml"])
def test_every_official_notification(examples: Path, database_url: str, first: str) -> None:
    given = samples(examples)
    assert FACTS.keys() <= given.keys()

    async def deliver(here: Http, bundle: Json, form: str) -> tuple[int, Json, str]:
        content = write_xml(bundle) if form == "xml" else json.dumps(bundle, default=str).encode()
        status, kind, body = await send(here, "/fhir/$process-message", f"application/fhir+{form}", content)
        assert kind == f"application/fhir+{'json' if body.startswith(b'{') else 'xml'}; charset=utf-8"
        return status, parse(body), kind

    async def test() -> None:
        async with http(database_url, SENDER) as here:
            assert (await send(here, "/cases/oio", "application/xml", case(CPR)))[0] == 200
            for name, bundle in given.items():
                good = name != REFUSED
                status, answer, kind = await deliver(here, bundle, first)
                assert first in kind, name
                assert status == (200 if good else 422), name
                check_answer(bundle, answer, "ok" if good else "fatal-error")
            before = [await count(here, table) for table in ("message", "statement")]
            for name, bundle in given.items():
                if name != REFUSED:
                    again = await deliver(here, bundle, "xml" if first == "json" else "json")
                    check_answer(bundle, again[1], "ok")
            assert [await count(here, table) for table in ("message", "statement")] == before
            for name in FACTS:
                await check_facts(here, name, given[name])
            (patient,) = await here.gateway.database.fetch("SELECT body FROM resource WHERE kind = 'Patient'")
            assert json.loads(patient["body"])["deceasedBoolean"] is True

    run(test)


def test_a_citizen_outside_the_law_is_answered_alike_and_leaves_nothing(examples: Path, database_url: str) -> None:
    """TEK_LOV: ok for everybody; of who has no municipal case only that a message came is kept."""
    given = {name: bundle for name, bundle in samples(examples).items() if name != REFUSED}

    async def test() -> None:
        async with http(database_url, SENDER) as here:
            for name, bundle in given.items():
                status, _, body = await send(here, "/fhir/$process-message", "application/fhir+xml", write_xml(bundle))
                assert status == 200, name
                check_answer(bundle, parse(body), "ok")
            assert [await count(here, table) for table in ("statement", "resource", "identity")] == [0, 0, 0]
            records = await here.gateway.database.fetch("SELECT t::text AS row, body FROM access_record t")
            assert all(CPR not in record["row"] and CPR.encode() not in record["body"] for record in records)
            rows = await here.gateway.database.fetch("SELECT state, body, reason, answer FROM message")
            assert len(rows) == len(given)
            numbers = await here.gateway.database.fetch("SELECT t::text AS row FROM message_number t")
            told = b"".join(row["answer"] + (row["reason"] or b"") for row in rows) + str(numbers).encode()
            assert {(row["state"], row["body"]) for row in rows} == {("not-entitled", None)}
            names = [one["name"][0]["family"] for one in (resource(bundle, "Patient") for bundle in given.values())]
            assert not any(secret.encode() in told for secret in [CPR, *names])

    run(test)

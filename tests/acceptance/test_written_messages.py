"""A municipality writes a message here: it goes out as a CareCommunication, and stands on the plan at once."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

from gateway.domain.identifier import CPR, SOR
from gateway.inbound.scopes import Scope
from gateway.translate.fhir import parse, write_xml
from tests.acceptance.test_care_communication import EPJ, JSON, XML, code, known, sent, thread
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import JOBCENTER, NUMBER, SOCIAL, headers
from tests.translate.medcom.letters import Json, file, letter, part, uuid, written
from tests.translate.medcom.notices import HOSPITAL as HERLEV
from tests.translate.medcom.notices import OTHER_HOSPITAL

CITY = replace(
    SOCIAL, sends=(*SOCIAL.sends, "koebenhavn-medcom"), scopes=(*SOCIAL.scopes, Scope("Communication", "cr"))
)
WRITES = replace(EPJ, scopes=(*EPJ.scopes, Scope("Communication", "cr")))
CLIENTS = (WRITES, CITY, replace(JOBCENTER, scopes=(*JOBCENTER.scopes, Scope("Communication", "c"))))
SENDER = "360941000016001"
CATEGORIES = "http://medcomfhir.dk/ig/terminology/CodeSystem/medcom-careCommunication-categoryCodes"


def message(patient: str, text: str = "Vi henter hende kl. 12.", receiver: str = HERLEV, **more: Any) -> Json:
    return {
        "resourceType": "Communication", "status": "in-progress",
        "subject": {"reference": f"Patient/{patient}"},
        "category": [{"coding": [{"system": CATEGORIES, "code": "discharge"}]}],
        "recipient": [{"type": "Organization", "identifier": {"system": SOR, "value": receiver}}],
        "payload": [{"contentString": text}],
        **more,
    }  # fmt: skip


async def post(here: Http, body: Json, client: str = "social", kind: str = JSON, **more: Any) -> Any:
    raw = json.dumps(body).encode() if kind == JSON else write_xml(body)
    given = await headers(here, client, purpose="TREAT" if client != "jobcenter" else "HOPERAT", **more)
    return await here.web.post("/fhir/Communication", headers=given | {"Content-Type": kind}, content=raw)


async def outbox(here: Http) -> list[Any]:
    return await here.gateway.database.fetch("SELECT destination, language, message_id, answers, body FROM outbox")


async def patient_of(here: Http) -> str:
    given = await headers(here)
    found = await here.web.post("/fhir/Patient/_search", headers=given, data={"identifier": f"{CPR}|{NUMBER}"})
    return str(found.json()["entry"][0]["resource"]["id"])


def test_it_goes_out_and_stands_on_the_plan(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS, deliver=["regionh-medcom"]) as here:
            await known(here, (CPR, NUMBER))
            made = await post(here, message(await patient_of(here), payload=[
                {"contentString": "Vi henter hende kl. 12."}, file()]))  # fmt: skip
            assert made.status_code == 201, made.text
            (kept,) = await thread(here, "social")
            assert made.headers["location"].endswith(f"/fhir/Communication/{kept['id']}/_history/1")
            assert kept["sender"]["identifier"] == {"system": SOR, "value": SENDER}
            assert kept["payload"][0]["contentString"] == "Vi henter hende kl. 12."
            assert json.dumps(kept).count("Karla Bo") >= 1, "who is in front of the system wrote it"
            (row,) = await outbox(here)
            assert (row["destination"], row["language"]) == ("regionh-medcom", "fhir-message")
            out = parse(row["body"])
            assert part(out, "MessageHeader")["id"] == row["message_id"]
            assert row["message_id"] in kept["identifier"][0]["value"]
            payloads = part(out, "Communication")["payload"]
            assert [next(n for n in one if n.startswith("content")) for one in payloads] == [
                "contentString", "contentAttachment",
            ]  # fmt: skip
            url = kept["payload"][1]["contentAttachment"]["url"]
            assert (await here.web.get(f"/fhir/{url}", headers=await headers(here, "social"))).status_code == 200

    run(test)


def test_an_answer_stands_in_its_thread_and_names_what_it_answers(database_url: str) -> None:
    asked = written(letter("Hvem henter?", header=uuid(7), thread=4, citizen=[{"system": CPR, "value": NUMBER}],
                           sender=OTHER_HOSPITAL, receiver=HERLEV))  # fmt: skip

    async def test() -> None:
        async with http(database_url, *CLIENTS, deliver=["regionh-medcom"]) as here:
            await known(here, (CPR, NUMBER))
            assert code((await sent(here, asked))[1]) == "ok"
            (question,) = await thread(here)
            former = {"reference": f"Communication/{question['id']}"}
            answer = message(await patient_of(here), "Det gør vi", inResponseTo=[former])
            for name in ("recipient", "category"):
                del answer[name]
            made = await post(here, answer, "epj", XML)
            assert made.status_code == 201, made.text
            kept = next(one for one in await thread(here) if one["id"] != question["id"])
            assert kept["partOf"] == question["partOf"]
            assert kept["inResponseTo"][0]["reference"] == former["reference"]
            assert kept["recipient"][0]["identifier"]["value"] == OTHER_HOSPITAL
            (row,) = await outbox(here)
            assert row["answers"] == f"urn:uuid:{uuid(7)}"
            entity = part(parse(row["body"]), "Provenance")["entity"]
            assert entity[-1] == {"role": "revision", "what": {"reference": f"MessageHeader/{uuid(7)}"}}
            hidden = await post(here, answer, "social")
            assert hidden.status_code == 404, "who may not see the question does not learn of it by answering"

    run(test)


def test_what_is_sent_twice_goes_out_once(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS, deliver=["regionh-medcom"]) as here:
            await known(here, (CPR, NUMBER))
            body = message(await patient_of(here), identifier=[
                {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid(33)}"}],
                partOf=[{"identifier": {"value": f"urn:uuid:{uuid(1)}"}}])  # fmt: skip
            first, again = await post(here, body), await post(here, body)
            assert (first.status_code, again.status_code) == (201, 201)
            assert len(await outbox(here)) == 1
            assert len(await thread(here, "social")) == 1

    run(test)


def numbered(patient: str, number: int, **more: Any) -> Json:
    """A message with a number of its writer's own."""
    own = [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid(number)}"}]
    return message(patient, receiver=OTHER_HOSPITAL, identifier=own, **more)


def test_the_same_message_has_one_answer_whenever_it_is_sent(database_url: str) -> None:
    """Its place, its version and its thread: of a citizen with a case, where it is kept, and of one without (§ 12 c),
    where it is not; alone, and in a transaction with a number."""

    async def test() -> None:
        async with http(database_url, *CLIENTS, deliver=["regionh-medcom"]) as here:
            await known(here, (CPR, NUMBER))
            patient = await patient_of(here)

            async def together(number: int) -> tuple[Any, ...]:
                sent = {"request": {"method": "POST", "url": "Communication"}, "resource": message(
                    patient, receiver=OTHER_HOSPITAL)}  # fmt: skip
                body = {"resourceType": "Bundle", "type": "transaction", "entry": [sent],
                        "identifier": {"system": "urn:b", "value": f"{number}"}}  # fmt: skip
                here.world.clock.forward(1)
                given = {**await headers(here, "epj"), "Content-Type": JSON}
                told = await here.web.post("/fhir", headers=given, content=json.dumps(body).encode())
                return told.status_code, told.json()["entry"]

            async def alone(number: int) -> tuple[Any, ...]:
                here.world.clock.forward(1)
                told = await post(here, numbered(patient, number), "epj")
                return told.status_code, told.headers["location"], told.headers.get("etag"), told.content

            for case in (True, False):
                if not case:
                    await here.gateway.database.fetchval("UPDATE resource SET withdrawn = true WHERE kind = 'CarePlan'")
                for send in (alone, together):
                    first, again = await send(40 + case), await send(40 + case)
                    assert first == again
                    assert "/fhir/Communication/" in str(first), "where it is, or would be"
            assert len(await outbox(here)) == 4
            assert len(await thread(here, "epj")) == 2

    run(test)


def test_a_number_stands_for_one_message(database_url: str) -> None:
    """Another text, or another citizen: it would stand on the plan and go out to nobody."""

    async def test() -> None:
        async with http(database_url, *CLIENTS, deliver=["regionh-medcom"]) as here:
            await known(here, (CPR, NUMBER), (CPR, "2509479989"))
            patient = await patient_of(here)
            assert (await post(here, numbered(patient, 50), "epj")).status_code == 201
            given = {**await headers(here, "epj"), "Content-Type": "application/x-www-form-urlencoded"}
            found = await here.web.post("/fhir/Patient/_search", headers=given, content=f"identifier={CPR}|2509479989")
            other = found.json()["entry"][0]["resource"]["id"]
            for body in (numbered(patient, 50, text="Noget andet"), numbered(other, 50)):
                told = await post(here, body, "epj")
                assert (told.status_code, told.json()["issue"][0]["expression"]) == (
                    422, ["Communication.identifier"]
                ), told.text  # fmt: skip
            assert len(await outbox(here)) == 1
            told = await asyncio.gather(*(post(here, numbered(patient, 51, text=f"{one}"), "epj") for one in range(4)))
            assert sorted(one.status_code for one in told) == [201, 422, 422, 422]
            sent = [
                {"request": {"method": "POST", "url": kind}, "resource": body}
                for kind, body in (("Communication", numbered(patient, 52)), ("Goal", {"resourceType": "Goal"}))
            ]
            given = {**await headers(here, "epj"), "Content-Type": JSON}
            body = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": sent})
            failed = await here.web.post("/fhir", headers=given, content=body.encode())
            assert failed.status_code in (403, 422)
            assert (await post(here, numbered(patient, 52, text="Rettet"), "epj")).status_code == 201, (
                "nothing was kept"
            )

    run(test)


REFUSED: dict[str, tuple[Json, int, str]] = {
    "nobody is connected": ({"recipient": [{"identifier": {"system": SOR, "value": "953741000016009"}}]}, 400,
                            "Communication.recipient[0]"),
    "no SOR number": ({"recipient": [{"identifier": {"system": "urn:x", "value": "1"}}]}, 422,
                      "Communication.recipient[0]"),
    "unknown category": ({"category": [{"coding": [{"system": CATEGORIES, "code": "gossip"}]}]}, 422,
                         "Communication.category"),
    "a program": ({"payload": [{"contentString": "x"}, file(b"MZ", "application/x-msdownload")]}, 422,
                  "Communication.payload[1].contentAttachment.contentType"),
    "too many": ({"payload": [{"contentString": "x"}, *[file()] * 11]}, 422, "Communication.payload[11]"),
    "nothing said": ({"payload": [{"contentString": "To be removed"}]}, 422, "Communication.payload[0].contentString"),
    "no text": ({"payload": [file()]}, 422, "Communication.payload"),
    "as another": ({"sender": {"identifier": {"system": SOR, "value": HERLEV}}}, 403, ""),
    "about nobody": ({"subject": {"display": "Nina"}}, 422, "Communication.subject.reference"),
    "about somebody else": ({"subject": {"reference": "Patient/" + "0" * 32}}, 404, ""),
    "contained": ({"contained": [{"resourceType": "Patient", "id": "p"}]}, 422, "Communication.contained"),
    "an answer to nothing": ({"inResponseTo": [{"reference": "Communication/" + "0" * 32}]}, 404, ""),
    "shape": ({"payload": "text"}, 422, "Communication.payload"),
}  # fmt: skip


def test_what_is_refused_is_told_and_neither_sent_nor_kept(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS, deliver=["regionh-medcom"]) as here:
            await known(here, (CPR, NUMBER))
            patient = await patient_of(here)
            for name, (change, status, where) in REFUSED.items():
                answer = await post(here, message(patient) | change)
                assert answer.status_code == status, (name, answer.text)
                assert where in json.dumps(answer.json()), (name, answer.text)
            assert (await post(here, message(patient), "jobcenter")).status_code in (403, 404)
            nameless = await here.bearer(
                "system/*.cruds",
                "social",
                extensions={"ihe_iua": {"subject_id": "urn:x|1", "purpose_of_use": ["TREAT"]}},
            )
            answer = await here.web.post("/fhir/Communication", headers=nameless | {"Content-Type": JSON},
                                         content=json.dumps(message(patient)).encode())  # fmt: skip
            assert answer.status_code == 403
            assert await outbox(here) == []
            assert await thread(here, "social") == []

    run(test)


NO_RECORDS = """
CREATE FUNCTION full_log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$;
CREATE TRIGGER full_log BEFORE INSERT ON access_record FOR EACH ROW WHEN (new.interaction = 'create')
  EXECUTE FUNCTION full_log();
"""


def test_nothing_goes_out_before_it_is_on_record(database_url: str) -> None:
    """Of a citizen without a case the message is not kept (§ 12 c), so its own record alone tells that it went."""

    async def test() -> None:
        async with http(database_url, *CLIENTS, deliver=["regionh-medcom"]) as here:
            await known(here, (CPR, NUMBER))
            body = message(await patient_of(here), receiver=OTHER_HOSPITAL)
            database = here.gateway.database
            await database.fetchval("UPDATE resource SET withdrawn = true WHERE kind = 'CarePlan'")
            async with database.connection() as connection:
                await connection.execute(NO_RECORDS)
            assert (await post(here, body, "epj")).status_code == 500
            assert await outbox(here) == []
            await database.fetchval("DROP TRIGGER full_log ON access_record")
            assert (await post(here, body, "epj")).status_code == 201
            assert len(await outbox(here)) == 1

    run(test)


def test_a_refused_message_is_on_record_under_its_citizen(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS, deliver=["regionh-medcom"]) as here:
            await known(here, (CPR, NUMBER))
            patient = await patient_of(here)
            assert (
                await post(here, message(patient, inResponseTo=[{"reference": "Communication/none"}]))
            ).status_code == 404
            rows = await here.gateway.database.fetch("SELECT body FROM access_record WHERE interaction = 'create'")
            (record,) = [json.loads(row["body"]) for row in rows]
            assert (record["citizen"], record["decision"]) == (patient, "deny")

    run(test)

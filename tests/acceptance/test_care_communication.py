"""CareCommunication through the real door into a real database: kept, refused, answered again, read by who may."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

from gateway.domain.identifier import CPR, D_ECPR
from gateway.inbound.scopes import Scope
from gateway.translate.fhir import parse, write_json, write_xml
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital
from tests.inbound.one_citizen import FIXTURES, JOBCENTER, NUMBER, SOCIAL, headers
from tests.translate.medcom.letters import PDF, Json, file, letter, part, uuid, written
from tests.translate.medcom.notices import HOSPITAL as HERLEV
from tests.translate.medcom.notices import OTHER_HOSPITAL

EPJ = hospital(
    id="epj",
    scopes=(Scope("*", "rs"), Scope("Bundle", "c")),
    sends=("regionh-medcom", "regionm-medcom", "praksis-medcom", "regionh-somatik-adt"),
)
CLIENTS = (EPJ, SOCIAL, JOBCENTER)
JSON, XML = "application/fhir+json", "application/fhir+xml"


async def known(here: Http, *numbers: tuple[str, str]) -> None:
    """The municipality has a case about each of these citizens."""
    order = (FIXTURES / "kl" / "order.json").read_text("utf-8")
    for at, (system, value) in enumerate(numbers):
        told = order.replace(NUMBER, value)
        for identity in {e["resource"]["id"] for e in json.loads(order)["entry"]} | {json.loads(order)["id"]}:
            told = told.replace(identity, f"{identity[:-1]}{at}")
        raw = json.dumps(json.loads(told)).replace(f'"{CPR}", "value": "{value}"', f'"{system}", "value": "{value}"')
        assert code((await sent(here, raw.encode(), "social", JSON))[1]) == "ok"


async def sent(here: Http, raw: bytes, client: str = "epj", kind: str = "") -> tuple[int, Json]:
    """Through the door: the status, and the answer as JSON."""
    kind = kind or (XML if raw.lstrip()[:1] == b"<" else JSON)
    given = await headers(here, client) | {"Content-Type": kind}
    answer = await here.web.post("/fhir/$process-message", headers=given, content=raw)
    return answer.status_code, parse(answer.content, answer.headers["content-type"])


def code(answer: Json) -> str:
    return str(part(answer, "MessageHeader")["response"]["code"])


async def thread(here: Http, client: str = "epj", number: str = NUMBER, **more: Any) -> list[Json]:
    """The Communications that a reader finds."""
    given = await headers(here, client, **more)
    found = await here.web.post(
        "/fhir/Communication/_search", headers=given, data={"patient.identifier": f"{CPR}|{number}"}
    )
    assert found.status_code == 200, found.text
    return [entry["resource"] for entry in found.json().get("entry", [])]


SAMPLES = {
    "R-A-new": "ok", "R-B-reply": "ok", "R-Tek-B": "ok", "R-Tek-J": "ok", "R-Tek-K": "ok", "R-Tek-L": "ok",
    "R-Tek-O": "fatal-error",
}  # fmt: skip


def test_the_official_examples_in_both_formats(database_url: str, examples: Path) -> None:
    folder = examples / "hospital" / "carecommunication"

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            await known(here, (CPR, "2509479989"), (D_ECPR + ".177", "1206550VK9"))
            for name, expected in SAMPLES.items():
                (path,) = folder.glob(f"Bundle-{name}-*")
                raw = path.read_bytes()
                tree = parse(raw)
                for form in (raw, write_json(tree) if path.suffix == ".xml" else write_xml(tree)):
                    status, answer = await sent(here, form)
                    assert code(answer) == expected, (name, answer)
                    assert status == (200 if expected == "ok" else 422)
                    header = part(tree, "MessageHeader")["id"]
                    assert part(answer, "MessageHeader")["response"]["identifier"] == header
            found = await thread(here, number="2509479989")
            assert len(found) == 4, "K and L are one, O is not shown, B is about another citizen"
            assert {one["status"] for one in found} == {"completed"}
            texts = json.dumps(found)
            assert "To be removed" not in texts
            refused = await here.gateway.database.fetch("SELECT reason FROM message WHERE state = 'quarantined'")
            assert {json.loads(row["reason"])["kind"] for row in refused} == {"MissingField"}

    run(test)


def test_a_thread_whatever_comes_first_and_how_often(database_url: str) -> None:
    question = written(letter("Hvornår?", header=uuid(7), citizen=[{"system": CPR, "value": NUMBER}]))
    answered = letter("I morgen", header=uuid(8), activity="reply-message", answers=(uuid(7), HERLEV), sent=LATER,
                      sender=OTHER_HOSPITAL, receiver=HERLEV, citizen=[{"system": CPR, "value": NUMBER}])  # fmt: skip
    beside = letter("Noget andet", header=uuid(9), thread=2, citizen=[{"system": CPR, "value": NUMBER}])

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            await known(here, (CPR, NUMBER))
            first = await sent(here, written(answered))
            (alone,) = await thread(here)
            assert "inResponseTo" not in alone, "what is answered is not there yet, so nobody is told of it"
            for raw in (question, written(beside), write_xml(answered), question):
                assert code((await sent(here, raw))[1]) == "ok"
            again = await sent(here, written(answered | {"id": "another", "timestamp": "2025-03-11T12:00:00+01:00"}))
            assert again == first, "the same message gets the same answer"
            found = {one["payload"][0]["contentString"]: one for one in await thread(here)}
            assert set(found) == {"Hvornår?", "I morgen", "Noget andet"}
            target = found["I morgen"]["inResponseTo"][0]["reference"]
            assert target == f"Communication/{found['Hvornår?']['id']}"
            assert found["I morgen"]["partOf"] == found["Hvornår?"]["partOf"] != found["Noget andet"]["partOf"]
            plan = await joint(here, found["I morgen"]["subject"]["reference"])
            listed = [one["reference"] for one in plan["supportingInfo"] if "Communication/" in one["reference"]]
            order = [f"Communication/{found[text]['id']}" for text in ("Hvornår?", "I morgen")]
            assert [one for one in listed if one in order] == order

    run(test)


LATER = "2025-03-11T09:00:00+01:00"


async def joint(here: Http, patient: str) -> Json:
    answer = await here.web.get(f"/fhir/{patient}/$joint-plan", headers=await headers(here))
    assert answer.status_code == 200, answer.text
    plan: Json = answer.json()["entry"][0]["resource"]
    return plan


def test_a_circle_of_answers_is_a_thread_like_any_other(database_url: str) -> None:
    citizen = [{"system": CPR, "value": NUMBER}]
    one = letter("A", header=uuid(1), activity="reply-message", answers=(uuid(2), OTHER_HOSPITAL), citizen=citizen)
    two = letter("B", header=uuid(2), activity="reply-message", answers=(uuid(1), HERLEV), sender=OTHER_HOSPITAL,
                 receiver=HERLEV, citizen=citizen)  # fmt: skip

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            await known(here, (CPR, NUMBER))
            for bundle in (one, two):
                assert code((await sent(here, written(bundle)))[1]) == "ok"
            assert len(await thread(here)) == 2
            await joint(here, (await thread(here))[0]["subject"]["reference"])

    run(test)


def test_files_are_read_by_who_may_see_their_message(database_url: str) -> None:
    citizen = [{"system": CPR, "value": NUMBER}]
    large = b"%PDF" + bytes(range(256)) * 8000
    raw = written(
        letter("Se bilag", category="alcohol-and-drug-treatment", files=[file(), file(large)], citizen=citizen)
    )

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            await known(here, (CPR, NUMBER))
            assert code((await sent(here, raw))[1]) == "ok"
            (message,) = await thread(here)
            urls = [p["contentAttachment"]["url"] for p in message["payload"][1:]]
            assert len(json.dumps(message)) < 8000, "no look at a message reads its files"
            allowed = await headers(here)
            answer = await here.web.get(f"/fhir/{urls[0]}", headers=allowed)
            assert (answer.status_code, answer.content) == (200, PDF)
            assert answer.headers["content-type"] == "application/pdf"
            assert answer.headers["content-disposition"] == "attachment"
            assert answer.headers["x-content-type-options"] == "nosniff"
            for form in (JSON, XML):
                as_fhir = await here.web.get(f"/fhir/{urls[1]}", headers=allowed | {"Accept": form})
                binary = parse(as_fhir.content, form)
                assert b64decode(binary["data"]) == large
                assert binary["securityContext"] == {"reference": f"Communication/{message['id']}"}
            assert (await here.web.get(f"/fhir/{urls[1]}", headers=allowed)).content == large
            assert (await here.web.get(f"/fhir/{urls[0]}", headers=allowed | {"Accept": "text/csv"})).status_code == 406
            hidden = await headers(here, "jobcenter", purpose="HOPERAT")
            refused = await here.web.get(f"/fhir/{urls[0]}", headers=hidden)
            nothing = await here.web.get("/fhir/Binary/" + "0" * 32, headers=hidden)
            assert (refused.status_code, nothing.status_code) == (404, 404)
            assert refused.json() == nothing.json()
            assert not await thread(here, "jobcenter", purpose="HOPERAT")
            only = await here.bearer("system/Binary.r system/Patient.rs", "epj")
            assert (await here.web.get(f"/fhir/{urls[0]}", headers=only)).status_code in (403, 404)
            looks = await here.gateway.database.fetchval(
                "SELECT count(*) FROM access_record WHERE convert_from(body, 'UTF8') LIKE '%GET Binary/%'"
            )
            assert looks >= 6, "each look at a file is on record"

    run(test)


def test_of_a_citizen_without_a_case_neither_message_nor_file_is_kept(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            status, answer = await sent(here, written(letter("Hemmeligt", files=[file()])))
            assert (status, code(answer)) == (200, "ok")
            count = "SELECT (SELECT count(*) FROM attachment) + (SELECT count(*) FROM statement)"
            assert await here.gateway.database.fetchval(count) == 0
            assert await here.gateway.database.fetchval("SELECT count(*) FROM message WHERE body IS NOT NULL") == 0

    run(test)


def test_labels_come_from_the_category_and_from_the_words(database_url: str) -> None:
    citizen = [{"system": CPR, "value": NUMBER}]
    letters = {
        "psychiatry": letter("Kort", header=uuid(1), category="psychiatry-social-disability", citizen=citizen),
        "drugs": letter("Kort", header=uuid(2), thread=2, category="alcohol-and-drug-treatment", citizen=citizen),
        "words": letter(
            "Borgeren er i metadonbehandling", header=uuid(3), thread=3, category="discharge", citizen=citizen
        ),
        "plain": letter("Kommer hjem", header=uuid(4), thread=4, category="discharge", citizen=citizen),
    }

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            await known(here, (CPR, NUMBER))
            for bundle in letters.values():
                assert code((await sent(here, written(bundle)))[1]) == "ok"
            found = {one["partOf"][0]["identifier"]["value"][-1]: one for one in await thread(here)}
            labels = {at: {c["code"] for c in one["meta"]["security"]} for at, one in found.items()}
            assert "PSY" in labels["1"]
            assert {"SUD", "ETHUD"} <= labels["2"]
            assert "R" in labels["3"]
            assert not labels["4"] & {"SUD", "ETHUD"}

    run(test)


def test_a_number_used_again_for_other_content_is_refused(database_url: str) -> None:
    citizen = [{"system": CPR, "value": NUMBER}]

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            await known(here, (CPR, NUMBER))
            assert code((await sent(here, written(letter("Et", citizen=citizen))))[1]) == "ok"
            _, answer = await sent(here, written(letter("Andet", citizen=citizen) | {"id": "b2"}))
            assert code(answer) == "fatal-error"
            (kept,) = await thread(here)
            assert kept["payload"][0]["contentString"] == "Et"

    run(test)


def test_a_hostile_text_is_shown_as_text(database_url: str) -> None:
    text = "<script>alert('x')</script>" + "å" * 1_000_000

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            await known(here, (CPR, NUMBER))
            raw = written(letter(text, citizen=[{"system": CPR, "value": NUMBER}]))
            assert code((await sent(here, raw))[1]) == "ok"
            (message,) = await thread(here)
            assert message["payload"][0]["contentString"] == text
            given = await headers(here) | {"Accept": XML}
            shown = await here.web.get(f"/fhir/Communication/{message['id']}", headers=given)
            assert b"<script>" not in shown.content
            assert parse(shown.content, XML)["payload"][0]["contentString"] == text

    run(test)


def test_large_messages_come_one_at_a_time_and_no_larger(database_url: str) -> None:
    citizen = [{"system": CPR, "value": NUMBER}]
    big = b"%PDF" + b"\x01" * 3_000_000
    first, second = (
        written(letter("Se bilag", header=uuid(n), thread=n, files=[file(big)], citizen=citizen)) for n in (1, 2)
    )

    async def test() -> None:
        async with http(database_url, *CLIENTS, message_bytes=100_000, large_message_bytes=4_500_000) as here:
            await known(here, (CPR, NUMBER))
            answers = await asyncio.gather(sent(here, first), sent(here, second))
            assert [code(answer) for _, answer in answers] == ["ok", "ok"]
            assert len(await thread(here)) == 2
            kept = await here.gateway.database.fetchval("SELECT max(length(body)) FROM message")
            assert kept < 100_000, "a file is kept once"
            huge = written(letter(files=[file(big + b"x" * 600_000)], citizen=citizen))
            status, answer = await sent(here, huge)
            assert status == 413
            assert "4500000" in json.dumps(answer)

    run(test)

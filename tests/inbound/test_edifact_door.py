"""EDIFACT over HTTP: each letter received by itself, duplicates told the same, answers in EDIFACT, nothing leaked."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2

from gateway.inbound.scopes import Scope
from gateway.translate.edifact.interchange import interchange
from tests.flows.messages import case
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import hospital
from tests.inbound.test_message_doors import count, send
from tests.inbound.test_real_sockets import serving
from tests.translate.edifact.interchanges import admission, discharge, email, enclosed, receipt
from tests.translate.edifact.test_edifact_receipts import enveloped

DOOR, KIND = "/messages/edifact", "application/edifact"
SENDER = hospital(scopes=(Scope("Bundle", "c"),), sends=("regionh-edifact", "koebenhavn-sag"))
BROKEN = enclosed(admission(), email(), discharge()).replace(b"S07+07", b"S77+07", 1)


def told(body: bytes) -> list[tuple[str, list[str]]]:
    """Of every CONTRL: its version, and the letters it names."""
    return [
        (message.version, [one.said(1) for one in message.segments if one.tag == "UCM"])
        for message in interchange(body).messages
    ]


async def stays(here: Http) -> list[dict[str, object]]:
    rows = await here.gateway.database.fetch("SELECT body FROM resource WHERE kind = 'Encounter'")
    return [json.loads(row["body"]) for row in rows]


def test_every_letter_of_an_interchange_is_received_by_itself(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            assert (await send(here, "/cases/oio", "application/xml", case()))[0] == 200
            status, kind, body = await send(here, DOOR, KIND, BROKEN)
            assert (status, kind) == (200, "application/edifact; charset=iso-8859-1")
            assert told(body) == [("C0230Q", ["BREV1"]), ("C0330Q", ["BREV3"]), ("C0330Q", ["BREV2"])]
            assert b"segment 17 (S77)" in body
            assert b"2512489996" not in body
            assert await count(here, "message", "language = 'edifact' AND state = 'kept'") == 2
            assert await count(here, "message", "language = 'edifact' AND state = 'quarantined'") == 1
            assert [one["status"] for one in await stays(here)] == ["finished"]
            assert await count(here, "resource", "kind = 'Communication'") == 1

            mended = await send(here, DOOR, KIND, enclosed(admission(), email(), discharge()))
            assert mended[0] == 200
            assert told(mended[2]) == [("C0330Q", ["BREV1"]), ("C0330Q", ["BREV3"]), ("C0330Q", ["BREV2"])]
            assert [one["status"] for one in await stays(here)] == ["finished"]

    run(test)


def test_what_came_before_is_told_the_same_and_changes_nothing(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            await send(here, "/cases/oio", "application/xml", case())
            first = await send(here, DOOR, KIND, enclosed(email()))
            rows = await count(here, "message"), await count(here, "statement")
            assert await send(here, DOOR, KIND, enclosed(email())) == first

            other = await send(here, DOOR, KIND, enclosed(email(), reference="ENV2", between=""))
            assert (other[0], told(other[2])) == (200, told(first[2]))
            assert b"UCI+ENV2+" in other[2]
            assert (await count(here, "message"), await count(here, "statement")) == rows

            # The same reference with other content is another message, never dropped
            again = await send(here, DOOR, KIND, enclosed(email(text=["Noget andet"])))
            assert again[0] == 200
            assert await count(here, "message") == rows[0] + 1

    run(test)


def test_other_ways_in_and_out(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            # no municipal case: nothing is kept, and the answer is the same
            status, _, body = await send(here, DOOR, KIND, enclosed(admission(), email()))
            assert (status, told(body)) == (200, [("C0330Q", ["BREV1"]), ("C0330Q", ["BREV3"])])
            assert await count(here, "message", "state = 'not-entitled' AND body IS NULL") == 2
            assert await count(here, "statement") == 0
            # nothing is asked for: nothing is told
            assert await send_empty(here, enclosed(discharge(), asked="0")) == (204, b"")
            # in a VANSEnvelope, answered in one
            status, kind, body = await send(here, DOOR, "application/xml", enveloped(enclosed(admission(), email())))
            assert (status, kind) == (200, "application/xml")
            assert b"VANSEnvelope" in body
            # receipts are never answered
            for version, name, action in (("C0330Q", "CTL03", "7"), ("C0230Q", "CTL02", "4")):
                answer = await send_empty(here, enclosed(receipt(version, name, action)))
                assert answer == (204, b"")
            # a sender that is not registered, garbage, another content type
            stranger = await send(here, DOOR, KIND, enclosed(admission(), sender="5790009999999"))
            assert stranger[0] == 200  # its SOR number is that of a registered hospital
            for garbage in (b"", b"\0\0", b"MSH|", b"UNB+UNOC:3'", b"<xml/>", enclosed(admission())[:-40]):
                status, kind, body = await send(here, DOOR, KIND, garbage)
                assert 400 <= status < 500
                assert kind == "application/edifact; charset=iso-8859-1"
                assert told(body)[0][0] == "C0230Q"
            assert (await send(here, DOOR, "application/json", enclosed(admission())))[0] == 415

    run(test)


async def send_empty(here: Http, content: bytes) -> tuple[int, bytes]:
    headers = {**await here.bearer("system/Bundle.c"), "Content-Type": KIND}
    answer = await here.web.post(DOOR, headers=headers, content=content)
    return answer.status_code, answer.content


def test_a_client_sends_only_as_its_own_source(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, hospital(sends=("regionh-medcom",), scopes=SENDER.scopes)) as here:
            status, _, body = await send(here, DOOR, KIND, enclosed(admission()))
            assert (status, told(body)) == (403, [("C0230Q", ["BREV1"])])
            assert await count(here, "message", "body IS NOT NULL") == 0

    run(test)


def test_a_database_that_is_away_is_told_to_send_again(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, SENDER) as here:
            headers = {**await here.bearer("system/Bundle.c"), "Content-Type": KIND}
            await here.gateway.database.close()
            answer = await here.web.post(DOOR, headers=headers, content=enclosed(admission(), email()))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert told(answer.content) == [("C0230Q", ["BREV1"]), ("C0230Q", ["BREV3"])]
            assert b"send again" in answer.content

    run(test)


def test_on_a_real_socket_who_has_no_token_is_told_in_edifact(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(database_url, tmp_path) as here, httpx2.AsyncClient() as web:
            url = f"{here.url}{DOOR}"
            answer = await web.post(url, headers={"Content-Type": KIND}, content=enclosed(admission()))
            assert (answer.status_code, answer.headers["content-type"]) == (
                401,
                "application/edifact; charset=iso-8859-1",
            )
            assert told(answer.content) == [("C0230Q", [])]
            assert b"2512489996" not in answer.content

    run(test)
